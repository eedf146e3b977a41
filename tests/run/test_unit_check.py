"""Units that no stage makes, from a bundle or a cache that somebody else wrote to, are computed again when read."""

from __future__ import annotations

import copy
import logging
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, is_typeddict

import numpy as np
import pytest

from mkdocs_lurk import named_warnings
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.records import graph_record, input_record, model_record, provenance_record
from mkdocs_lurk.records.record_check import check_record
from mkdocs_lurk.records.record_format import fields_of, required_fields
from mkdocs_lurk.run import plan_record, unit_records
from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.run.work import Sizes, array_to_bytes
from mkdocs_lurk.store.reader import ModelReader
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


ODD_LAYERS = """
    import torch
    from torch import nn

    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.dead = nn.Conv2d(3, 2, 3, padding=1)
            self.border = nn.Conv2d(3, 2, 1, padding=1)
            nn.init.zeros_(self.dead.weight), nn.init.zeros_(self.dead.bias)
            nn.init.constant_(self.border.weight, -1), nn.init.constant_(self.border.bias, 1)

        def forward(self, x):
            return torch.cat([self.dead(x).mean((2, 3)), self.border(x.abs()).abs().mean((2, 3))], 1)
    """


def test_each_stage_takes_its_own_units_for_sound(
    project: Callable[..., LurkConfig], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With a filter whose synthesis fails, one with its highest response in the padding, and an unreadable picture."""
    (tmp_path / "odd.py").write_text(textwrap.dedent(ODD_LAYERS))
    config = project(count=6, source="odd.py:Odd", synthesis={"steps": 1})
    (tmp_path / "pictures" / "class-0" / "bad.png").write_bytes(b"no picture")
    with caplog.at_level(logging.INFO):
        store, key = run(config)
    assert "computed again" not in caplog.text
    reader = ModelReader(store, key)
    filters = {record["name"]: reader.layer(record["name"])["filters"][0] for record in reader.record["layers"]}
    assert "skipped" in filters["dead"]["max_activ"]
    assert reader.record["skipped_images"]
    assert any("skipped" in ranked["grad"] for ranked in filters["border"]["top_max"])


def _typed_dicts(hint: object) -> Iterator[type]:
    """Yield all record types inside a type."""
    if is_typeddict(hint):
        yield hint  # type: ignore[misc]
        for field in fields_of(hint).values():
            yield from _typed_dicts(field)
    for inner in get_args(hint):
        yield from _typed_dicts(inner)


def _unions(hint: object) -> Iterator[tuple[type, ...]]:
    """Yield the members of each union of several record types inside a type."""
    if get_origin(hint) in (Union, UnionType):
        members = tuple(member for member in get_args(hint) if is_typeddict(member))
        if len(members) > 1:
            yield members
    for inner in get_args(hint):
        yield from _unions(inner)


MODULES = (graph_record, input_record, named_warnings, plan_record, provenance_record, model_record, unit_records)
UNIONS = sorted(
    {
        union
        for module in MODULES
        for kind in vars(module).values()
        for record in _typed_dicts(kind)
        for field in fields_of(record).values()
        for union in _unions(field)
    },
    key=str,
)


def _example(hint: object) -> Any:
    """Return a value of a type, of a record only with the fields that it requires."""
    if is_typeddict(hint):
        return {name: _example(fields_of(hint)[name]) for name in required_fields(hint)}
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if get_origin(hint) is tuple:
        return [_example(item) for item in get_args(hint)]
    if get_origin(hint) in (Union, UnionType):
        return _example(get_args(hint)[0])
    return {str: "a", int: 1, float: 0.5, bool: True, NoneType: None}.get(hint, {} if get_origin(hint) is dict else [])  # type: ignore[call-overload]


def test_the_unions_are_found() -> None:
    assert (unit_records.StoredSynthesis, unit_records.FailedSynthesis) in UNIONS
    assert (model_record.PictureReference, model_record.Skipped) in UNIONS


@pytest.mark.parametrize("union", UNIONS, ids=lambda union: " or ".join(kind.__name__ for kind in union))
def test_each_member_of_a_union_of_records_passes_the_check(union: tuple[type, ...]) -> None:
    for members in (union, union[::-1]):
        for kind in union:
            value = _example(kind)
            check_record(value, Union[members], "it")  # type: ignore[arg-type]  # noqa: UP007
            with pytest.raises(StoreError, match="unknown field 'evil'"):
                check_record(value | {"evil": 1}, Union[members], "it")  # type: ignore[arg-type]  # noqa: UP007
