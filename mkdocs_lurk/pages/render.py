"""Turns what the templates receive into Markdown.

An author overrides a block by a template of the same name in the folder ``lurk`` of the theme's ``custom_dir``, which
extends the original as ``lurk/NAME``: ``overrides/lurk/layer.md.j2`` begins with ``{% extends "lurk/layer.md.j2" %}``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from mkdocs_lurk.errors import ConfigError

_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|])")
_KEPT_LINE = "\x1e"
_TEMPLATES = Path(__file__).parent / "templates"


class Templates:
    """The templates of pages.

    Args:
        overrides: A folder with an author's own templates, or none.
    """

    def __init__(self, overrides: Path | None = None) -> None:
        self.overrides = overrides
        own = [jinja2.FileSystemLoader(overrides)] if overrides else []
        self._environment = jinja2.Environment(
            loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(_TEMPLATES), *own]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
        )
        self._environment.filters.update(plain=plain, cell=cell, spoken=spoken, verbatim=verbatim)

    def body(self, template: str, **received: Any) -> str:
        """Render the part of a page below its title.

        Raises:
            ConfigError: An author's template cannot be rendered.
        """
        own = self.overrides is not None and (self.overrides / template).is_file()
        name = template if own else f"lurk/{template}"
        try:
            text = self._environment.get_template(name).render(received)
        except jinja2.TemplateError as error:
            place = f", line {error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
            raise ConfigError(f"the template {template}{place} cannot be rendered: {error}") from error
        return _BLANK_LINES.sub("\n\n", text).strip().replace(_KEPT_LINE, "\n") + "\n"

    def page(self, title: str, body: str) -> str:
        """Render a whole page: front matter, title and body."""
        return self.body("page.md.j2", title=title, body=body)


def plain(text: str) -> Markup:
    """Text as Markdown that shows just these characters."""
    return Markup(_MARKDOWN.sub(r"\\\1", " ".join(text.split())).replace("&", "&amp;"))  # noqa: S704


def spoken(text: str) -> Markup:
    """A sentence of ours, whose parts between backticks are code: kept as Markdown, but for HTML."""
    return Markup(" ".join(str(escape(text)).replace("&#39;", "'").replace("&#34;", '"').split()))  # noqa: S704


def cell(text: str) -> Markup:
    """Text in a cell of a table; addresses become links."""
    if re.fullmatch(r"https?://[^\s|<>]+", text):
        return Markup(f"<{text}>")  # noqa: S704
    return plain(text)


def verbatim(text: str) -> Markup:
    """An author's Markdown as it stands, blank lines included."""
    return Markup(text.replace("\n", _KEPT_LINE))  # noqa: S704
