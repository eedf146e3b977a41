"""Model cards: Markdown that opens with Hugging Face's YAML metadata, which becomes a tidy table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.markdown import pieces

_FRONT = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?\r?\n)?(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"\A\s*#[ \t]+[^\n]*(?:\n|\Z)|\A\s*[^\n]+\n=+[ \t]*(?:\n|\Z)")
_HEADING = re.compile(r"^#{1,6}[ \t]|^[^\s][^\n]*\n(?:=+|-+)[ \t]*$", re.MULTILINE)
_LABELS = {
    "base_model": "Made from",
    "datasets": "Data",
    "language": "Language",
    "library_name": "Library",
    "license": "Licence",
    "license_name": "Name of the licence",
    "license_link": "Text of the licence",
    "metrics": "Measured by",
    "pipeline_tag": "Task",
    "tags": "Tags",
}
_NOT_SHOWN = {"thumbnail", "widget", "inference", "title"}


@dataclass(frozen=True)
class Card:
    """A card without its title, which the page has already.

    Attributes:
        lead: What stands before the first heading: it opens the page.
        rest: The sections, for those who read on.
        rows: The metadata, as label and value.
    """

    lead: str
    rest: str
    rows: tuple[tuple[str, str], ...]


def read_card(text: str, path: Path) -> Card:
    """Split a card into its words and the rows of its metadata.

    Args:
        text: The card.
        path: Its file, for messages.

    Raises:
        ConfigError: The metadata is no YAML mapping.
    """
    metadata, body = split_front_matter(text, path)
    lead, rest = _split(_TITLE.sub("", body.replace("\r\n", "\n"), count=1))
    return Card(lead.strip(), rest.strip(), tuple(_rows(metadata)))


def split_front_matter(text: str, path: Path) -> tuple[dict[str, Any], str]:
    """Split Markdown into its YAML front matter and the rest.

    Raises:
        ConfigError: The front matter is no YAML mapping.
    """
    match = _FRONT.match(text)
    if match is None:
        return {}, text
    try:
        metadata = yaml.safe_load(match[1] or "") or {}
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        line = f", line {place.line + 2}" if place else ""
        raise ConfigError(f"{path}{line}: the metadata is no YAML: {getattr(error, 'problem', error)}") from error
    if not isinstance(metadata, dict):
        raise ConfigError(f"{path}: the metadata is no mapping; write lines of 'key: value' between the '---'")
    return metadata, text[match.end() :]


def _split(body: str) -> tuple[str, str]:
    """Split at the first heading outside of code."""
    at = 0
    for piece in pieces(body):
        found = _HEADING.search(piece.text) if piece.info is None else None
        if found:
            return body[: at + found.start()], body[at + found.start() :]
        at += len(piece.text)
    return body, ""


def _rows(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in metadata.items():
        if key in _NOT_SHOWN or value is None or value == [] or value == "":
            continue
        if key == "model-index":
            yield from _measured(value)
        else:
            yield _LABELS.get(str(key), str(key).replace("_", " ").replace("-", " ").capitalize()), _words(value)


def _measured(index: Any) -> Iterator[tuple[str, str]]:
    """Hugging Face's ``model-index``: what was measured on which data."""
    for model in index if isinstance(index, list) else []:
        for result in model.get("results", []) if isinstance(model, dict) else []:
            data = result.get("dataset", {}).get("name", "") if isinstance(result, dict) else ""
            for metric in result.get("metrics", []) if isinstance(result, dict) else []:
                name = str(metric.get("name") or metric.get("type") or "score")
                yield f"{name[:1].upper()}{name[1:]}" + (f" on {data}" if data else ""), _words(metric.get("value"))


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_words(item) for item in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_words(item)}" for key, item in value.items())
    return str(value)
