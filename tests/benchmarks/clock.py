"""CPU time, and ratios of it measured in turns, so that a busy machine disturbs both sides alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass
class Spent:
    """CPU-seconds of a piece of work, all threads of the process included."""

    cpu_s: float = 0.0


@contextmanager
def timed() -> Iterator[Spent]:
    """Measure what is done inside."""
    spent, began = Spent(), time.process_time()
    yield spent
    spent.cpu_s = time.process_time() - began


def cpu_s(work: Work) -> float:
    """CPU-seconds of one call."""
    with timed() as spent:
        work()
    return spent.cpu_s


def in_turns(works: dict[str, Work], rounds: int) -> list[dict[str, float]]:
    """Do every work once a round, in alternating order, after one round that does not count.

    Returns:
        For each round the CPU-seconds of every work.
    """
    names = list(works)
    for work in works.values():
        work()
    found = []
    for number in range(rounds):
        order = names if number % 2 == 0 else names[::-1]
        found.append({name: cpu_s(works[name]) for name in order})
    return found


def ratio(rounds: list[dict[str, float]], over: str, under: str) -> float:
    """The median over the rounds of one work's time over another's."""
    return statistics.median(one[over] / one[under] for one in rounds)
