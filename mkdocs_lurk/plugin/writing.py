"""What authors write of ours on MkDocs' pages: rendered while pages are, resolved when they are finished.

Embedded HTML names files by their addresses under the site (``lurk-file:``), and links keep theirs (``lurk:``), until
it is known on which page they are shown: an excerpt of a blog's post is shown on others, too.
"""

from __future__ import annotations

import html
import logging
import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.fences import render_fence
from mkdocs_lurk.pages.markdown import MARKER, Segment, insert_body
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.pages.words import Words
from mkdocs_lurk.pages.writing.captions import Captions
from mkdocs_lurk.pages.writing.extension import LurkExtension
from mkdocs_lurk.pages.writing.faults import Faults, Lines, ShownFigure, Source, lines_of_fence, lines_with
from mkdocs_lurk.pages.writing.figures import show_figure
from mkdocs_lurk.pages.writing.html_addresses import has_marker, left_in_text, pin_addresses, resolve_addresses
from mkdocs_lurk.pages.writing.notebook_cells import render_cells
from mkdocs_lurk.pages.writing.single_pictures import NO_PICTURE, SinglePicture
from mkdocs_lurk.pages.writing.targets import follow
from mkdocs_lurk.plugin.files import GeneratedFiles
from mkdocs_lurk.plugin.languages import Language, pin_data, translate_page
from mkdocs_lurk.plugin.nav_links import resolve_nav

log = logging.getLogger("mkdocs.plugins.lurk")
_FILTER_ANCHOR = re.compile(r"filter-\d+")
_COPYING = frozenset(("print-site", "print-site-plugin", "with-pdf"))
"""Plugins that copy pages into another page."""


