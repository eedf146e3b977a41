"""Tuning of a declared network: against whole maps, whatever the shards; stored; refused where it says nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mkdocs_lurk.analysis.tuning import PictureChanges, middle
from mkdocs_lurk.records.response_records import CHANGES
from mkdocs_lurk.run.stages.tuning import Tuning
from mkdocs_lurk.run.work import Sizes, UnitResult, WorkUnit
from tests.run.analyses import Project, analysed
from tests.run.networks import input_tensors, layer_outputs

PLAIN = {"synthesis": False, "filters": [1, 4], "range": False, "tuning": True}


def test_the_shares_are_those_of_the_strongest_pictures_whatever_the_shards(project: Project) -> None:
    config = project(**PLAIN)
    reader = analysed(config, Sizes(shard_pictures=3, response_batch=2))
    x = input_tensors(config.root / "pictures")
    changes = PictureChanges((0.5,) * 3, (0.25,) * 3, seed=0)
    before, after = layer_outputs(x), {change: layer_outputs(changes.apply(x, change)) for change in CHANGES}
    for layer in ("first", "second"):
        for record in reader.layer(layer)["filters"]:
            index, tuning = record["index"], record["tuning"]
            maxima = before[layer][:, index].amax((1, 2))
            strongest = maxima.argsort(descending=True, stable=True)[:5]  # a quarter of 20
            assert tuning["n"] == 5
            for change in CHANGES:
                own = after[change][layer][strongest, index].amax((1, 2)).clamp_min(0)
                was = middle(before[layer])[strongest, index].amax((1, 2)) if change == "double" else maxima[strongest]
                share = float(own.sum() / was.clamp_min(0).sum())
                assert tuning["kept"][change] == pytest.approx(share, rel=1e-3)
            assert tuning["depends"]["colour"] == pytest.approx(max(0, 1 - tuning["kept"]["grey"]), abs=1e-3)


def test_what_is_stored_is_not_computed_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []
    compute = Tuning.compute

    def counting(self: Tuning, unit: WorkUnit) -> UnitResult:
        computed.append(len(unit.items))
        return compute(self, unit)

    monkeypatch.setattr(Tuning, "compute", counting)
    config = project(**PLAIN)
    sizes = Sizes(shard_pictures=8)
    analysed(config, sizes)
    first = list(computed)
    assert max(first) <= 8
    analysed(replace(config, models=(replace(config.models[0], labels=False),)), sizes)  # a new record, of stored units
    assert computed == first


def test_of_many_pictures_a_spaced_sample_is_changed(project: Project) -> None:
    reader = analysed(project(count=30, **PLAIN), Sizes(tuning_pictures=10))
    assert all(record["tuning"]["n"] == 3 for record in reader.layer("first")["filters"])


def test_it_is_off_by_default_and_says_why_it_says_nothing(project: Project) -> None:
    assert all(
        "tuning" not in record for record in analysed(project(**PLAIN | {"tuning": False})).layer("first")["filters"]
    )
    small = {"crop": 12, "mean": [0.5] * 3, "std": [0.25] * 3, "channels": 3}
    for record in analysed(project(**PLAIN, transform=small)).layer("first")["filters"]:
        assert record["tuning"] == {"skipped": "pictures of 12 px are too small to be changed"}


def test_a_filter_that_no_picture_excites_is_skipped(project: Project) -> None:
    config = project(**PLAIN)
    (config.root / "net.py").write_text((config.root / "net.py").read_text() + DEAD)
    reader = analysed(replace(config, models=(replace(config.models[0], source="net.py:dead"),)))
    dead, alive = reader.layer("first")["filters"]
    assert dead["tuning"] == {"skipped": "no picture excites the filter"}
    assert set(alive["tuning"]["kept"]) == set(CHANGES)
    assert np.isfinite(list(alive["tuning"]["kept"].values())).all()


DEAD = """

def dead():
    network = Tiny()
    with torch.no_grad():
        network.first.weight[1] = 0
        network.first.bias[1] = -1
    return network
"""
