"""Interruptions, other builders, damage and ranks: the results are always the same bytes."""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.run.ranks import process_group
from mkdocs_lurk.run.work import Sizes
from mkdocs_lurk.store.store import Store

Project = Callable[..., LurkConfig]
ATTEMPTS, KILLS = 2, 6
SMALL_UNITS = Sizes(shard_pictures=8, response_batch=4, pairs=6, syntheses=2)
"""Many small units, so that there is much to interrupt."""
fork = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """One thread, so that forking is safe."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def declared(project: Project, count: int = 48, **given: Any) -> LurkConfig:
    """A model with every stage in it, each as short as can be."""
    return project(count=count, filters=2, synthesis={"steps": 1, "filters": 1}, **given)


def run(config: LurkConfig, environment: dict[str, str] | None = None) -> None:
    os.environ.update(environment or {})
    torch.set_num_threads(1)
    with process_group() as ranks:
        analyze(config, config.models[0], Store(config.cache_dir), ranks=ranks, sizes=SMALL_UNITS)


def start(config: LurkConfig, environment: dict[str, str] | None = None) -> Any:
    process = fork.Process(target=run, args=(config, environment), daemon=True)
    process.start()
    return process


def run_and_die(config: LurkConfig, steps: Any, last: int | None) -> None:
    """Analyse, count each opening and renaming of a file of the cache in ``steps``, and be killed at the last."""

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", "os.rename") and str(arguments[0]).startswith(str(config.cache_dir)):
            steps.value += 1
            if steps.value == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    run(config)


def killed_at(config: LurkConfig, last: int | None) -> tuple[int, int]:
    """Run a process that is killed at a step, if it gets there; returns its exit code and its steps."""
    steps = fork.Value("i", 0)
    process = fork.Process(target=run_and_die, args=(config, steps, last), daemon=True)
    process.start()
    process.join()
    return process.exitcode, steps.value


def stored(config: LurkConfig) -> dict[str, bytes]:
    """Every finished unit and pointer of a cache."""
    return {
        path.relative_to(config.cache_dir).as_posix(): path.read_bytes()
        for path in sorted(config.cache_dir.rglob("*.unit"))
    }


def finished(config: LurkConfig) -> dict[str, bytes]:
    process = start(config)
    process.join()
    assert process.exitcode == 0
    return stored(config)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # forking a process that has threads
def test_killed_at_any_step_it_goes_on_and_ends_the_same(project: Project, tmp_path: Path) -> None:
    whole = declared(project, root=tmp_path / "whole")
    code, steps = killed_at(whole, None)
    assert code == 0
    wanted = stored(whole)
    chance, kills = random.Random(0), 0  # noqa: S311 - steps, not secrets
    for attempt in range(ATTEMPTS):
        config = declared(project, root=tmp_path / f"killed-{attempt}")
        before: set[str] = set()
        for _ in range(KILLS):
            code, _ = killed_at(config, chance.randint(1, steps // 2))
            if code == 0:
                break
            assert code == -signal.SIGKILL
            kills += 1
            now = set(stored(config))
            assert before <= now
            before = now
        assert code == 0 or killed_at(config, None)[0] == 0
        assert stored(config) == wanted
    assert kills > ATTEMPTS * KILLS // 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_two_builders_share_one_cache(project: Project, tmp_path: Path) -> None:
    wanted = finished(declared(project, root=tmp_path / "alone"))
    config = declared(project, root=tmp_path / "shared")
    both = [start(config), start(config)]
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert stored(config) == wanted


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_damage_is_noticed_named_and_mended(project: Project, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = declared(project, count=24)
    wanted = finished(config)
    chance = random.Random(1)  # noqa: S311 - places, not secrets
    for name in wanted:
        path = config.cache_dir / name
        data = bytearray(path.read_bytes())
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data if chance.random() < 0.7 else data[: len(data) // 2])
        caplog.clear()
        with caplog.at_level(logging.INFO):
            run(config)
        assert path.name in caplog.text, name
        assert stored(config) == wanted


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("world", [2, 3])
def test_ranks_leave_the_same_bytes(project: Project, tmp_path: Path, world: int) -> None:
    wanted = finished(declared(project, root=tmp_path / "one"))
    config = declared(project, root=tmp_path / "many")
    port = str(free_port())
    common = {"WORLD_SIZE": str(world), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    processes = [start(config, {**common, "RANK": str(rank), "LOCAL_RANK": str(rank)}) for rank in range(world)]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * world
    assert stored(config) == wanted
