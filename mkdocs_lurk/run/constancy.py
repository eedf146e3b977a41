"""Check while an analysis runs that the network still gives what it gave before."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from mkdocs_lurk.errors import LurkError

_LEAST_RATIO = 100
"""Between two checks at least so many times the time of one goes by: they take a hundredth of an analysis at most."""


class Constancy:
    """Repeats a forward pass from time to time, and drops the results since it last gave the same.

    Args:
        repeat: Repeats the pass; raises a LurkError if it gives something else.
        drop: Removes the result of a key.
    """

    def __init__(self, repeat: Callable[[], None], drop: Callable[[str], None]) -> None:
        self._repeat, self._drop = repeat, drop
        self._since: list[str] = []
        self._ended = perf_counter()
        self._took_s = 0.0

    def computed(self, key: str) -> None:
        """Take note of a result that was stored, and check if it is time to.

        Raises:
            LurkError: The network gives something else.
        """
        self._since.append(key)
        if perf_counter() - self._ended >= _LEAST_RATIO * self._took_s:
            self.check()

    def check(self) -> None:
        """Repeat the pass, if there are results since the last time.

        Raises:
            LurkError: The network gives something else.
        """
        if not self._since:
            return
        began = perf_counter()
        try:
            self._repeat()
        except LurkError:
            for key in self._since:
                self._drop(key)
            raise
        self._since.clear()
        self._ended = perf_counter()
        self._took_s = self._ended - began
