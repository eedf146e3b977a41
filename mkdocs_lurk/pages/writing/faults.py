"""What is wrong in an author's text: each fault is told once, with the page, the line and the near match."""

from __future__ import annotations

import html
import logging
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mkdocs_lurk.pages.markdown import split_at_fences

log = logging.getLogger("mkdocs.plugins.lurk")


@dataclass(frozen=True)
class Source:
    """A text that a page is made from.

    Attributes:
        name: What the author calls it: its path under ``docs_dir``, or the card of a model.
        text: All of it, front matter included.
    """

    name: str
    text: str


Lines = Callable[[str], Sequence[int]]
"""Returns the numbers of the lines of a text where something stands, from 1 on."""


def lines_with(words: str) -> Lines:
    """Return a search for the lines in which an address or an expression stands; a line counts as often as it does."""
    whole = re.compile(rf"(?<![\w/.#-]){re.escape(words)}(?=[\s)>\"'\]`}}]|$)")
    return lambda text: [number for number, line in enumerate(text.splitlines(), 1) for _ in whole.finditer(line)]


def lines_of_fence(contents: str) -> Lines:
    """Return a search for the lines that open a ``lurk`` fence with these contents."""

    def search(text: str) -> list[int]:
        found, line = [], 1
        for segment in split_at_fences(text):
            if segment.embed is not None and segment.contents.split() == contents.split():
                found.append(line)
            line += segment.text.count("\n")
        return found

    return search


@dataclass(frozen=True)
class ShownFigure:
    """A figure inside a line: its text, and the attributes of the element around it."""

    text: str
    attributes: Mapping[str, str]


class Faults:
    """Warns of faults; the build goes on, so that all are told at once, and ``--strict`` fails.

    Args:
        shown: Whether pages show faults, too: a preview does, for its author, and a published site never.
    """

    def __init__(self, *, shown: bool = False) -> None:
        self._shown = shown
        self._told: dict[str, str] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    def report(self, message: str, page: str, sources: Sequence[Source], lines: Lines) -> str:
        """Warn of a fault where it was found: on a page whose text was just rendered.

        Args:
            message: What is wrong, and what to do.
            page: The page, to be named where none of its texts holds the place.
            sources: The texts that the page is made from.
            lines: Finds the places in a text.

        Returns:
            The line that was logged.
        """
        places = [f"{source.name}, line {line}" for source in sources for line in lines(source.text)]
        seen = self._counts[page, message]
        self._counts[page, message] += 1
        told = f"{places[min(seen, len(places) - 1)] if places else page}: {message}"
        if told not in self._told.values():
            log.log(logging.WARNING, "%s", told)
        self._told[f"{message} {seen}" if message in self._told else message] = told
        return told

    def repeat(self, message: str, page: str) -> str:
        """Warn of a fault on a finished page, unless it was told where it was written."""
        if message not in self._told:
            self._told[message] = f"{page}: {message}"
            log.log(logging.WARNING, "%s", self._told[message])
        return self._told[message]

    def box(self, told: str) -> str:
        """Return what stands in the place of a faulty block: a box for the author, and nothing in a published site."""
        return f'<div class="lurk-fault" role="alert">{html.escape(told)}</div>' if self._shown else ""

    def figure(self, told: str) -> ShownFigure:
        """Return what stands in the place of a faulty figure inside a line."""
        return ShownFigure("?", {"class": "lurk-fault", "title": told} if self._shown else {})

    def attributes(self, told: str) -> str:
        """Return the attributes that a link or a picture has in place of a faulty address."""
        return f'class="lurk-fault" title="{html.escape(told)}"' if self._shown else ""
