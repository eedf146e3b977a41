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


def test_records_and_pictures_are_found(store: Store) -> None:
    reader = ModelReader(store, MODEL)
    assert reader.picture(reader.layer("conv")["filters"][0]["grad"]) == b"first"
    assert reader.units() == {MODEL, LAYER, PICTURES, SHARD}
    assert reader.listed() == {MODEL, LAYER, SHARD}
    assert reader.whole()


def test_an_unknown_layer_is_named(store: Store) -> None:
    with pytest.raises(StoreError, match="the model net has no results for a layer 'fc'"):
        ModelReader(store, MODEL).layer("fc")


@pytest.mark.parametrize(("lost", "whole"), [(PICTURES, False), (LAYER, False), (SHARD, True)])
def test_a_model_is_whole_without_its_intermediate_units(store: Store, lost: str, whole: bool) -> None:
    store.drop(lost)
    assert ModelReader(store, MODEL).whole() is whole


def test_a_missing_model_is_named(store: Store) -> None:
    with pytest.raises(StoreError, match="is missing from"):
        ModelReader(store, SHARD[::-1])
