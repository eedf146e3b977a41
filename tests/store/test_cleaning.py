"""Cleaning drops what no declared model needs, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_lurk.store import Store, clean, digest


def put_model(store: Store, name: str) -> str:
    layer, shard, model = (digest(name, part) for part in ("layer", "shard", "model"))
    store.put(layer, {"filters": []})
    store.put(shard, {})
    store.put(model, {"model": {"name": name}, "layers": [{"name": "conv", "unit": layer}], "uses": [shard]})
    request = digest(name, "request")
    store.set_alias(request, model)
    return request


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_cleaning_keeps_every_unit_of_a_declared_model(store: Store) -> None:
    kept, _ = put_model(store, "kept"), put_model(store, "gone")
    result = clean(store, [kept], unfinished=False)
    assert result.units == 3
    assert result.freed_bytes > 0
    assert len(store.keys()) == 3
    assert store.requests() == (kept,)
    assert clean(store, [kept], unfinished=False).units == 0


def test_cleaning_keeps_the_finished_units_of_an_unfinished_model(store: Store) -> None:
    kept, _ = put_model(store, "kept"), put_model(store, "gone")
    part = digest("a finished shard of a model that is not finished")
    store.put(part, {})
    assert clean(store, [kept, digest("unfinished")], unfinished=True).units == 3
    assert store.has(part)
    assert clean(store, [kept], unfinished=False).units == 1
    assert not store.has(part)


def test_cleaning_keeps_a_unit_that_two_models_share(store: Store) -> None:
    kept, gone = put_model(store, "kept"), put_model(store, "gone")
    store.set_alias(gone, store.alias(kept))
    assert clean(store, [kept], unfinished=True).units == 0


def test_cleaning_goes_on_after_a_model_whose_record_was_lost(store: Store) -> None:
    kept, _ = put_model(store, "kept"), put_model(store, "gone")
    store.drop(digest("gone", "model"))
    assert clean(store, [kept], unfinished=False).units == 2
    assert len(store.keys()) == 3
