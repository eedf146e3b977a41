"""Report how far a run has come and how long it will still take."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn, Protocol, TextIO

from tqdm import tqdm

from mkdocs_lurk.text import one_line

log = logging.getLogger("mkdocs.plugins.lurk")

_LOG_EVERY_S = 20.0


@dataclass
class StageProgress:
    """How far one stage has come: its cost in multiply-adds, what of that is done, and the time that it took."""

    total: float
    done: float = 0.0
    spent_s: float = 0.0


@dataclass
class RemainingTime:
    """Estimates the time left from the cost of each stage and the speed measured so far.

    A stage that has begun goes on at its own speed; one that has not is taken to run at the speed of all so far.
    """

    stages: dict[str, StageProgress] = field(default_factory=dict)

    def estimate_s(self) -> float | None:
        """Return the seconds left; None before anything was measured."""
        spent = sum(stage.spent_s for stage in self.stages.values())
        done = sum(stage.done for stage in self.stages.values())
        if not done or not spent:
            return None
        left = 0.0
        for stage in self.stages.values():
            seconds_per_cost = stage.spent_s / stage.done if stage.done else spent / done
            left += max(0.0, stage.total - stage.done) * seconds_per_cost
        return left


class Progress(Protocol):
    """What a run reports to."""

    def plan(self, costs: dict[str, float]) -> None:
        """Take up what is left to do: a cost for each stage, in any common unit."""

    def advance(self, stage: str, cost: float, seconds: float) -> None:
        """Count a part of a stage as done; it took so many seconds."""

    def close(self) -> None:
        """End the report."""


class SilentProgress:
    """Reports nothing."""

    def plan(self, costs: dict[str, float]) -> None:
        """Do nothing."""

    def advance(self, stage: str, cost: float, seconds: float) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class ProgressReporter:
    """Draws a bar on a terminal, or logs a line every 20 seconds.

    Args:
        title: What is being analysed.
        stream: Where the bar is drawn if it is a terminal.
        clock: Returns the time in seconds, rising.
    """

    def __init__(self, title: str, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._title = one_line(title)
        self._stream = stream or sys.stderr
        self._clock = clock
        self._remaining = RemainingTime()
        self._bar: tqdm[NoReturn] | None = None
        self._last_line_s = clock()

    def plan(self, costs: dict[str, float]) -> None:
        """Take up what is left to do of each stage; a second call replaces the first."""
        for name, cost in costs.items():
            stage = self._remaining.stages.setdefault(name, StageProgress(0.0))
            stage.total = stage.done + cost
        total = sum(stage.total for stage in self._remaining.stages.values())
        if self._bar is not None:
            self._bar.total = total
        elif total and self._stream.isatty():
            self._bar = tqdm(
                total=total,
                file=self._stream,
                desc=self._title,
                bar_format="{desc}: {percentage:3.0f}% |{bar}| {postfix}",
                leave=False,
            )

    def advance(self, stage: str, cost: float, seconds: float) -> None:
        """Count a part as done and show it."""
        entry = self._remaining.stages.setdefault(stage, StageProgress(cost))
        entry.done += cost
        entry.spent_s += seconds
        text = f"{stage}, {_describe_remaining(self._remaining.estimate_s())}"
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=False)
            self._bar.update(cost)
        elif self._clock() - self._last_line_s >= _LOG_EVERY_S:
            self._last_line_s = self._clock()
            log.info("%s: %.0f %% done; %s", self._title, 100 * self._share(), text)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _share(self) -> float:
        total = sum(stage.total for stage in self._remaining.stages.values())
        done = sum(min(stage.done, stage.total) for stage in self._remaining.stages.values())
        return done / total if total else 1.0


def _describe_remaining(seconds: float | None) -> str:
    return "time left not known yet" if seconds is None else f"about {duration(seconds)} left"


def duration(seconds: float) -> str:
    """Format a time: ``40 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
