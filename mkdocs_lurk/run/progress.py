"""Tell a person how far a run has come and how long it will still take."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TextIO

from tqdm import tqdm

log = logging.getLogger("mkdocs.plugins.lurk")

_LOG_EVERY_S = 20.0


@dataclass
class Stage:
    """One kind of work: its cost in multiply-adds, what is done, and the time that it took."""

    total: float
    done: float = 0.0
    spent_s: float = 0.0


@dataclass
class Forecast:
    """Estimate the time left from the cost of each stage and the speed measured so far.

    A stage that has begun goes on at its own speed; one that has not is taken to run at the speed of all so far.
    """

    stages: dict[str, Stage] = field(default_factory=dict)

    def left_s(self) -> float | None:
        """Seconds left; None before anything was measured."""
        spent = sum(stage.spent_s for stage in self.stages.values())
        done = sum(stage.done for stage in self.stages.values())
        if not done or not spent:
            return None
        left = 0.0
        for stage in self.stages.values():
            pace = stage.spent_s / stage.done if stage.done else spent / done
            left += max(0.0, stage.total - stage.done) * pace
        return left


class Progress(Protocol):
    """What a run reports to."""

    def plan(self, costs: dict[str, float]) -> None:
        """Say what is to be done: a cost for each stage, in any common unit."""

    def advance(self, stage: str, cost: float, seconds: float) -> None:
        """Say that a part of a stage was done, and how long it took."""

    def close(self) -> None:
        """Say that the run is over."""


class SilentProgress:
    """Report nothing."""

    def plan(self, costs: dict[str, float]) -> None:
        """Do nothing."""

    def advance(self, stage: str, cost: float, seconds: float) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class ProgressReporter:
    """A bar on a terminal, a line now and then in a log.

    Args:
        title: What is being analysed.
        stream: Where the bar is drawn if it is a terminal.
        clock: Seconds, rising.
    """

    def __init__(self, title: str, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._title = title
        self._stream = stream or sys.stderr
        self._clock = clock
        self._forecast = Forecast()
        self._bar: tqdm[Any] | None = None
        self._last_line_s = clock()

    def plan(self, costs: dict[str, float]) -> None:
        """Take up what is still to be done of each stage; said again, it replaces what was said before."""
        for name, cost in costs.items():
            stage = self._forecast.stages.setdefault(name, Stage(0.0))
            stage.total = stage.done + cost
        total = sum(stage.total for stage in self._forecast.stages.values())
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
        entry = self._forecast.stages.setdefault(stage, Stage(cost))
        entry.done += cost
        entry.spent_s += seconds
        text = f"{stage}, {_left(self._forecast.left_s())}"
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=False)
            self._bar.update(cost)
        elif self._clock() - self._last_line_s >= _LOG_EVERY_S:
            self._last_line_s = self._clock()
            log.info("%s: %.0f %% done; %s", self._title, 100 * self._share(), text)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _share(self) -> float:
        total = sum(stage.total for stage in self._forecast.stages.values())
        done = sum(min(stage.done, stage.total) for stage in self._forecast.stages.values())
        return done / total if total else 1.0


def _left(seconds: float | None) -> str:
    return "time left not known yet" if seconds is None else f"about {duration(seconds)} left"


def duration(seconds: float) -> str:
    """Write a time as a person would: ``40 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
