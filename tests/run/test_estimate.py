"""The estimate runs, has a figure for every stage, shrinks with what is done, and ends at nothing."""

from __future__ import annotations

from collections.abc import Callable

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.run.estimate import estimate
from mkdocs_lurk.run.pipeline import analyze, open_session
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.stages import gradients as projecting
from mkdocs_lurk.run.stages import responses as mining
from mkdocs_lurk.run.stages import synthesis as synthesising
from mkdocs_lurk.store import ModelReader, Store

Project = Callable[..., LurkConfig]


def test_everything_is_to_do(project: Project) -> None:
    config = project()
    found = estimate(config, config.models[0], Store(config.cache_dir))
    assert len(found.left_s) == 5
    assert all(seconds > 0 for seconds in found.left_s.values())
    assert len(Store(config.cache_dir).keys()) == 0


def test_the_size_is_what_is_stored_then(project: Project) -> None:
    config = project()
    store = Store(config.cache_dir)
    foretold = estimate(config, config.models[0], store).stored_bytes
    units = ModelReader(store, analyze(config, config.models[0], store)).units()
    assert foretold / 2 < sum(store.size(unit) for unit in units) < foretold * 2


def test_a_complete_model_costs_nothing(project: Project) -> None:
    config = project()
    store = Store(config.cache_dir)
    analyze(config, config.models[0], store)
    assert estimate(config, config.models[0], store).total_s == 0


def test_what_is_stored_is_not_to_do(project: Project) -> None:
    config = project()
    store = Store(config.cache_dir)
    session, *_ = open_session(config, config.models[0], store, SilentProgress(), Ranks())
    shards = mining.shards(session)
    session.run_units(mining.STAGE, shards, mining.mine_shard)
    findings = mining.merge(session, shards)
    projections = projecting.Projections(session, findings)
    session.run_units(projecting.STAGE, projections.units, projections.make)
    left = estimate(config, config.models[0], store).left_s
    assert left[mining.STAGE] == left[projecting.STAGE] == 0
    assert left[synthesising.STAGE] > 0


def test_without_synthesis_it_costs_nothing(project: Project) -> None:
    config = project(synthesis=False)
    assert estimate(config, config.models[0], Store(config.cache_dir)).left_s[synthesising.STAGE] == 0
