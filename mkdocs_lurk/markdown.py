"""The Markdown extension for generators that run Python-Markdown's, and no plugins of MkDocs: Zensical.

``mkdocs-lurk export --docs --out FOLDER`` writes the generated pages and the author's own into a folder. This extension
renders what the author's pages hold of ours: embeds, figures, links, and the generated parts that they stand around.
"""

from __future__ import annotations

import functools
import html
import logging
import posixpath
from pathlib import Path
from typing import Any

from markdown import Extension, Markdown
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor

from mkdocs_lurk.build import generate
from mkdocs_lurk.config.options import MODELS_FOLDER
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.export_docs import AuthorDocs, cards_of, replaced
from mkdocs_lurk.pages.fences import render_fence
from mkdocs_lurk.pages.front_end import SCRIPT, STYLE
from mkdocs_lurk.pages.markdown import Segment, insert_body
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.pages.writing.captions import Captions
from mkdocs_lurk.pages.writing.extension import LurkExtension
from mkdocs_lurk.pages.writing.faults import ShownFigure
from mkdocs_lurk.pages.writing.figures import show_figure
from mkdocs_lurk.pages.writing.html_addresses import resolve_addresses
from mkdocs_lurk.pages.writing.single_pictures import NO_PICTURE
from mkdocs_lurk.pages.writing.targets import follow
from mkdocs_lurk.plugin.mkdocs_yml import Declaration, read_mkdocs_yml

log = logging.getLogger("mkdocs.plugins.lurk")
_BEFORE_FENCES, _LAST = 28, -100
"""Priorities: our own fences are 27 among the preprocessors, and nothing changes HTML after the last."""
_CONTEXT = "rendering_context"
"""The preprocessor of Zensical's that knows which page is being rendered."""


class PageExtension(Extension):  # type: ignore[misc]  # Python-Markdown has no types
    """Renders what an author's page holds of ours.

    The option ``config`` is the path of ``mkdocs.yml``, which declares the models.
    """

    def __init__(self, **options: Any) -> None:
        self.config = {"config": ["mkdocs.yml", "The path of mkdocs.yml"]}
        super().__init__(**options)

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        """Add the parts of the extension to a parser, which renders one page."""
        page = _Page(Path(self.getConfig("config")).resolve(), md)
        extension = LurkExtension(page.embed, page.figure, page.link_text)
        extension.extendMarkdown(md)
        md.preprocessors.register(_Bodies(md, page, extension), "lurk-bodies", _BEFORE_FENCES)
        md.postprocessors.register(_Addresses(md, page), "lurk-addresses", _LAST)


def makeExtension(**options: Any) -> PageExtension:  # noqa: N802 - Python-Markdown's name
    """Return the extension, as Python-Markdown asks for it."""
    return PageExtension(**options)


@functools.cache
def _read(path: Path) -> tuple[Declaration, Site, Templates]:
    """Return what ``mkdocs.yml`` declares, its pages and templates; once in a build."""
    declared = read_mkdocs_yml(path)
    site = generate(declared.config, "placeholder", declared.overrides)
    return declared, site, Templates(declared.overrides)


@functools.cache
def _own_pages(path: Path) -> dict[str, tuple[str, Path]]:
    """Return the generated page, and the file with its part, for each page that the author wrote in its place."""
    declared, site, _ = _read(path)
    written = replaced(AuthorDocs(declared.docs, cards_of(declared.config)), site)
    return {
        written[file.uri]: (file.uri, file.body) for file in site.files if file.uri in written and file.body is not None
    }


