"""Time work so that other programs on the machine hardly count, within a limit."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_TRIES = 3
_BUSY = 1.5
"""Times as long as on a free machine: from here on the machine is called busy."""
_LEAST_TOLD_S = 0.5
"""Less work than this says nothing about how busy the machine is."""


def _load() -> float | None:
    """Return how many threads wanted to run in the last minute; None where the system does not say."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):  # AttributeError on Windows
        return None


@dataclass(frozen=True)
class Clocks:
    """Where times come from, all in seconds.

    Attributes:
        wall: Time that passes.
        process: CPU time of all threads of this process.
        thread: CPU time of the calling thread.
        load: How many threads wanted to run in the last minute; None if it is not known.
        cores: Processor cores of the machine.
    """

    wall: Callable[[], float] = time.perf_counter
    process: Callable[[], float] = time.process_time
    thread: Callable[[], float] = time.thread_time
    load: Callable[[], float | None] = _load
    cores: int = os.cpu_count() or 1


class Stopwatch:
    """Times work by its CPU time, and knows how much of a limit of elapsed time is left.

    The elapsed time on a free machine is taken to be the CPU time of the calling thread, which has an equal share in
    what PyTorch computes in parallel, or the CPU time of all threads divided by the cores, whichever is longer. Waiting
    for a disk does not count. Where an accelerator computes, CPU time says nothing, and elapsed time is taken.

    Args:
        limit_s: Elapsed time, from now on, after which nothing more should be tried.
        clocks: Where times come from.
    """

    def __init__(self, limit_s: float, clocks: Clocks | None = None) -> None:
        self._clocks = clocks or Clocks()
        self._began = self._clocks.wall()
        self._deadline = self._began + limit_s
        self._load = self._clocks.load()  # before this process adds to it
        self._free_s = self._wall_s = 0.0
        self.by_cpu = True

    @property
    def elapsed_s(self) -> float:
        """Elapsed time since the start."""
        return self._clocks.wall() - self._began

    @property
    def left_s(self) -> float:
        """Elapsed time until the limit, 0 when it has passed."""
        return max(0.0, self._deadline - self._clocks.wall())

    @property
    def slowdown(self) -> float:
        """How many times as long work took as it would on a free machine, 1 or more."""
        return max(1.0, self._wall_s / self._free_s) if self._free_s > 0 else 1.0

    def has_time_for(self, free_s: float) -> bool:
        """Whether work that takes so long on a free machine would end within the limit."""
        return free_s * self.slowdown <= self.left_s

    @contextmanager
    def share(self, of_left: float) -> Iterator[None]:
        """Bring the limit nearer for a while, to a share, 0 to 1, of the time that is left."""
        whole = self._deadline
        self._deadline = self._clocks.wall() + of_left * self.left_s
        try:
            yield
        finally:
            self._deadline = whole

    def best_of(self, work: Callable[[], object], tries: int = _TRIES, in_parallel: bool = True) -> float:
        """Return the least time of several tries; one is always made, others as long as they end within the limit.

        Args:
            work: What is timed; it can be called again.
            tries: How often at most.
            in_parallel: Whether cores share the work; if not, its time is the CPU time of all threads.
        """
        best = self._time(work, in_parallel)
        for _ in range(tries - 1):
            if not self.has_time_for(best):
                break
            best = min(best, self._time(work, in_parallel))
        return best

    def describe_load(self) -> str | None:
        """Say that the machine is busy, and by what that is known; None if it is not."""
        cores = self._clocks.cores
        if self._load is not None and self._load > cores:
            return f"load {self._load:.1f} on {cores} {'core' if cores == 1 else 'cores'}"
        if self.by_cpu and self._free_s >= _LEAST_TOLD_S and self.slowdown > _BUSY:
            return f"work takes {self.slowdown:.1f} times its CPU time"
        return None

    def _time(self, work: Callable[[], object], in_parallel: bool) -> float:
        clocks = self._clocks
        wall, process, thread = clocks.wall(), clocks.process(), clocks.thread()
        work()
        thread, process, wall = clocks.thread() - thread, clocks.process() - process, clocks.wall() - wall
        if not self.by_cpu:
            return wall
        free = max(thread, process / clocks.cores) if in_parallel else process
        self._free_s += free
        self._wall_s += wall
        return free
