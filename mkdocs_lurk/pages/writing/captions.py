"""Captions in the words of an author, which are Markdown: the page's own parser reads them, in their place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from markupsafe import Markup

_STX, _ETX = "\x02", "\x03"
_TOKEN = re.compile(f"{_STX}lurk-caption:(\\d+){_ETX}")


@dataclass
class Captions:
    """Keeps captions aside while templates render what they belong to.

    Attributes:
        are_text: Whether captions are shown as they are: those of a card, whose text is other people's.
    """

    are_text: bool = False
    _texts: list[str] = field(default_factory=list)

    def keep(self, caption: object) -> Markup | str | None:
        """Return what stands for a caption in a template; None for none."""
        if caption is None:
            return None
        if self.are_text:
            return str(caption)
        self._texts.append(" ".join(str(caption).replace(_STX, "").replace(_ETX, "").split()))
        return Markup(f"{_STX}lurk-caption:{len(self._texts) - 1}{_ETX}")  # noqa: S704 - a token of our own

    def split(self, html: str) -> list[str]:
        """Split rendered HTML at its captions: HTML and Markdown take turns, from HTML to HTML."""
        parts = _TOKEN.split(html)
        return [self._texts[int(part)] if place % 2 else part for place, part in enumerate(parts)]
