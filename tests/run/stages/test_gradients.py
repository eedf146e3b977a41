"""The stage stores what the engine computes of every filter's best pictures; bfloat16 only where it gains."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from itertools import pairwise

import pytest
import torch
from PIL import Image

from mkdocs_lurk.analysis.gradients.single import filter_gradients
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.run import devices
from mkdocs_lurk.run.pipeline import open_session
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages import gradients as projecting
from mkdocs_lurk.run.stages import responses as mining
from mkdocs_lurk.run.stages.responses import Findings
from mkdocs_lurk.store import Store

Project = Callable[..., LurkConfig]


def opened(config: LurkConfig) -> Session:
    return open_session(config, config.models[0], Store(config.cache_dir), SilentProgress(), Ranks())[0]


def mined(session: Session) -> Findings:
    shards = mining.shards(session)
    session.run_units(mining.STAGE, shards, mining.mine_shard)
    return mining.merge(session, shards)


@pytest.mark.parametrize(("precision", "least_cosine"), [("float32", 0.99999), ("bfloat16", 0.999)])
def test_gradients_of_ranked_pictures_equal_those_of_single_passes(
    project: Project, precision: str, least_cosine: float
) -> None:
    session = opened(project(precision=precision))
    ranked = projecting.all_ranked_pictures(session, mined(session))
    found = dict(projecting.engine_of(session).compute([picture.request for picture in ranked]))
    assert sorted(found) == list(range(len(ranked)))
    for place, picture in enumerate(ranked):
        x, units = session.pictures.tensor([picture.image]), None if picture.position is None else [picture.position]
        wanted, _ = filter_gradients(session.probe, x, picture.layer, [picture.filter], "guided", units)
        result = found[place]
        if result.grad_box is not None:
            top, left, bottom, right = result.grad_box.as_list()
            wanted = wanted[:, :, top:bottom, left:right]
        gradient = torch.from_numpy(result.gradient)
        if wanted.any():
            assert torch.cosine_similarity(gradient.flatten(), wanted.flatten(), 0) > least_cosine


def test_stored_facts_are_those_of_the_results(project: Project) -> None:
    session = opened(project())
    projections = projecting.Projections(session, mined(session))
    session.run_units(projecting.STAGE, projections.units, projections.make)
    collected = projections.collect(session)
    results = dict(projecting.engine_of(session).compute([picture.request for picture in projections.ranked]))
    for place, picture in enumerate(projections.ranked):
        facts, result = collected[picture.layer][picture.filter][picture.ranking][picture.rank], results[place]
        encoded = session.store.get(facts["unit"]).blob(facts["blob"])
        assert list(Image.open(BytesIO(encoded)).size) == facts["grad_size"] == list(result.gradient.shape[:0:-1])
        if picture.ranking == "avg":
            assert set(facts) == {"grad_size", "unit", "blob"}
        else:
            assert facts["field"] == "exact"
            assert facts["box"] == facts["grad_box"] == result.box.as_list()
            assert facts["field_box"] == result.field_box.as_list()


def test_units_keep_the_requests_of_a_picture_together(project: Project) -> None:
    session = opened(project())
    ranked = projecting.all_ranked_pictures(session, mined(session))
    runs = projecting._runs(ranked)
    assert [place for run in runs for place in run] == list(range(len(ranked)))
    for before, after in pairwise(runs):
        assert ranked[before[-1]].image != ranked[after[0]].image or len(before) == projecting.PAIRS


@pytest.mark.parametrize(("macs", "has", "dtype"), [
    (1e9, True, torch.bfloat16), (1e9, False, torch.float32), (1e6, True, torch.float32),
])  # fmt: skip
def test_small_networks_stay_in_float32(
    monkeypatch: pytest.MonkeyPatch, macs: float, has: bool, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(devices, "has_bfloat16_matrices", lambda _: has)
    assert devices.choose_fast_dtype("auto", torch.device("cpu"), macs) == dtype
    assert devices.choose_fast_dtype("bfloat16", torch.device("cpu"), macs) == torch.bfloat16