class Writing:
    """Renders and resolves what pages hold of ours; ``extension`` is to be among the site's Markdown extensions.

    Args:
        templates: The templates of pages.
        faults: Where faults are told.
    """

    def __init__(self, templates: Templates, faults: Faults) -> None:
        self.extension = LurkExtension(self._embed, self._figure, self._link_text)
        self._templates, self._faults = templates, faults
        self._page: Page | None = None
        self._site: Site
        self._generated: GeneratedFiles
        self._language: Language
        self._words: Words
        self._uris: dict[str, str]
        self._files: Files
        self._cards: dict[str, Path]
        self._config: MkDocsConfig
        self._paths: set[str]
        self._pictures: Path
        self._copied = False

    def begin(
        self, site: Site, generated: GeneratedFiles, files: Files, config: MkDocsConfig, declared: LurkConfig
    ) -> None:
        """Take what this build generated."""
        self._site, self._generated, self._files, self._config = site, generated, files, config
        self._language = Language.of(config)
        self._words = Words.of(self._language.code)
        self._uris = {src_uri: uri for uri, src_uri in generated.src_uris.items()}
        self._cards = {model.name: model.card for model in declared.models if model.card}
        self._pictures = declared.cache_dir / "pages" / "single"
        self._paths = {str(item.path) for item in site.files if item.body is not None}
        if config.nav:
            config.nav = resolve_nav(config.nav, site, generated.src_uris, self._tell_of_nav)

    def is_generated(self, file: File) -> bool:
        """Return whether a page is generated as a whole."""
        return file.abs_src_path in self._paths

    def complete(self, markdown: str, page: Page, files: Files) -> str:
        """Return a page's Markdown with its generated part inserted; the page is being rendered from now on."""
        self._page, self._files = page, files
        path = self._generated.bodies.get(page.file.src_uri) or self._placeholder(page.file.src_uri, markdown)
        self.extension.body = None
        if path is None:
            return markdown
        body = path.read_text("utf-8")
        inserted = insert_body(markdown, body)
        if inserted is None:
            self.extension.body = body
        return markdown if inserted is None else inserted

    def _placeholder(self, uri: str, markdown: str) -> Path | None:
        """Return what stands for the generated part of a page of a model without results; None for other pages."""
        model = self._model_of(uri)
        if model not in self._site.missing or not MARKER.search(markdown):
            return None
        return next(item.body for item in self._site.files if item.uri == self._site.links[model])

    def _model_of(self, uri: str) -> str:
        """Return the name of the model in whose folder a page lies; empty for none."""
        return next((name for name, place in self._site.folders.items() if uri.startswith(f"{place}/")), "")

    def _forget_filters(self, page: Page) -> None:
        """Let MkDocs not miss the filters of a page that has no results yet."""
        is_missing = self._model_of(page.file.dest_uri) in self._site.missing
        for anchors in (page.links_to_anchors or {}).values() if is_missing else ():
            for anchor in [anchor for anchor in anchors if _FILTER_ANCHOR.fullmatch(anchor)]:
                del anchors[anchor]

    def check(self, content: str, page: Page, files: Files) -> str:
        """Return the HTML of a page that was rendered with links and pictures resolved, as other plugins expect them.

        What is wrong is told, and single pictures that the page names are published. What is embedded is resolved
        later, since only MkDocs' own attributes are mended by plugins that copy pages.
        """

        def resolve(name: str, address: str) -> str:
            if name.lower() not in ("href", "src"):
                return f'{name}="{html.escape(address)}"'
            return self._attribute(name, address, page.url, lambda message: self._tell(message, lines_with(address)))

        self._page, self._files = page, files
        self._forget_filters(page)
        if page.file.src_uri.endswith(".ipynb"):
            content = render_cells(content, self._embed, self._figure)
        if not self.is_generated(page.file):
            if page.file.src_uri not in self._generated.bodies and has_marker(content):
                self._tell("<!-- lurk --> has no generated part here; it has in a page of a model or a layer", _markers)
            for address in left_in_text(content):
                self._tell(f"{address} is no link; write [text]({address}), or `code`", lines_with(address))
        own_uri = self._uris.get(page.file.src_uri)
        if own_uri is not None:
            content = self._words.translate_html(content)
            translate_page(page, self._words, is_generated=page.file.src_uri not in self._generated.bodies)
        if self._language.folder and own_uri is not None:
            content = pin_data(content, own_uri, self._language, self._generated.src_uris)
        elif _COPYING.intersection(self._config.plugins):
            content = pin_addresses(content, posixpath.dirname(page.file.dest_uri))
        return resolve_addresses(content, resolve)

    def end_reading(self) -> None:
        """Note that all pages are rendered, and files are about to be copied."""
        self._page, self._copied = None, True

    def finish(self, output: str, url: str, name: str) -> str:
        """Return a finished page with all addresses resolved.

        Args:
            output: Its HTML.
            url: Its address under the site.
            name: What to call it in a warning.
        """
        return resolve_addresses(
            output,
            lambda attribute, address: self._attribute(
                attribute, address, url, lambda message: self._faults.repeat(message, name)
            ),
        )

    def finish_template(self, output: str, name: str) -> str:
        """Return a finished page of no fixed place with all addresses resolved: they start at the site's own path."""
        base = urlsplit(self._config.site_url or "/").path.rstrip("/")

        def resolve(attribute: str, address: str) -> str:
            written = self._attribute(attribute, address, "", lambda message: self._faults.repeat(message, name))
            return written.replace('="', f'="{base}/', 1) if written.startswith(f"{attribute}=") else written

        return resolve_addresses(output, resolve)

    def finish_others(self) -> None:
        """Resolve addresses in pages that other plugins wrote into the site."""
        site_dir = Path(self._config.site_dir)
        for path in site_dir.rglob("*.html"):
            text = path.read_text("utf-8", errors="surrogateescape")
            url = path.relative_to(site_dir).as_posix()
            resolved = self.finish(text, url, url)
            if resolved != text:
                path.write_text(resolved, "utf-8", errors="surrogateescape", newline="")

    def _embed(self, fence: Segment, captions: Captions) -> str:
        try:
            shown = render_fence(fence.contents, self._site, self._templates, _file_address, captions, fence.embed)
        except ConfigError as error:
            return self._faults.box(self._tell(str(error), lines_of_fence(fence.contents)))
        return self._words.translate_html(shown)

    def _figure(self, expression: str) -> ShownFigure | None:
        try:
            return show_figure(expression, self._site)
        except ConfigError as error:
            return self._faults.figure(self._tell(str(error), lines_with(expression)))

    def _link_text(self, address: str) -> str:
        try:
            return follow(address, self._site).text
        except ConfigError:  # it is told when the link is resolved
            return f"lurk:{address}"

    def _attribute(self, name: str, address: str, url: str, tell: Callable[[str], str]) -> str:
        """Return the attribute to write for an address of ours; ``tell`` warns, and returns the line."""
        try:
            resolved = self._resolve(name, address, url)
        except ConfigError as error:
            return self._faults.attributes(tell(str(error)))
        return f'{name}="{html.escape(resolved)}"'

    def _resolve(self, name: str, address: str, url: str) -> str:
        scheme, _, rest = address.partition(":")
        if scheme == "lurk-card":
            return self._generated.beside_cards(url, self._files)(*rest.split("/", 1))
        if scheme == "lurk-file":
            uri, mark, fragment = rest.partition("#")
            return f"{self._relative(uri, url)}{mark}{fragment}"
        link = follow(rest, self._site)
        if link.picture is not None:
            return self._relative(self._published(link.picture), url)
        if link.missing is not None:
            if name.lower() != "href":
                log.info("%s is not shown: %s", address, link.missing)
                return NO_PICTURE
            log.info("%s leads to the model's page: %s", address, link.missing)
        elif name.lower() != "href":
            raise ConfigError(f"{address} is no picture; give one, such as lurk:MODEL/LAYER#12/crop.0")
        return f"{self._relative(link.uri, url)}{'#' if link.fragment else ''}{link.fragment}"

    def _relative(self, uri: str, url: str) -> str:
        file = self._files.get_file_from_path(self._generated.src_uris.get(uri, uri))
        return get_relative_url(file.url if file else uri, url)

    def _published(self, picture: SinglePicture) -> str:
        """Add a single picture to the site's files, unless it is there; returns its address under the site."""
        if self._files.get_file_from_path(picture.uri) is None:
            path = self._pictures / picture.uri
            picture.write(path)
            file = File.generated(
                self._config, picture.uri, abs_src_path=str(path), inclusion=InclusionLevel.NOT_IN_NAV
            )
            self._files.append(file)
            if self._copied:
                file.copy_file()
        return picture.uri

    def _tell(self, message: str, lines: Lines) -> str:
        """Warn of a fault on the page that is being rendered; a text that is rendered later was told of then."""
        if self._page is None:
            return self._faults.repeat(message, "a page")
        return self._faults.report(message, self._page.file.src_uri, self._sources(self._page.file), lines)

    def _tell_of_nav(self, message: str, address: str) -> str:
        path = Path(self._config.config_file_path or "mkdocs.yml")
        text = path.read_text("utf-8-sig", errors="replace") if path.is_file() else ""
        return self._faults.report(message, "nav", [Source(path.name, text)], lines_with(address))

    def _sources(self, file: File) -> list[Source]:
        """Return the texts that a page is made from: the author's own, and the card of its model."""
        sources = []
        model = self._model_of(file.dest_uri)
        if file.abs_src_path and file.abs_src_path not in self._paths:
            sources.append(Source(file.src_uri, Path(file.abs_src_path).read_text("utf-8-sig", errors="replace")))
        if (card := self._cards.get(model)) is not None:
            sources.append(Source(f"the card {card.name}", card.read_text("utf-8-sig", errors="replace")))
        return sources


def _markers(text: str) -> list[int]:
    return [text.count("\n", 0, match.start("comment")) + 1 for match in MARKER.finditer(text)][:1]


def _file_address(uri: str) -> str:
    return f"lurk-file:{uri}"
