"""Units that no stage makes, from a bundle or a cache that somebody else wrote to, are computed again when read."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.run.work import Sizes, array_to_bytes
from mkdocs_lurk.store.store import Store

SIZES = Sizes(shard_pictures=4, response_batch=4, pairs=16, syntheses=2)
Unit = tuple[dict[str, Any], dict[str, bytes]]


def _values(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place of a JSON value: what holds it, and its key or index."""
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(one, (dict, list)):
            yield from _values(one)


def _arrays(blobs: dict[str, bytes], change: Callable[[bytes], bytes]) -> dict[str, bytes]:
    return {name: change(data) if data.startswith(b"\x93NUMPY") else data for name, data in blobs.items()}


def _wrong_value(number: int, wrong: object) -> Callable[[Unit], Unit]:
    """Return a change of one value of a record."""

    def change(unit: Unit) -> Unit:
        record = copy.deepcopy(unit[0])
        made = record.pop("made")
        places = list(_values(record))
        holder, key = places[number % len(places)]
        holder[key] = wrong
        return record | {"made": made}, unit[1]

    return change


CHANGES: dict[str, Callable[[Unit], Unit]] = {
    "empty": lambda _: ({}, {}),
    "no blobs": lambda unit: (unit[0], {}),
    "an unknown field": lambda unit: (unit[0] | {"evil": 1}, unit[1]),
    "lists as text": lambda unit: (dict.fromkeys(unit[0], "x"), unit[1]),
    "arrays of another shape": lambda unit: (unit[0], _arrays(unit[1], lambda _: array_to_bytes(np.zeros((1, 1))))),
    "arrays that are archives": lambda unit: (unit[0], _arrays(unit[1], lambda data: b"PK\x03\x04" + data[4:])),
    "arrays that end early": lambda unit: (unit[0], _arrays(unit[1], lambda data: data[:100])),
    "a first value": _wrong_value(0, {"a": [None]}),
    "a last value": _wrong_value(-1, "1e9"),
    "a middle value": _wrong_value(7, None),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {"root": tmp_path_factory.mktemp("whole")}


def run(config: LurkConfig) -> tuple[Store, str]:
    store = Store(config.cache_dir)
    return store, analyze(config, config.models[0], store, sizes=SIZES)


def units_of(store: Store) -> dict[str, bytes]:
    return {key: store.file(key).read_bytes() for key in sorted(store.keys())}


@pytest.mark.parametrize("name", list(CHANGES))
def test_a_unit_that_no_stage_makes_is_computed_again(
    name: str, project: Callable[..., LurkConfig], whole: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    config = project(count=8, root=whole["root"], filters=2, synthesis={"steps": 1, "filters": 1})
    store, key = run(config)
    expected = whole.setdefault("units", units_of(store))
    model = store.get(key)
    assert model is not None
    for use in model.record["uses"]:
        unit = store.get(use)
        assert unit is not None
        store.put(use, *CHANGES[name]((unit.record, {blob: unit.blob(blob) for blob in unit.names})))
    store.drop(key)
    with caplog.at_level(logging.INFO):
        assert run(config)[1] == key
    assert "computed again" in caplog.text
    assert units_of(store) == expected
