"""Projections picture by picture are those of single passes; short numbers only where pictures stay the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from mkdocs_lurk.analysis.gradients.single import project as single
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import LayerError
from mkdocs_lurk.run import devices, projector, windows
from mkdocs_lurk.run.pairs import Pair, all_pairs
from mkdocs_lurk.run.pipeline import open_session
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.projector import Projector
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages import gradients as projecting
from mkdocs_lurk.run.stages import responses as mining
from mkdocs_lurk.run.stages.responses import Findings
from mkdocs_lurk.store import Store

Project = Callable[..., LurkConfig]


def opened(config: LurkConfig) -> Session:
    return open_session(config, config.models[0], Store(config.cache_dir), SilentProgress(), Ranks())[0]


def projected(session: Session, findings: Findings) -> dict[tuple[str, int, str, int], Pair]:
    pairs = all_pairs(session, findings)
    assert {id(pair) for pair in Projector(session).project(pairs)} == {id(pair) for pair in pairs}
    return {(pair.layer, pair.filter, pair.kind, pair.rank): pair for pair in pairs}


def mined(session: Session) -> Findings:
    shards = mining.shards(session)
    session.run_units(mining.STAGE, shards, mining.mine_shard)
    return mining.merge(session, shards)


@pytest.mark.parametrize(("precision", "least"), [("float32", 0.99999), ("bfloat16", 0.999)])
@pytest.mark.parametrize("worth", [0.0, 1.0], ids=["wholes", "parts"])
def test_gradients_are_those_of_single_pictures(
    project: Project, monkeypatch: pytest.MonkeyPatch, precision: str, least: float, worth: float
) -> None:
    monkeypatch.setattr(windows, "_WORTH", worth)
    session = opened(project(precision=precision))
    for pair in projected(session, mined(session)).values():
        x, places = session.pictures.tensor([pair.image]), None if pair.position is None else [pair.position]
        wanted, _ = single(session.probe, x, pair.layer, [pair.filter], "guided", places)
        if "grad_box" in pair.facts:
            top, left, bottom, right = pair.facts["grad_box"]
            outside = wanted.clone()
            outside[:, :, top:bottom, left:right] = 0
            assert not outside.any()
            wanted = wanted[:, :, top:bottom, left:right]
        found = torch.from_numpy(pair.gradient)
        if wanted.any():
            assert torch.cosine_similarity(found.flatten(), wanted.flatten(), 0) > least
            assert found.abs().max() == pytest.approx(float(wanted.abs().max()), rel=2e-2)


@pytest.mark.parametrize(
    ("before", "cut"),
    [("x", True), ("x * torch.linspace(0, 1, x.shape[-1])", False)],
    ids=["the same everywhere", "another at each place"],
)
@pytest.mark.parametrize("dead", [0, 2, 9])
def test_parts_are_used_where_their_gradients_are_those_of_the_whole(
    project: Project, before: str, cut: bool, dead: int
) -> None:
    """Filters whose gradient is 0 tell nothing; where none of the first four tells anything, wholes are used."""
    config = project()
    path = config.root / "net.py"
    path.write_text(path.read_text().replace("self.first(x)", f"self.first({before})"))
    session = opened(config)
    session.network.module.get_submodule("second").weight.data[:dead] = 0
    steps = Projector(session)._steps_of("second")
    assert (steps is not None) == (cut and dead < 4)


def test_short_numbers_are_used_where_they_give_the_same_pictures(project: Project) -> None:
    session = opened(project(precision="bfloat16"))
    way = Projector(session).way
    assert way is not None
    assert (way.probe, way.dtype, way.short) == (session.fast, torch.bfloat16, True)


def test_short_numbers_are_given_up_where_they_do_not(project: Project) -> None:
    session = opened(project(precision="bfloat16"))
    findings = mined(session)
    spoiled = session.fast.copy_to(torch.device("cpu"), torch.bfloat16)
    spoiled.module.get_submodule("first").weight.data.add_(0.5)
    way = Projector(replace(session, fast=spoiled)).way
    assert way is not None
    assert (way.probe, way.dtype, way.short) == (session.probe, torch.float32, True)
    exact = replace(session, fast=session.probe, fast_dtype=torch.float32)
    others = projected(replace(session, fast=spoiled), findings)
    for name, pair in projected(exact, findings).items():
        assert np.array_equal(pair.gradient, others[name].gradient)


def test_networks_that_change_their_way_are_taken_one_by_one(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened(project())
    findings = mined(session)
    wanted = projected(session, findings)

    def lost(*_args: object, **_kwargs: object) -> None:
        raise LayerError("another way")

    monkeypatch.setattr(projector, "replay", lost)
    assert Projector(session).way is None
    for name, pair in projected(session, findings).items():
        assert np.allclose(pair.gradient, wanted[name].gradient, atol=1e-6)
        assert pair.facts == wanted[name].facts


def test_runs_keep_pictures_together(project: Project) -> None:
    session = opened(project())
    findings = mined(session)
    pairs = all_pairs(session, findings)
    runs = projecting._runs(pairs)
    assert [number for run in runs for number in run] == list(range(len(pairs)))
    for before, after in pairwise(runs):
        assert pairs[before[-1]].image != pairs[after[0]].image or len(before) == projecting.PAIRS


@pytest.mark.parametrize(("macs", "has", "dtype"), [
    (1e9, True, torch.bfloat16), (1e9, False, torch.float32), (1e6, True, torch.float32),
])  # fmt: skip
def test_small_networks_stay_in_float32(
    monkeypatch: pytest.MonkeyPatch, macs: float, has: bool, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(devices, "has_bfloat16_matrices", lambda _: has)
    assert devices.choose_fast_dtype("auto", torch.device("cpu"), macs) == dtype
    assert devices.choose_fast_dtype("bfloat16", torch.device("cpu"), macs) == torch.bfloat16
