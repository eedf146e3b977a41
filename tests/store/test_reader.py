"""The read-only view finds records and pictures, and says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.store import ModelReader, Store, digest

MODEL, LAYER, PICTURES, SHARD = (digest(name) for name in ("model", "layer", "pictures", "shard"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    store.put(PICTURES, {}, {"a": b"first", "b": b"second"})
    store.put(LAYER, {"filters": [{"grad": {"unit": PICTURES, "blob": "a"}}]})
    store.put(SHARD, {})
    store.put(MODEL, {"model": {"name": "net"}, "layers": [{"name": "conv", "unit": LAYER}], "uses": [SHARD]})
    return store


def test_the_reader_finds_records_pictures_and_units(store: Store) -> None:
    reader = ModelReader(store, MODEL)
    assert reader.picture(reader.layer("conv")["filters"][0]["grad"]) == b"first"
    assert reader.units() == {MODEL, LAYER, PICTURES, SHARD}
    assert reader.direct_units() == {MODEL, LAYER, SHARD}


def test_the_error_for_an_unknown_layer_names_it(store: Store) -> None:
    with pytest.raises(StoreError, match="the model net has no results for a layer 'fc'"):
        ModelReader(store, MODEL).layer("fc")


def test_a_lost_layer_record_is_an_error_only_when_it_is_read(store: Store) -> None:
    store.drop(LAYER)
    reader = ModelReader(store, MODEL)
    assert reader.direct_units() == {MODEL, LAYER, SHARD}
    with pytest.raises(StoreError, match="is missing from"):
        reader.units()


def test_the_error_for_a_missing_model_names_the_store(store: Store) -> None:
    with pytest.raises(StoreError, match="is missing from"):
        ModelReader(store, SHARD[::-1])


@pytest.mark.parametrize(
    "record", [{}, {"layers": 3}, {"layers": [{"name": []}]}, {"layers": [], "uses": 3}, {"layers": [1]}]
)
def test_a_record_that_is_none_of_a_model_is_one_clear_line(store: Store, record: dict[str, object]) -> None:
    store.put(MODEL, record)
    with pytest.raises(StoreError, match="is no record of a model"):
        ModelReader(store, MODEL).units()
