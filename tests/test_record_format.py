from __future__ import annotations

import json
from typing import Any

import pytest

from mkdocs_lurk.records.model_record import FilterRecord, ModelInfo, RankedMaximum
from mkdocs_lurk.records.record_format import in_order, round_significant

PICTURE = {"unit": "0123456789", "blob": "0", "size": [8, 8]}
MAXIMUM = {"image": 3, "score": 1.5, "position": [0, 1], "box": [0, 0, 3, 3], "field": "effective", "energy": 0.9}


def backwards(value: Any) -> Any:
    """The same value with the keys of every mapping in the opposite order."""
    if isinstance(value, dict):
        return {name: backwards(value[name]) for name in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


def test_keys_are_written_in_the_order_of_the_type_at_every_depth() -> None:
    record = {
        "index": 2,
        "top_max": [{**MAXIMUM, "grad": PICTURE}],
        "max_activ": {"skipped": "not chosen"},
        "wiring": {"inputs": {"skipped": "unknown"}, "outputs": [["features.3", 7, 0.5]]},
        "kernel": PICTURE,
    }
    assert json.dumps(in_order(backwards(record), FilterRecord)) == json.dumps(record)


def test_a_skipped_result_keeps_its_reason() -> None:
    record = in_order({**MAXIMUM, "grad": {"skipped": "padding only"}}, RankedMaximum)
    assert record["grad"] == {"skipped": "padding only"}


def test_tuples_become_lists_as_json_has_them() -> None:
    record = in_order({"index": 0, "classes": {"avg": [("cat", 1.0)], "max": []}}, FilterRecord)
    assert record["classes"]["avg"] == [["cat", 1.0]]


def test_a_field_that_the_type_does_not_list_is_refused() -> None:
    with pytest.raises(KeyError, match="FilterRecord: unknown 'sparsity'"):
        in_order({"index": 0, "sparsity": 0.5}, FilterRecord)


def test_a_nested_field_that_the_type_does_not_list_is_refused() -> None:
    with pytest.raises(KeyError, match="PictureReference: unknown 'width'"):
        in_order({"index": 0, "kernel": {**PICTURE, "width": 8}}, FilterRecord)


def test_a_required_field_that_is_absent_is_refused() -> None:
    with pytest.raises(KeyError, match="ModelInfo: no 'title'"):
        in_order({"name": "m", "source": "s", "parameters": 1, "input": {}, "weights_digest": ""}, ModelInfo)


@pytest.mark.parametrize(("value", "digits", "expected"), [
    (123456.789, 7, 123456.8), (0.000123456, 3, 0.000123), (-9.99951, 4, -10.0), (0.0, 4, 0.0),
])  # fmt: skip
def test_rounding_to_significant_digits(value: float, digits: int, expected: float) -> None:
    assert round_significant(value, digits) == expected
