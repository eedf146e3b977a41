"""The stopwatch goes by CPU time: a busy machine changes no figure, is named, and shortens what is tried."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from mkdocs_lurk.run.stopwatch import Clocks, Stopwatch


@dataclass
class Machine:
    """A machine on which elapsed time is a multiple of CPU time; ``work`` keeps ``threads`` cores busy."""

    slowdown: float = 1.0
    load: float | None = 0.0
    cores: int = 2
    now: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("wall", "process", "thread"), 0.0))

    def work(self, free_s: float, threads: int = 1) -> None:
        self.now["wall"] += free_s * self.slowdown
        self.now["thread"] += free_s
        self.now["process"] += free_s * threads

    def clocks(self) -> Clocks:
        now = self.now
        return Clocks(lambda: now["wall"], lambda: now["process"], lambda: now["thread"], lambda: self.load, self.cores)


@pytest.mark.parametrize("slowdown", [1.0, 10.0])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_busy_machine_changes_no_time(slowdown: float, threads: int) -> None:
    machine = Machine(slowdown)
    assert Stopwatch(1000, machine.clocks()).best_of(lambda: machine.work(2.0, threads)) == pytest.approx(2.0)


def test_the_best_of_several_tries_counts() -> None:
    machine, times = Machine(), iter([5.0, 2.0, 3.0])
    assert Stopwatch(1000, machine.clocks()).best_of(lambda: machine.work(next(times))) == pytest.approx(2.0)


def test_work_in_other_threads_counts() -> None:
    machine = Machine()

    def pool() -> None:
        machine.now["process"] += 4.0
        machine.now["wall"] += 2.0

    watch = Stopwatch(1000, machine.clocks())
    assert watch.best_of(pool) == pytest.approx(2.0)
    assert watch.best_of(pool, in_parallel=False) == pytest.approx(4.0)


def test_on_an_accelerator_elapsed_time_counts() -> None:
    machine = Machine(slowdown=10.0)
    watch = Stopwatch(1000, machine.clocks())
    watch.by_cpu = False
    assert watch.best_of(lambda: machine.work(0.1)) == pytest.approx(1.0)
    assert watch.describe_load() is None


@pytest.mark.parametrize(("limit_s", "tries"), [(5.0, 1), (25.0, 2), (100.0, 3)])
def test_no_try_begins_that_would_end_after_the_limit(limit_s: float, tries: int) -> None:
    machine, made = Machine(slowdown=10.0), list[None]()

    def work() -> None:
        made.append(None)
        machine.work(1.0)

    Stopwatch(limit_s, machine.clocks()).best_of(work)
    assert len(made) == tries


def test_a_share_ends_with_its_block() -> None:
    machine = Machine()
    watch = Stopwatch(20, machine.clocks())
    with watch.share(0.25):
        machine.work(1.0)
        assert watch.left_s == pytest.approx(4.0)
    assert watch.left_s == pytest.approx(19.0)


@pytest.mark.parametrize(
    ("slowdown", "load", "expected"),
    [
        (1.0, 0.3, None),
        (1.0, 5.1, "load 5.1 on 2 cores"),
        (4.0, 0.3, "work takes 4.0 times its CPU time"),
        (4.0, None, "work takes 4.0 times its CPU time"),
        (1.0, None, None),
    ],
)
def test_a_busy_machine_is_named(slowdown: float, load: float | None, expected: str | None) -> None:
    machine = Machine(slowdown, load)
    watch = Stopwatch(1000, machine.clocks())
    watch.best_of(lambda: machine.work(1.0))
    assert watch.describe_load() == expected
