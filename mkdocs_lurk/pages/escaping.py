r"""Escape all text from outside on its way to a page: names, titles, classes, paths, reasons, metadata.

``escaped`` is safe in every place of a template, since it writes what HTML, Markdown or a plugin could read as an
entity: in Markdown text, headings and cells of tables, in HTML text and in quoted attributes. Templates apply it to
every value that is no ``Markup``, an author's own templates too. Other channels have their own:

- ``title_html`` for the titles of pages and sections, which themes print as HTML;
- ``quoted_yaml`` for front matter;
- ``compact_json`` of ``results_json`` for data, which is ASCII alone.
"""

from __future__ import annotations

import html
import json
import re
from urllib.parse import quote

from markupsafe import Markup

from mkdocs_lurk.text import one_line

_READ_AS_MARKUP = re.compile(
    r"[&<>\"'`*_{}\[\]#|\\~^=+$!@]"
    r"|:(?!(?<=\w:)(?:\s|$))"  # :smile:, https:; a colon that ends a word stays
    r"|\((?=(?:c|p|r|tm)\))"  # signs of some extensions
    r"|(?<![^\s-])-(?=[\s-]|$)|-(?=-)"  # - a list, --, ---
    r"|(?:(?<=^\d)|(?<=^\d\d)|(?<=^\d{3})|(?<=^\d{4}))[.)](?=\s|$)"  # 1. a list
    r"|(?<=www)\.|\.(?=\.\.)",  # www. and ...
    re.IGNORECASE,
)


def escaped(value: object) -> Markup:
    """Return a value so that exactly its characters are shown, wherever in a template it stands."""
    if hasattr(value, "__html__"):
        return Markup(value.__html__())  # noqa: S704 - it says itself that it is markup
    return Markup(_entities(one_line(str(value))))  # noqa: S704


def _entities(text: str) -> str:
    return _READ_AS_MARKUP.sub(lambda match: f"&#{ord(match[0])};", text)


def code(value: object) -> Markup:
    """Return a value as code."""
    return Markup("<code>{}</code>").format(escaped(value))


def spoken(text: object) -> Markup:
    """Return a generated sentence: its parts between backticks are code."""
    if hasattr(text, "__html__"):
        return escaped(text)
    parts = str(text).split("`")
    if len(parts) % 2 == 0:  # a backtick that stands alone is shown
        parts[-2:] = ["`".join(parts[-2:])]
    return Markup("").join(code(part) if place % 2 else _with_blanks(part) for place, part in enumerate(parts))


def _with_blanks(text: str) -> Markup:
    """Escape a part of a sentence, with the blanks at its ends."""
    before, after = text[:1].isspace(), text[-1:].isspace()
    return Markup("{}{}{}").format(" " * before, escaped(text), " " * (after and bool(text.strip())))


def cell(text: str) -> Markup:
    """Escape text for a cell of a table; web addresses become links."""
    if re.fullmatch(r"https?://[^\s|<>]+", text):
        return Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>').format(escaped(text))
    return escaped(text)


def address(text: str) -> Markup:
    """Return a model's name or a layer's address for the target of a Markdown link."""
    return Markup(quote(text, safe=""))  # noqa: S704 - percent signs, letters, digits, '_', '.', '-' and '~'


def title_html(title: str) -> str:
    """Return a title of a page or section as themes expect it: as HTML, also for an attribute."""
    return html.escape(one_line(title))


def quoted_yaml(text: str) -> Markup:
    """Return text as YAML in double quotes."""
    return Markup(json.dumps(text, ensure_ascii=False))  # noqa: S704
