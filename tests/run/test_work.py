from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis.extra import numpy as hnp

from mkdocs_lurk.errors import ModelError, StoreError
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.work import (
    BatchLimit,
    Runner,
    UnitResult,
    WorkUnit,
    array_from_bytes,
    array_to_bytes,
)
from mkdocs_lurk.store.store import Store, StoredUnit

CPU = torch.device("cpu")


class Squares:
    """A stage of four units that notes what it computed."""

    name = "squares"

    def __init__(self, fits: int = 100) -> None:
        self.units = [WorkUnit(f"square-{number}-unit", 1.0, "", (number,)) for number in range(4)]
        self.computed: list[int] = []
        self.limit_batch = BatchLimit()
        self._fits = fits

    def compute(self, unit: WorkUnit) -> UnitResult:
        (number,) = unit.items
        if self.limit_batch(16) > self._fits:
            raise torch.OutOfMemoryError("no")
        self.computed.append(number)
        return UnitResult({"square": number**2}, {"bytes": bytes([number])})

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        if stored.record.get("square") != unit.items[0] ** 2:
            raise StoreError("no square")


def runner(folder: Path, stage: Squares, ranks: Ranks | None = None) -> Runner:
    return Runner(Store(folder), ranks or Ranks(), SilentProgress(), CPU, stage.limit_batch)


def test_every_unit_is_computed_once_and_stored(tmp_path: Path) -> None:
    stage = Squares()
    own = runner(tmp_path, stage)
    assert len(own.missing(stage)) == 4
    own.run(stage)
    own.run(stage)
    assert sorted(stage.computed) == [0, 1, 2, 3]
    assert own.missing(stage) == []
    assert [own.fetch(stage, unit).record["square"] for unit in stage.units] == [0, 1, 4, 9]
    assert own.fetch(stage, stage.units[3]).blob("bytes") == b"\x03"


def test_a_lost_unit_is_computed_again_when_it_is_read(tmp_path: Path) -> None:
    stage = Squares()
    own = runner(tmp_path, stage)
    own.run(stage)
    own.store.drop(stage.units[2].key)
    assert own.fetch(stage, stage.units[2]).record["square"] == 4
    assert stage.computed[-1] == 2


def test_a_unit_that_its_stage_does_not_make_is_computed_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Squares()
    own = runner(tmp_path, stage)
    own.run(stage)
    own.store.put(stage.units[2].key, {"square": 5})
    with caplog.at_level(logging.INFO):
        assert own.fetch(stage, stage.units[2]).record["square"] == 4
    assert "a stored unit of 'squares' is damaged (no square): computed again" in caplog.text


def test_a_unit_that_does_not_stay_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Squares()
    monkeypatch.setattr(Store, "put", lambda *_: None)
    with pytest.raises(StoreError, match="was written and is gone"):
        runner(tmp_path, stage).fetch(stage, stage.units[0])


def test_ranks_compute_disjoint_shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Ranks, "wait", lambda _self: None)
    stages = [Squares(), Squares()]
    for rank, stage in enumerate(stages):
        runner(tmp_path / str(rank), stage, Ranks(rank, 2)).run(stage)
    assert sorted(stages[0].computed + stages[1].computed) == [0, 1, 2, 3]
    assert len(stages[0].computed) == 2


def test_batches_are_halved_until_they_fit(tmp_path: Path) -> None:
    stage = Squares(fits=4)
    runner(tmp_path, stage).run(stage)
    assert sorted(stage.computed) == [0, 1, 2, 3]
    assert stage.limit_batch(16) == 4


def test_memory_for_not_even_one_picture_is_an_error(tmp_path: Path) -> None:
    stage = Squares(fits=0)
    with pytest.raises(ModelError, match="cpu: out of memory with a single picture; use another device"):
        runner(tmp_path, stage).run(stage)


@given(hnp.arrays(np.float32, hnp.array_shapes(max_dims=3, max_side=4)))
def test_arrays_survive_being_stored(array: np.ndarray) -> None:
    assert np.array_equal(array_from_bytes(array_to_bytes(array)), array, equal_nan=True)