class _Page:
    """The page that is being rendered; what is wrong on it is a warning, and its place is empty."""

    def __init__(self, path: Path, md: Markdown) -> None:
        self._path, self._md = path, md

    @property
    def _site(self) -> Site:
        return _read(self._path)[1]

    @property
    def uri(self) -> str:
        """Its path under the folder with pages; empty where the generator does not say."""
        return str(getattr(self._context, "path", ""))

    @property
    def _context(self) -> object:
        known = _CONTEXT in self._md.preprocessors
        return getattr(self._md.preprocessors[_CONTEXT], "page", None) if known else None

    def body(self) -> str | None:
        """Return the generated part of the page; None if the author wrote it alone."""
        own = _own_pages(self._path).get(self.uri)
        return None if own is None else own[1].read_text("utf-8")

    def embed(self, fence: Segment, captions: Captions) -> str:
        """Return the HTML of a fence."""
        try:
            templates = _read(self._path)[2]
            return render_fence(fence.contents, self._site, templates, "lurk-file:{}".format, captions, fence.embed)
        except ConfigError as error:
            self._warn(error)
            return ""

    def figure(self, expression: str) -> ShownFigure | None:
        """Return what a code span shows."""
        try:
            return show_figure(expression, self._site)
        except ConfigError as error:
            self._warn(error)
            return None

    def link_text(self, address: str) -> str:
        """Return what to call the target of a link."""
        try:
            return follow(address, self._site).text
        except ConfigError:  # it is told when the link is resolved
            return f"lurk:{address}"

    def attribute(self, name: str, address: str) -> str:
        """Return the attribute to write for an address of ours."""
        try:
            return f'{name}="{html.escape(self._resolved(name, address))}"'
        except ConfigError as error:
            self._warn(error)
            return ""

    def relative(self, uri: str, name: str) -> str:
        """Return the address of a page or file, as an attribute of this page has to have it.

        Generators take ``href`` and ``src`` for addresses relative to the page's source, as links in Markdown are, and
        mend them. Other attributes they leave: the page is shown in a folder of its own.
        """
        if name in ("href", "src"):
            own = {generated: written for written, (generated, _) in _own_pages(self._path).items()}
            return posixpath.relpath(own.get(uri, uri), posixpath.dirname(self.uri) or ".")
        stem = self.uri.removesuffix(".md")
        folder = posixpath.dirname(stem) if posixpath.basename(stem) in ("index", "README") else stem
        return posixpath.relpath(uri, folder or ".")

    def _resolved(self, name: str, address: str) -> str:
        scheme, _, rest = address.partition(":")
        if scheme == "lurk-card":
            model, _, path = rest.partition("/")
            return self.relative(posixpath.normpath(posixpath.join(self._card_folder(model), path)), name)
        if scheme == "lurk-file":
            uri, mark, fragment = rest.partition("#")
            return f"{self.relative(uri, name)}{mark}{fragment}"
        link = follow(rest, self._site)
        if link.picture is not None:
            return self.relative(link.picture.uri, name)
        if link.missing is not None and name != "href":
            return NO_PICTURE
        return f"{self.relative(link.uri, name)}{'#' if link.fragment else ''}{link.fragment}"

    def _card_folder(self, model: str) -> str:
        declared = _read(self._path)[0]
        card = next((one.card for one in declared.config.models if one.name == model and one.card), None)
        if card is None or not card.resolve().is_relative_to(declared.docs.resolve()):
            return MODELS_FOLDER
        return card.resolve().relative_to(declared.docs.resolve()).parent.as_posix()

    def _warn(self, error: ConfigError) -> None:
        log.log(logging.WARNING, "%s: %s", self.uri or "a page", error)


class _Bodies(Preprocessor):  # type: ignore[misc]  # Python-Markdown has no types
    """Inserts the generated part into a page that the author wrote around it."""

    def __init__(self, md: Markdown, page: _Page, extension: LurkExtension) -> None:
        super().__init__(md)
        self._page, self._extension = page, extension

    def run(self, lines: list[str]) -> list[str]:
        body = self._page.body()
        if body is None:
            return lines
        inserted = insert_body("\n".join(lines), body)
        if inserted is None:
            self._extension.body = body
            return lines
        return inserted.split("\n")


class _Addresses(Postprocessor):  # type: ignore[misc]  # Python-Markdown has no types
    """Resolves addresses of ours, and loads the front end where something of ours is shown."""

    def __init__(self, md: Markdown, page: _Page) -> None:
        super().__init__(md)
        self._page = page

    def run(self, text: str) -> str:
        resolved = resolve_addresses(text, self._page.attribute)
        if 'class="lurk' not in text or SCRIPT in text:
            return resolved
        style, script = (html.escape(self._page.relative(uri, "href")) for uri in (STYLE, SCRIPT))
        return f'{resolved}\n<link rel="stylesheet" href="{style}"><script src="{script}" defer></script>'
