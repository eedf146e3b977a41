"""What the list of models shows of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mkdocs_lurk.pages.model_page import Fact
from mkdocs_lurk.pages.model_summary import ModelSummary
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture


@dataclass(frozen=True)
class IndexEntry:
    """A model in the list of models, as ``lurk/models.md.j2`` receives it."""

    name: str
    title: str
    facts: list[Fact]
    views: list[SvgPicture]
    missing: str | None


def index_entry(name: str, place: str, title: str, summary: ModelSummary) -> IndexEntry:
    """Return the entry of a model whose pages are in the folder ``place``, relative to the list."""
    pictures = [replace(SvgPicture(**fields), src=f"{place}/{fields['src']}") for fields in summary["views"]]
    return IndexEntry(name, title, [Fact(*fact) for fact in summary["facts"]], pictures, summary["missing"])
