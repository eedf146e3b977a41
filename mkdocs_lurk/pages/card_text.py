"""A card's text as safe blocks of a page: rendered first, then sanitised by an allow-list, then written down.

Cards are copied from hubs, so that their text is other people's. Python-Markdown renders it, without ``attr_list``;
``nh3`` keeps what is on the lists below; and what is left becomes blocks of raw HTML in which no character means
anything to Markdown or to other plugins. Headings become Markdown headings, so that they get their anchors and their
place in the page's table of contents. A fence named ``lurk`` stays one, named ``lurk-card``: its captions are text.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from importlib.metadata import version

import markdown
import nh3

from mkdocs_lurk.pages.escaping import escaped
from mkdocs_lurk.pages.markdown import split_at_fences
from mkdocs_lurk.text import visible

VERSIONS = (version("markdown"), version("nh3"))
"""The versions of the libraries that shape a card's text."""

_EXTENSIONS = ("abbr", "def_list", "fenced_code", "footnotes", "sane_lists", "tables")
_BLOCKS = {
    "blockquote", "center", "details", "div", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "table",
    "ul",
}  # fmt: skip
_TAGS = _BLOCKS | {
    "a", "abbr", "b", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del", "dfn", "dt", "em", "figcaption",
    "figure", "i", "img", "ins", "kbd", "li", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub",
    "summary", "sup", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "var", "wbr",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title", "id"},
    "abbr": {"title"},
    "code": {"class"},
    "details": {"open"},
    "div": {"align", "class"},
    "img": {"alt", "src", "title", "width", "height", "align"},
    "li": {"id"},
    "ol": {"start"},
    "p": {"align"},
    "sup": {"id"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan"},
}
_SCHEMES = {"http", "https", "mailto", "lurk"}
_VALUES = {"class": r"language-[\w+#.-]+|footnote", "id": r"fn(ref\d*)?:[\w.-]+"}
EMPTY = frozenset(("br", "col", "hr", "img", "wbr"))
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def card_blocks(text: str, base: str) -> list[str]:
    """Return a card's text as blocks of Markdown, in order.

    Args:
        text: The card's Markdown, without its metadata.
        base: The name of the card's model. A relative address ``plot.png`` becomes ``lurk-card:NAME/plot.png``, which
            is resolved where the page's own address is known.
    """
    fences: dict[str, str] = {}
    parts = []
    for segment in split_at_fences(text):
        if segment.embed is not None:
            token = f"lurk{hashlib.sha256(f'{len(fences)} {text}'.encode('utf-8', 'replace')).hexdigest()}"
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", segment.contents)), default=0))
            fences[token] = f"\n{fence}lurk-card\n{segment.contents.rstrip()}\n{fence}\n"
            parts.append(f"{segment.indent}\n{segment.indent}{token}\n{segment.indent}\n")
        else:
            parts.append(segment.text)
    writer = _BlockWriter(base)
    writer.feed(_sanitised(visible_lines("".join(parts))))
    writer.close()
    tokens = re.compile("|".join(f"<p>{token}</p>|{token}" for token in fences) or r"(?!)")
    return [
        tokens.sub(lambda match: fences[re.sub("</?p>", "", match[0])], block).strip("\n")
        for block in writer.finished()
    ]


def visible_lines(text: str) -> str:
    """Return text with unseen characters written out, but for tabs and the ends of its lines."""
    return "\n".join("\t".join(visible(part) for part in line.split("\t")) for line in re.split(r"\r\n?|\n", text))


def _sanitised(text: str) -> str:
    """Render Markdown, and keep what the lists allow."""
    rendered: str = markdown.markdown(
        text, extensions=_EXTENSIONS, extension_configs={"tables": {"use_align_attribute": True}}
    )
    return nh3.clean(
        rendered,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes=_SCHEMES,
        clean_content_tags={"script", "style", "title", "noscript", "template", "textarea"},
    )


def _allowed(tag: str, name: str, value: str) -> str | None:
    """Return an attribute's value; None if it may not stay."""
    if name in _VALUES:
        return value if re.fullmatch(_VALUES[name], value) else None
    if name == "src" and (scheme := _SCHEME.match(value)) and scheme[0].lower() not in ("http:", "https:"):
        return None
    return value


class _BlockWriter(HTMLParser):
    """Writes sanitised HTML, which is well formed, as blocks of Markdown."""

    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self._base = base
        self._open: list[str] = []
        self._blocks: list[str] = []
        self._parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if not self._open and tag in _BLOCKS:
            self._end_block()
        if not self._is_outermost_heading(tag):
            self._parts.append(f"<{tag}{''.join(self._attribute(name, value or '') for name, value in attrs)}>")
        if tag not in EMPTY:
            self._open.append(tag)
        elif not self._open and tag in _BLOCKS:
            self._end_block()

    def handle_endtag(self, tag: str) -> None:
        if tag in EMPTY:
            return
        self._open.pop()
        if self._is_outermost_heading(tag):
            heading = " ".join("".join(self._parts).split())
            self._parts = [f"{'#' * int(tag[1])} {heading}"] if heading else []
        else:
            self._parts.append(f"</{tag}>")
        if not self._open and tag in _BLOCKS:
            self._end_block(tag)

    def handle_data(self, data: str) -> None:
        kept = "\n".join(_blanks_kept(line) for line in data.split("\n"))
        self._parts.append(kept.replace("\n", "&#10;" if "pre" in self._open else " "))

    def finished(self) -> list[str]:
        """Return all blocks."""
        self._end_block()
        return self._blocks

    def _is_outermost_heading(self, tag: str) -> bool:
        return not self._open and re.fullmatch("h[1-6]", tag) is not None

    def _attribute(self, name: str, value: str) -> str:
        local = not value.startswith(("#", "/")) and not _SCHEME.match(value)
        if name in ("href", "src") and value and local:
            value = f"lurk-card:{self._base}/{value}"
        text = html.escape(value) if name in ("href", "src") else str(escaped(value))
        return f' {name}="{_without_markup(text)}"'

    def _end_block(self, tag: str = "") -> None:
        """Finish a block; what stands outside of any block gets one."""
        text = "".join(self._parts).strip()
        if text:
            self._blocks.append(text if tag or text in ("<hr>",) else f"<div>{text}</div>")
        self._parts = []


def _blanks_kept(line: str) -> str:
    """Escape a line, with all its blanks."""
    return "".join(part if part.isspace() else str(escaped(part)) for part in re.split(r"(\s+)", line))


def _without_markup(address: str) -> str:
    """Write the characters of an address that Markdown or macros would read as entities."""
    return re.sub(r"[\[\](){}`*\\|<>]", lambda match: f"&#{ord(match[0])};", " ".join(address.split()))
