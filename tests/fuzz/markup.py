"""Read pages as a browser would, and say what in them no page of ours has."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

_ADDRESSES = ("href", "src", "srcset", "data-src", "xlink:href", "action", "formaction", "data", "poster", "cite")
_ACTIVE = (
    "script",
    "base",
    "iframe",
    "object",
    "embed",
    "form",
    "input",
    "meta",
    "link",
    "style",
    "svg",
    "math",
    "title",
)


@dataclass
class Found(HTMLParser):
    """The elements of a page.

    Attributes:
        skeleton: Every element with the names of its attributes, in order.
        active: The elements that can run code or change where links lead, with all that they say.
        addresses: What the page links to and loads.
        handlers: Attributes that run code.
    """

    skeleton: list[str] = field(default_factory=list)
    active: Counter[str] = field(default_factory=Counter)
    addresses: list[str] = field(default_factory=list)
    handlers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = sorted(name for name, _ in attrs)
        self.skeleton.append(f"{tag} {' '.join(names)}")
        if tag in _ACTIVE:
            self.active[tag] += 1
        self.handlers += [f"{tag} {name}" for name in names if name.startswith("on")]
        self.addresses += [value or "" for name, value in attrs if name in _ADDRESSES]


@lru_cache(maxsize=64)  # several checks read the same pages
def read_page(text: str) -> Found:
    found = Found()
    found.feed(text)
    found.close()
    return found


def foreign_schemes(addresses: list[str]) -> list[str]:
    """Return the addresses with a scheme that no page has; browsers drop blanks and control characters."""
    bare = [re.sub(r"[\x00-\x20]", "", html.unescape(address)) for address in addresses]
    schemes = [(address, re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", address)) for address in bare]
    return [address for address, match in schemes if match and match[1].lower() not in ("http", "https", "mailto")]


def hosts(addresses: list[str]) -> set[str]:
    """Return the hosts that a page links to or loads from."""
    return {_host(address) for address in addresses} - {""}


def _host(address: str) -> str:
    try:
        return urlsplit(address.strip()).netloc
    except ValueError:
        return address


def pages(site: Path) -> Iterator[Path]:
    yield site / "index.html"
    yield from sorted((site / "models").rglob("*.html"))
