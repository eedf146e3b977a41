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


def test_a_declared_model_stays_whole(store: Store) -> None:
    kept, _ = put_model(store, "kept"), put_model(store, "gone")
    done = clean(store, [kept], unfinished=False)
    assert done.units == 3
    assert done.freed_bytes > 0
    assert len(store.keys()) == 3
    assert list(store.aliases()) == [kept]
    assert clean(store, [kept], unfinished=False).units == 0


def test_parts_of_a_model_that_is_not_finished_stay(store: Store) -> None:
    kept, _ = put_model(store, "kept"), put_model(store, "gone")
    part = digest("a finished shard of a model that is not finished")
    store.put(part, {})
    assert clean(store, [kept, digest("unfinished")], unfinished=True).units == 3
    assert store.has(part)
    assert clean(store, [kept], unfinished=False).units == 1
    assert not store.has(part)


def test_a_shared_unit_stays(store: Store) -> None:
    kept, gone = put_model(store, "kept"), put_model(store, "gone")
    store.set_alias(gone, store.aliases()[kept])
    assert clean(store, [kept], unfinished=True).units == 0


def test_a_model_whose_records_were_lost_does_no_harm(store: Store) -> None:
    kept, _ = put_model(store, "kept"), put_model(store, "gone")
    store.drop(digest("gone", "model"))
    assert clean(store, [kept], unfinished=False).units == 2
    assert len(store.keys()) == 3
