"""The number format of projections: short only where the pictures stay the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.config import LurkConfig
from mkdocs_lurk.run import devices
from mkdocs_lurk.run.distributed import Ranks
from mkdocs_lurk.run.pipeline import open_session
from mkdocs_lurk.run.progress import Quiet
from mkdocs_lurk.run.projecting import Pair, trusted
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.store import Store

Project = Callable[..., LurkConfig]


def opened(config: LurkConfig) -> Session:
    return open_session(config, config.models[0], Store(config.cache_dir), Quiet(), Ranks())[0]


def test_short_numbers_are_used_where_they_give_the_same_pictures(project: Project) -> None:
    session = opened(project(precision="bfloat16"))
    pairs = [Pair(index, 0, index, 0.0) for index in range(5)]
    through = trusted(session, "first", pairs)
    assert (through.probe, through.dtype) == (session.fast, torch.bfloat16)


def test_short_numbers_are_given_up_where_they_do_not(project: Project) -> None:
    session = opened(project(precision="bfloat16"))
    spoiled: Probe = session.fast.copy_to(torch.device("cpu"), torch.bfloat16)
    spoiled.module.get_submodule("first").weight.data.add_(0.2)
    through = trusted(replace(session, fast=spoiled), "second", [Pair(1, 0, 3, 0.0)])
    assert (through.probe, through.dtype) == (session.probe, torch.float32)


@pytest.mark.parametrize(("macs", "has", "dtype"), [
    (1e9, True, torch.bfloat16), (1e9, False, torch.float32), (1e6, True, torch.float32),
])  # fmt: skip
def test_small_networks_stay_in_float32(
    monkeypatch: pytest.MonkeyPatch, macs: float, has: bool, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(devices, "has_bfloat16_matrices", lambda _: has)
    assert devices.choose_fast_dtype("auto", torch.device("cpu"), macs) == dtype
    assert devices.choose_fast_dtype("bfloat16", torch.device("cpu"), macs) == torch.bfloat16
