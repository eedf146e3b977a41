"""Warn of pages and templates of an author's that take no effect: they are misspelt, or another takes their place."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from mkdocs.structure.files import Files, InclusionLevel

from mkdocs_lurk.config.options import MODELS_FOLDER
from mkdocs_lurk.pages.export_docs import own_names
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.plugin.files import GeneratedFiles

log = logging.getLogger("mkdocs.plugins.lurk")
_LIKE = 0.75
"""How alike two names are, from 0 to 1, when one may be a slip for the other: ``stam`` for ``stem``."""


def warn_of_misplaced(site: Site, files: Files, generated: GeneratedFiles, templates: Templates) -> None:
    """Warn of what takes no effect, once for each."""
    _warn_of_pages(site, files, generated)
    for name, problem, remedy in templates.problems():
        log.warning("the template %s: %s; %s", name, problem, remedy)


def _warn_of_pages(site: Site, files: Files, generated: GeneratedFiles) -> None:
    """Warn of pages beside generated ones that replace none of them."""
    pages = [item.uri for item in site.files if item.body is not None]
    places = tuple(f"{place}/" for place in (MODELS_FOLDER, *site.folders.values()))
    names = {name: uri for uri in pages for name in own_names(uri)}
    for file in files.documentation_pages():
        taken = generated.src_uris.get(names.get(file.src_uri, ""))
        if taken is not None and taken != file.src_uri:
            log.warning("%s is the page of nothing: %s takes its place; keep one of the two", file.src_uri, taken)
        elif file.src_uri not in names and file.src_uri.startswith(places):
            meant = _meant(file.src_uri, names)
            if meant and _is_authored(file.src_uri, files):
                log.warning(
                    "%s is the page of no model and no layer; did you mean %s?", file.src_uri, " or ".join(meant)
                )


def _meant(uri: str, names: Iterable[str]) -> list[str]:
    """Return the names that differ from an address in one folder or file, and in that by little."""
    parts = uri.split("/")
    meant: dict[str, float] = {}
    for name in names:
        other = name.split("/")
        different = [place for place, part in enumerate(parts) if len(other) == len(parts) and part != other[place]]
        if len(different) == 1:
            written, known = (PurePosixPath(path[different[0]]).stem for path in (parts, other))
            meant[name] = difflib.SequenceMatcher(None, written, known).ratio()
    return [name for name in sorted(meant, key=lambda name: -meant[name]) if meant[name] >= _LIKE][:2]


def _is_authored(uri: str, files: Files) -> bool:
    """Return whether a file lies in the author's folder; others may come from plugins, under any name."""
    file = files.get_file_from_path(uri)
    found = file is not None and file.src_dir is not None and file.inclusion is not InclusionLevel.EXCLUDED
    return found and Path(str(file and file.src_dir), uri).is_file()
