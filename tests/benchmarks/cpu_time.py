"""CPU time, and ratios of it from interleaved rounds, so that other load on the machine affects both sides alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass
class CpuTime:
    """The CPU time of a piece of work, all threads of the process included.

    Attributes:
        seconds: CPU-seconds; set when the work is done.
    """

    seconds: float = 0.0


@contextmanager
def cpu_timer() -> Iterator[CpuTime]:
    """Measure the CPU time of the body of a ``with`` statement."""
    spent, began = CpuTime(), time.process_time()
    yield spent
    spent.seconds = time.process_time() - began


def cpu_seconds(work: Work) -> float:
    """Return the CPU-seconds of one call."""
    with cpu_timer() as spent:
        work()
    return spent.seconds


def interleaved(works: dict[str, Work], rounds: int) -> list[dict[str, float]]:
    """Do every piece of work once per round, in alternating order, after one round of warm-up.

    Returns:
        For each round the CPU-seconds of every piece of work, by name.
    """
    names = list(works)
    for work in works.values():
        work()
    times = []
    for number in range(rounds):
        order = names if number % 2 == 0 else names[::-1]
        times.append({name: cpu_seconds(works[name]) for name in order})
    return times


def median_ratio(rounds: list[dict[str, float]], numerator: str, denominator: str) -> float:
    """Return the median over the rounds of the ratio of two pieces of work's times."""
    return statistics.median(times[numerator] / times[denominator] for times in rounds)
