"""Add the generated pages to MkDocs' navigation."""

from __future__ import annotations

import logging
import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping

from mkdocs.structure import StructureItem
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page
from mkdocs.utils import dirname_to_title

from mkdocs_lurk.pages.escaping import title_html
from mkdocs_lurk.pages.nav import NavItem
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.plugin.files import GeneratedFiles

log = logging.getLogger("mkdocs.plugins.lurk")
_MANY_PAGES = 100


def add_section(nav: Navigation, site: Site, generated: GeneratedFiles, files: Files, name: str) -> None:
    """Add a section with the generated pages to ``nav``; pages that the author's navigation lists stay there.

    The pages are added to a section of that name if there is one, at any depth. Titles are escaped here: themes print
    them as HTML. Previous and next pages are linked anew.
    """
    listed = {page.file.src_uri for page in nav.pages}
    children = list(_structure(site.nav.children, generated.src_uris, files, listed))
    if not children:
        return
    title = title_html(name)
    section = next((item for item in _sections(nav.items) if item.title in (name, title)), None)
    if section is None:
        section = Section(title, [])
        nav.items.append(section)
    section.children.extend(children)
    nav.pages[:] = _pages(nav.items)
    for page, before, after in zip(nav.pages, [None, *nav.pages], [*nav.pages[1:], None], strict=False):
        page.previous_page, page.next_page = before, after
    _set_parents(section)
    if hint := hint_of_many(sum(1 for _ in _pages(children))):
        log.info("%s", hint)


def name_folders(nav: Navigation, site: Site, generated: GeneratedFiles) -> None:
    """Give titles to sections that another plugin made of our folders.

    That of a page alone becomes the page, and that of a model gets the model's title.
    """
    nav.items[:] = _named(nav.items, site, generated)


def _named(items: Iterable[StructureItem], site: Site, generated: GeneratedFiles) -> list[StructureItem]:
    own = {src_uri: uri for uri, src_uri in generated.src_uris.items() if uri.endswith(".md")}
    named: list[StructureItem] = []
    for item in items:
        if not isinstance(item, Section):
            named.append(item)
            continue
        item.children[:] = _named(item.children, site, generated)
        folders = [posixpath.dirname(own[uri]) for uri in _uris(item.children) if uri in own]
        folder = next((one for one in folders if item.title == dirname_to_title(posixpath.basename(one))), None)
        if folder is not None and len(item.children) == 1:
            item.children[0].parent = item.parent
            named.append(item.children[0])
            continue
        if folder is not None:
            model = next((name for name, place in site.folders.items() if place == folder), "")
            item.title = title_html(site.titles.get(model, item.title))
        named.append(item)
    return named


def _uris(items: Iterable[StructureItem]) -> list[str]:
    """Return the source addresses of the pages among some items, without those in sections."""
    return [item.file.src_uri for item in items if isinstance(item, Page)]


def hint_of_many(n_pages: int) -> str:
    """Return what to know of a navigation with this many generated pages; empty where they are few."""
    if n_pages <= _MANY_PAGES:
        return ""
    return (
        f"the navigation lists {n_pages} generated pages, on each page of the site; navigation.prune of Material "
        "keeps pages small, and nav: {mode: none} lists none"
    )


def _structure(
    items: Iterable[NavItem], src_uris: Mapping[str, str], files: Files, listed: Collection[str]
) -> Iterator[StructureItem]:
    """Yield MkDocs' sections and pages for generated ones, without the pages that are listed already."""
    for item in items:
        if item.uri is None:
            children = list(_structure(item.children, src_uris, files, listed))
            if children:
                yield Section(title_html(item.title), children)
        elif src_uris[item.uri] not in listed:
            file = files.get_file_from_path(src_uris[item.uri])
            if file is not None and file.page is not None:
                yield file.page


def _sections(items: Iterable[StructureItem]) -> Iterator[Section]:
    """Yield all sections, an outer one before those inside it."""
    for item in items:
        if isinstance(item, Section):
            yield item
            yield from _sections(item.children)


def _pages(items: Iterable[StructureItem]) -> Iterator[Page]:
    """Yield all pages in reading order."""
    for item in items:
        if isinstance(item, Page):
            yield item
        elif isinstance(item, Section):
            yield from _pages(item.children)


def _set_parents(section: Section) -> None:
    for child in section.children:
        child.parent = section
        if isinstance(child, Section):
            _set_parents(child)
