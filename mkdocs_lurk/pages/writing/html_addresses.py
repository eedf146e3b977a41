"""Resolve ``lurk:`` addresses in the attributes of finished HTML, where it is known on which page they stand.

Markdown's links in every form, tags of the author's own, entries of the navigation and text that other plugins rendered
all end as attributes: so no form needs a rule of its own, and text inside code is left alone.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Callable

from mkdocs_lurk.pages.writing.raw_elements import RAW_TEXT, VERBATIM

_TAG = re.compile(
    rf"<!--.*?-->|<(?P<raw>{'|'.join(RAW_TEXT)})\b.*?</(?P=raw)\s*>|<[a-zA-Z](?:[^<>\"']|\"[^\"]*\"|'[^']*')*>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"(?P<name>[^\s\"'<>/=]+)(?:\s*=\s*(?P<value>\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))?")
_NAMES = frozenset(("href", "src", "xlink:href", "data-src", "poster"))
_ADDRESS = re.compile(r"lurk(?:-card|-file)?:")
_MAYBE = re.compile(r"lurk(?:-card|-file)?(?::|&#)")


def resolve_addresses(text: str, resolve: Callable[[str, str], str]) -> str:
    """Return HTML in which every address of ours is replaced.

    Args:
        text: The HTML of a page, or a part of it.
        resolve: Turns the name of an attribute, and its address that begins with ``lurk:``, ``lurk-card:`` or
            ``lurk-file:``, into the attribute to write, such as ``href="../models/"``.
    """
    if not _MAYBE.search(text):
        return text

    def attribute(match: re.Match[str]) -> str:
        name, value = match["name"], match["value"]
        if value is None or name.lower() not in _NAMES:
            return match[0]
        address = html.unescape(value.strip("\"'"))
        return resolve(name, address) if _ADDRESS.match(address) else match[0]

    def tag(match: re.Match[str]) -> str:
        if match["raw"] or match[0].startswith("<!") or not _MAYBE.search(match[0]):
            return match[0]
        name = re.match(r"<[^\s/>]+", match[0])
        start = name.end() if name else 0
        resolved = match[0][:start] + _ATTRIBUTE.sub(attribute, match[0][start:])
        return re.sub(r"\s+(?=/?>$)", "", resolved) if resolved != match[0] else resolved

    return _TAG.sub(tag, text)


_RELATIVE = re.compile(r"(?P<name>\b(?:data-src|xlink:href))=\"(?P<path>(?!lurk|[a-z]+:|[/#])[^\"]+)\"")


def pin_addresses(text: str, folder: str) -> str:
    """Return HTML whose pictures and data are named by their addresses under the site, for a page that others copy.

    Plugins that copy pages into another mend links and pictures (``href``, ``src``), but not these attributes.

    Args:
        text: The HTML of a generated page.
        folder: The page's folder under the site.
    """

    def pinned(match: re.Match[str]) -> str:
        uri = posixpath.normpath(posixpath.join(folder, html.unescape(match["path"])))
        return f'{match["name"]}="lurk-file:{html.escape(uri)}"'

    return _RELATIVE.sub(pinned, text)


_VERBATIM = rf"<({'|'.join(VERBATIM)})\b.*?</\1\s*>"
_NO_TEXT = re.compile(rf"<!--.*?-->|{_VERBATIM}|<[^<>]*>", re.DOTALL)
_LEFT = re.compile(r"(?<![\w-])lurk:[\w.~%/#-]+")


def left_in_text(text: str) -> list[str]:
    """Return the addresses that stand in the text of a page's HTML, outside of code: nobody made them links."""
    return _LEFT.findall(_NO_TEXT.sub(" ", text)) if "lurk:" in text else []


_CODE = re.compile(_VERBATIM, re.DOTALL)


def has_marker(text: str) -> bool:
    """Return whether a page's HTML has a marker left, outside of code."""
    return "<!--" in text and re.search(r"<!--\s*lurk\s*-->", _CODE.sub("", text)) is not None
