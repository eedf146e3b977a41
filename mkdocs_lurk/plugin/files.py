"""Add generated pages and files to MkDocs' files, by path; an author's own page takes the place of a generated one."""

from __future__ import annotations

import logging
import os
import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.utils import get_relative_url

from mkdocs_lurk.addresses import is_plain_path
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import ConfigError, StoreError
from mkdocs_lurk.pages.export_docs import own_names
from mkdocs_lurk.pages.front_end import front_end
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.plugin.languages import Language

log = logging.getLogger("mkdocs.plugins.lurk")


_IN_A_CACHE = re.compile(r"(.*/)?(?:units/[0-9a-f]{2}/[0-9a-f]{40}\.unit|pages/[0-9a-f]{40}/list\.json)")
"""What only a cache holds, and the folder of the cache."""
_OF_A_CACHE = re.compile(r"(?:aliases|locks|pages|units)/.*|files\.json|pictures\.json|dataset-[0-9a-f]+\.json")
"""The files of a cache."""
BY_FOLDERS = frozenset(("awesome-nav", "literate-nav"))
"""Plugins that make the navigation of folders; awesome-nav finds the pages that may be in it by their inclusion."""


@dataclass
class GeneratedFiles:
    """The generated pages and files among MkDocs' own.

    Attributes:
        src_uris: MkDocs' source address of each generated page or file: its own, or that of the author's page that
            takes its place.
        bodies: The file with the generated part of each such author's page, by the page's source address.
        cards: The folder under ``docs_dir`` of each model's card that lies there, by the model's name.
    """

    src_uris: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, Path] = field(default_factory=dict)
    cards: dict[str, str] = field(default_factory=dict)

    def beside_cards(self, url: str, files: Files) -> Callable[[str, str], str]:
        """Return a function from a model's name and an address relative to its card to the address for a page.

        Args:
            url: The page's address under the site.
            files: All files of the site.

        An address that leads to no file is kept, with MkDocs' own kind of warning.
        """

        def address(model: str, relative: str) -> str:
            folder, path = self.cards.get(model), urlsplit(relative).path
            uri = None if folder is None else posixpath.normpath(posixpath.join(folder, unquote(path)))
            file = files.get_file_from_path(uri) if uri else None
            if file is None or file.inclusion is InclusionLevel.EXCLUDED:
                log.warning(
                    "the card of %s links to %s, which is not among the site's files; it stays", model, relative
                )
                return relative
            return get_relative_url(file.url, url)

        return address


def leave_out_caches(files: Files) -> None:
    """Take the files of caches out of ``files``: somebody had one inside ``docs_dir``, or copied it there."""
    published = [file for file in files if file.inclusion is not InclusionLevel.EXCLUDED]
    caches = {match[1] or "" for file in published if (match := _IN_A_CACHE.fullmatch(file.src_uri))}
    for cache in sorted(caches):
        own = [f for f in published if f.src_uri.startswith(cache) and _OF_A_CACHE.fullmatch(f.src_uri[len(cache) :])]
        for file in own:
            files.remove(file)
        log.warning(
            "%s in docs_dir holds a cache of results, with every picture; its %d files are left out of the site; "
            "remove them there",
            cache or "the top",
            len(own),
        )


def add_files(site: Site, files: Files, config: MkDocsConfig, declared: LurkConfig) -> GeneratedFiles:
    """Add every generated page and file to ``files``, except pages that the author wrote.

    An author's page in the place of a generated one gets its address; models' cards lose their own pages.

    Raises:
        ConfigError: A file of the author's has the name of a generated one.
        StoreError: A generated file has an address outside the site.
    """
    generated, language = GeneratedFiles(), Language.of(config)
    listed = set(site.nav.uris()) if "awesome-nav" in config.plugins else set()
    for item in site.files:
        authored = (
            _author_page(language.own_names(own_names(item.uri)), files)
            if item.body
            else files.get_file_from_path(item.uri)
        )
        generated.src_uris[item.uri] = authored.src_uri if authored else item.uri
        if authored is None:
            file = _generated_file(config, item.uri, item.path)
            file.inclusion = InclusionLevel.INCLUDED if item.uri in listed else file.inclusion
            files.append(file)
        elif item.body is None:
            raise ConfigError(f"{authored.src_uri} in docs_dir has the name of a generated file; rename or remove it")
        else:
            generated.bodies[authored.src_uri] = item.body
            if not (config.use_directory_urls and language.is_localised(authored.src_uri)):
                _set_address(authored, item.uri, language)
            if declared.nav.mode == "inject" and not listed:
                authored.inclusion = InclusionLevel.NOT_IN_NAV  # it is listed in the section that is added
    for uri, path in front_end(is_live=site.is_live):
        files.append(_generated_file(config, uri, path))
    generated.cards.update(_exclude_cards(files, config, declared))
    return generated


def _generated_file(config: MkDocsConfig, uri: str, path: Path) -> File:
    """Return MkDocs' file for a generated one.

    Raises:
        StoreError: MkDocs would write it outside ``site_dir``.
    """
    file = File.generated(config, uri, abs_src_path=str(path), inclusion=InclusionLevel.NOT_IN_NAV)
    target = Path(os.path.abspath(file.abs_dest_path))  # noqa: PTH100 - resolve() would follow links
    if not (is_plain_path(uri) and target.is_relative_to(os.path.abspath(config.site_dir))):  # noqa: PTH100
        raise StoreError(f"a generated file would be written to {ascii(uri)[:90]}, outside the site; delete cache_dir")
    return file


def _author_page(names: Iterable[str], files: Files) -> File | None:
    """Return the author's page of the first name that there is; None if there is none."""
    candidates = (files.get_file_from_path(name) for name in names)
    return next((file for file in candidates if file and file.inclusion is not InclusionLevel.EXCLUDED), None)


def _set_address(file: File, uri: str, language: Language) -> None:
    """Give an author's page the address of the page that it replaces, beside which its data lie."""
    code = file.src_uri.split("/")[0]
    folder = f"{code}/" if language.by_folder and code in language.all else ""  # static-i18n moves it from there
    file.dest_uri = f"{folder}{posixpath.dirname(uri)}/index.html"
    for name in ("url", "abs_dest_path"):  # properties that MkDocs caches
        file.__dict__.pop(name, None)


def _exclude_cards(files: Files, config: MkDocsConfig, declared: LurkConfig) -> dict[str, str]:
    """Exclude the models' cards: each is shown on its model's page and needs no page of its own.

    Returns:
        The folder of each card under ``docs_dir``, by the model's name.
    """
    docs, folders = Path(config.docs_dir).resolve(), {}
    for model in declared.models:
        if model.card and model.card.resolve().is_relative_to(docs):
            uri = model.card.resolve().relative_to(docs).as_posix()
            folders[model.name] = posixpath.dirname(uri)
            file = files.get_file_from_path(uri)
            if file is not None:
                file.inclusion = InclusionLevel.EXCLUDED
    return folders
