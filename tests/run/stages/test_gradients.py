"""The stage stores what the engine computes of every filter's best pictures; bfloat16 only where it gains."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from itertools import pairwise

import pytest
import torch
from PIL import Image

from mkdocs_lurk.analysis.gradients.engine import GradientEngine
from mkdocs_lurk.analysis.gradients.requests import GradientResult
from mkdocs_lurk.analysis.gradients.single import filter_gradients
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.run import devices
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.pipeline import run_stages
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Session, open_session
from mkdocs_lurk.run.stages.gradients import Gradients, RankedPicture, list_pairs
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.work import Sizes
from mkdocs_lurk.store import Store

Project = Callable[..., LurkConfig]


def opened(config: LurkConfig, sizes: Sizes | None = None) -> tuple[Session, Responses]:
    """A session whose responses were measured."""
    store = Store(config.cache_dir)
    session = open_session(config, config.models[0], store, SilentProgress(), Ranks(), sizes)
    responses = Responses(session)
    run_stages(session.runner, [responses])
    return session, responses


def all_pairs(session: Session, responses: Responses) -> list[RankedPicture]:
    layers = session.layers
    pairs = [
        p
        for layer in layers
        for p in list_pairs(responses.found, session.network.columns, layer, session.filters(layer))
    ]
    return sorted(pairs, key=lambda pair: pair.image)


def computed(session: Session, pairs: list[RankedPicture]) -> dict[int, GradientResult]:
    engine = GradientEngine(session.network, session.config.gradient, session.pictures.tensor, session.limit_batch)
    return dict(engine.compute([pair.request for pair in pairs]))


@pytest.mark.parametrize(("precision", "least_cosine"), [("float32", 0.99999), ("bfloat16", 0.999)])
def test_gradients_of_ranked_pictures_equal_those_of_single_passes(
    project: Project, precision: str, least_cosine: float
) -> None:
    session, responses = opened(project(precision=precision))
    pairs = all_pairs(session, responses)
    results = computed(session, pairs)
    assert sorted(results) == list(range(len(pairs)))
    for place, pair in enumerate(pairs):
        x, units = session.pictures.tensor([pair.image]), None if pair.position is None else [pair.position]
        expected, _ = filter_gradients(session.network.probe, x, pair.layer, [pair.filter], "guided", units)
        result = results[place]
        if result.grad_box is not None:
            top, left, bottom, right = result.grad_box.as_list()
            expected = expected[:, :, top:bottom, left:right]
        if expected.any():
            gradient = torch.from_numpy(result.gradient)
            assert torch.cosine_similarity(gradient.flatten(), expected.flatten(), 0) > least_cosine


def test_records_hold_the_boxes_and_gradients_of_the_results(project: Project) -> None:
    session, responses = opened(project())
    stage = Gradients(session, responses)
    run_stages(session.runner, [stage])
    draft = RecordDraft(session)
    stage.collect(draft)
    pairs = all_pairs(session, responses)
    for place, result in computed(session, pairs).items():
        pair = pairs[place]
        record = draft.filter(pair.layer, pair.filter)
        entry = record["top_avg" if pair.position is None else "top_max"][pair.rank]
        assert entry["image"] == pair.image
        encoded = session.runner.store.get(entry["grad"]["unit"]).blob(entry["grad"]["blob"])
        assert list(Image.open(BytesIO(encoded)).size) == entry["grad"]["size"] == list(result.gradient.shape[:0:-1])
        if pair.position is None:
            assert set(entry) == {"image", "score", "grad"}
        else:
            assert entry["position"] == list(pair.position)
            assert entry["field"] == "exact"
            assert entry["box"] == entry["grad_box"] == result.box.as_list()
            assert entry["field_box"] == result.field_box.as_list()


def test_units_keep_the_pairs_of_a_picture_together(project: Project) -> None:
    session, responses = opened(project(), Sizes(pairs=12))
    pairs = all_pairs(session, responses)
    units = [unit.items for unit in Gradients(session, responses).units]
    assert [place for items in units for place in items] == list(range(len(pairs)))
    assert len(units) > 1
    for before, after in pairwise(units):
        assert pairs[before[-1]].image != pairs[after[0]].image or len(before) == 12


@pytest.mark.parametrize(("macs", "has", "dtype"), [
    (1e9, True, torch.bfloat16), (1e9, False, torch.float32), (1e6, True, torch.float32),
])  # fmt: skip
def test_small_networks_stay_in_float32(
    monkeypatch: pytest.MonkeyPatch, macs: float, has: bool, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(devices, "has_bfloat16_matrices", lambda _: has)
    assert devices.choose_fast_dtype("auto", torch.device("cpu"), macs) == dtype
    assert devices.choose_fast_dtype("bfloat16", torch.device("cpu"), macs) == torch.bfloat16
