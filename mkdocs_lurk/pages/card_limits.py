"""What a page can hold of a card: MkDocs, themes and browsers read it after us, in more than the time of its length."""

from __future__ import annotations

from collections.abc import Sequence
from html.parser import HTMLParser

from mkdocs_lurk.limits import (
    MOST_CARD_BLOCKS,
    MOST_CARD_FENCES,
    MOST_CARD_HEADINGS,
    MOST_CARD_HTML,
    MOST_CARD_NESTING,
    MOST_CARD_ROWS,
)
from mkdocs_lurk.pages.card_text import EMPTY


def excess(blocks: Sequence[str], rows: Sequence[tuple[str, str]]) -> str:
    """Say what of a card is more than a page can hold: ``600 headings where 500``; nothing if all fits.

    Args:
        blocks: Its text, as ``card_blocks`` writes it.
        rows: Its metadata.
    """
    for what, count, most in (
        ("rows of metadata", len(rows), MOST_CARD_ROWS),
        ("fences named lurk", sum("```lurk\n" in block for block in blocks), MOST_CARD_FENCES),
        ("headings", sum(block.startswith("#") for block in blocks), MOST_CARD_HEADINGS),
        ("paragraphs, lists and the like", len(blocks), MOST_CARD_BLOCKS),
        ("characters of HTML", sum(map(len, blocks)), MOST_CARD_HTML),
        ("elements inside each other", max(map(_depth, blocks), default=0), MOST_CARD_NESTING),
    ):
        if count > most:
            return f"{count:,} {what} where {most:,}"
    return ""


class _DepthMeter(HTMLParser):
    """Measures how deep elements lie inside each other in HTML that is well formed."""

    def __init__(self) -> None:
        super().__init__()
        self._now = self.deepest = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._now += tag not in EMPTY
        self.deepest = max(self.deepest, self._now)

    def handle_endtag(self, tag: str) -> None:
        self._now -= 1


def _depth(block: str) -> int:
    meter = _DepthMeter()
    meter.feed(block)
    return meter.deepest
