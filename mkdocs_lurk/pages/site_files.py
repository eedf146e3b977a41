"""The files of a site by their addresses, and what links to them can be called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mkdocs_lurk.config.options import MODELS_FOLDER
from mkdocs_lurk.pages.comparison_folder import ComparisonSummary
from mkdocs_lurk.pages.link_previews import PREVIEW_SUFFIX
from mkdocs_lurk.pages.model_summary import BODY_SUFFIX, ModelSummary
from mkdocs_lurk.pages.page_cache import CachedFolder


@dataclass(frozen=True)
class SiteFile:
    """A file of the site.

    Attributes:
        uri: Its address under the site; a page's ends in ``.md``.
        path: Its path on disk.
        body: For a page, the file with its part below the title; None for other files.
        title: For a page, its title.
    """

    uri: str
    path: Path
    body: Path | None = None
    title: str = ""


def site_files(
    folder: CachedFolder[ModelSummary] | CachedFolder[ComparisonSummary] | CachedFolder[Mapping[str, object]],
    address: str,
    titles: Mapping[str, str],
) -> list[SiteFile]:
    """List the files of a folder whose address under the site is ``address``; ``titles`` are those of its pages."""
    files = []
    for name in folder.files:
        path = folder.root / name
        if name.endswith(".md"):
            files.append(SiteFile(f"{address}/{name}", path, path.with_suffix(BODY_SUFFIX), titles[name]))
        elif not name.endswith((BODY_SUFFIX, PREVIEW_SUFFIX)):
            files.append(SiteFile(f"{address}/{name}", path))
    return files


def link_targets(
    files: Sequence[SiteFile], layers: Mapping[str, Mapping[str, str]], places: Mapping[str, str]
) -> dict[str, str]:
    """Return the address of each target that a link can name, as ``Site.links`` holds them."""
    links: dict[str, str] = {}
    for file in files:
        target = _target(file.uri, places)
        if file.body is not None:
            links[target.removesuffix("index.md").rstrip("/")] = file.uri
        elif target.endswith("results.json"):
            links[target] = file.uri
    for model, addresses in layers.items():
        for layer, address in addresses.items():
            links.setdefault(f"{model}/{layer}", f"{places[model]}/{address}/index.md")
    return links


def _target(uri: str, places: Mapping[str, str]) -> str:
    """Return a file's address with the model's name in place of the folder of its pages."""
    for model, place in places.items():
        if uri.startswith(f"{place}/"):
            return f"{model}/{uri.removeprefix(f'{place}/')}"
    return uri.removeprefix(f"{MODELS_FOLDER}/")
