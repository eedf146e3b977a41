"""The estimate has a figure for every stage, shrinks with what is stored, and ends at zero."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.run.estimate import RECORDS, estimate
from mkdocs_lurk.run.pipeline import analyze, run_stages
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import open_session
from mkdocs_lurk.run.stages import list_stages
from mkdocs_lurk.run.stages.evaluation import Evaluation
from mkdocs_lurk.run.stages.gradients import Gradients
from mkdocs_lurk.run.stages.labels import Labels
from mkdocs_lurk.run.stages.response_range import Range
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.stages.synthesis import Syntheses
from mkdocs_lurk.run.stages.twin_comparison import TwinComparison
from mkdocs_lurk.run.stopwatch import Clocks
from mkdocs_lurk.store import ModelReader, Store

Project = Callable[..., LurkConfig]


def test_at_first_every_stage_takes_time(project: Project) -> None:
    dear = dict.fromkeys(("tuning", "facets", "circuits", "sanity_checks", "twin", "latency", "live"), True)
    config = project(**dear, effect={"exact": 1})
    store = Store(config.cache_dir)
    found = estimate(config, config.models[0], store)
    session = open_session(config, config.models[0], store, SilentProgress(), Ranks())
    assert list(found.seconds_left) == [*(stage.name for stage in list_stages(session)), RECORDS]
    derived = {Evaluation.name, Labels.name, Range.name, TwinComparison.name}  # from what other stages found
    computed = {name: seconds for name, seconds in found.seconds_left.items() if name not in derived}
    assert all(seconds > 0 for seconds in computed.values()), computed
    assert len(store.keys()) == 0


def test_the_estimated_size_is_about_the_stored_size(project: Project) -> None:
    config = project(tuning=True, facets=True)
    store = Store(config.cache_dir)
    estimated = estimate(config, config.models[0], store).stored_bytes
    units = ModelReader(store, analyze(config, config.models[0], store)).units()
    assert estimated / 2 < sum(store.size(unit) for unit in units) < estimated * 2


def test_a_complete_model_takes_no_time(project: Project) -> None:
    config = project()
    store = Store(config.cache_dir)
    analyze(config, config.models[0], store)
    assert estimate(config, config.models[0], store).total_s == 0


def test_stored_stages_take_no_time(project: Project) -> None:
    config = project()
    store = Store(config.cache_dir)
    session = open_session(config, config.models[0], store, SilentProgress(), Ranks())
    run_stages(session.runner, list_stages(session)[:2])
    left = estimate(config, config.models[0], store).seconds_left
    assert left[Responses.name] == left[Gradients.name] == 0
    assert left[Syntheses.name] > 0


def test_without_synthesis_gradient_ascent_takes_no_time(project: Project) -> None:
    config = project(synthesis=False)
    left = estimate(config, config.models[0], Store(config.cache_dir)).seconds_left
    assert left[Syntheses.name] == 0


def counting(wall_s: float) -> Clocks:
    """Clocks that move on by one step at each look: 1 ms of CPU time, and so much of elapsed time."""
    wall, process, thread = count(), count(), count()
    return Clocks(
        lambda: next(wall) * wall_s, lambda: next(process) * 1e-3, lambda: next(thread) * 1e-3, lambda: 0.0, 1
    )


def test_a_busy_machine_changes_no_estimate(project: Project) -> None:
    config = project()
    free, busy = (
        estimate(config, config.models[0], Store(config.cache_dir), counting(wall_s)) for wall_s in (1e-3, 1e-2)
    )
    assert busy.seconds_left == pytest.approx(free.seconds_left, rel=1e-6)


def test_an_estimate_ends_when_its_time_is_over(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    config, tried = project(), list[str]()
    plain = Syntheses._synthesise
    monkeypatch.setattr(
        Syntheses, "_synthesise", lambda self, layer, *rest: (tried.append(layer), plain(self, layer, *rest))[1]
    )
    found = estimate(config, config.models[0], Store(config.cache_dir), counting(5.0))
    assert not tried
    assert found.seconds_left[Syntheses.name] > 0
    assert found.seconds_left[Gradients.name] >= 0
    estimate(config, config.models[0], Store(config.cache_dir), counting(1e-3))
    assert tried
