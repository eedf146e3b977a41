"""Hands generated pages and files to MkDocs, by path; an author's own page stands in place of a generated one."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure import StructureItem
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from mkdocs_lurk.config.options import LurkConfig, NavConfig
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.front_end import front_end
from mkdocs_lurk.pages.nav import NavItem
from mkdocs_lurk.pages.site import Site


@dataclass
class Placed:
    """Where the generated pages went.

    Attributes:
        sources: The source address that MkDocs knows each generated page or file by: its own, or the author's page's.
        bodies: Of an author's page, by its source address, the file with the generated part.
    """

    sources: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, Path] = field(default_factory=dict)

    def relative_source(self, page: Page) -> Callable[[str], str]:
        """Make an address for a Markdown link on ``page`` of a generated file's address."""
        folder = posixpath.dirname(page.file.src_uri)
        return lambda uri: posixpath.relpath(self.sources[uri], folder or ".")

    def relative_url(self, page: Page, files: Files) -> Callable[[str], str]:
        """Make an address for HTML on ``page`` of a generated file's address."""

        def address(uri: str) -> str:
            file = files.get_file_from_path(self.sources[uri])
            return get_relative_url(file.url if file else uri, page.url)

        return address


def place(site: Site, files: Files, config: MkDocsConfig, declared: LurkConfig) -> Placed:
    """Add everything generated to ``files``, but for pages that the author wrote.

    Raises:
        ConfigError: A file of the author's has the name of a generated one.
    """
    placed = Placed()
    for generated in site.files:
        own = _written(generated.uri, files) if generated.body else files.get_file_from_path(generated.uri)
        placed.sources[generated.uri] = own.src_uri if own else generated.uri
        if own is None:
            files.append(_file(config, generated.uri, generated.path))
        elif generated.body is None:
            raise ConfigError(f"{own.src_uri} in docs_dir has the name of a generated file; rename or remove it")
        else:
            placed.bodies[own.src_uri] = generated.body
            _settle(own, generated.uri)
            if declared.nav.mode == "inject":
                own.inclusion = InclusionLevel.NOT_IN_NAV  # the section that is added holds it
    for uri, path in front_end():
        files.append(_file(config, uri, path))
    _withhold_cards(files, config, declared)
    return placed


def add_to_navigation(nav: Navigation, site: Site, placed: Placed, files: Files, wanted: NavConfig) -> None:
    """Add a section with the generated pages; those that the author's navigation names stay where they are."""
    there = {page.file.src_uri for page in nav.pages}
    items = list(_items(site.nav.children, placed.sources, files, there))
    if not items:
        return
    section = next((one for one in nav.items if isinstance(one, Section) and one.title == wanted.section), None)
    if section is None:
        section = Section(wanted.section, [])
        nav.items.append(section)
    section.children.extend(items)
    nav.pages[:] = _pages(nav.items)
    for page, before, after in zip(nav.pages, [None, *nav.pages], [*nav.pages[1:], None], strict=False):
        page.previous_page, page.next_page = before, after
    _adopt(section)


def _file(config: MkDocsConfig, uri: str, path: Path) -> File:
    return File.generated(config, uri, abs_src_path=str(path), inclusion=InclusionLevel.NOT_IN_NAV)


def _written(uri: str, files: Files) -> File | None:
    """The author's page for a generated one: ``X/index.md``, ``X/README.md`` or ``X.md``."""
    folder = posixpath.dirname(uri)
    found = (files.get_file_from_path(one) for one in (uri, f"{folder}/README.md", f"{folder}.md"))
    return next((file for file in found if file is not None and file.inclusion is not InclusionLevel.EXCLUDED), None)


def _settle(file: File, uri: str) -> None:
    """Give an author's page the address of the page that it stands for, beside which its data lie."""
    file.dest_uri = f"{posixpath.dirname(uri)}/index.html"
    for name in ("url", "abs_dest_path"):
        file.__dict__.pop(name, None)


def _withhold_cards(files: Files, config: MkDocsConfig, declared: LurkConfig) -> None:
    """A card is shown on its model's page, and needs none of its own."""
    docs = Path(config.docs_dir).resolve()
    for model in declared.models:
        if model.card and model.card.resolve().is_relative_to(docs):
            file = files.get_file_from_path(model.card.resolve().relative_to(docs).as_posix())
            if file is not None:
                file.inclusion = InclusionLevel.EXCLUDED


def _items(
    items: tuple[NavItem, ...], sources: Mapping[str, str], files: Files, there: set[str]
) -> Iterator[StructureItem]:
    for item in items:
        if item.uri is None:
            children = list(_items(item.children, sources, files, there))
            if children:
                yield Section(item.title, children)
        elif sources[item.uri] not in there:
            file = files.get_file_from_path(sources[item.uri])
            if file is not None and file.page is not None:
                yield file.page


def _pages(items: list[StructureItem]) -> list[Page]:
    found: list[Page] = []
    for item in items:
        if isinstance(item, Page):
            found.append(item)
        elif isinstance(item, Section):
            found += _pages(item.children)
    return found


def _adopt(section: Section) -> None:
    for child in section.children:
        child.parent = section
        if isinstance(child, Section):
            _adopt(child)
