"""A key depends on every part, on its order and type, and on nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.store import digest


@dataclass(frozen=True)
class Options:
    steps: int
    filters: tuple[int, ...]


def test_equal_parts_give_equal_keys() -> None:
    assert digest({"a": 1, "b": [1, 2]}, "x") == digest({"b": (1, 2), "a": 1}, "x")
    assert digest(Options(3, (1,))) == digest({"filters": [1], "steps": 3})
    assert digest(b"abc") == digest(bytearray(b"abc"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b"), ("b", "a")),
        (("ab",), ("a", "b")),
        ((1,), (1.0,)),
        ((1,), (True,)),
        ((None,), ("null",)),
        ((b"a",), ("a",)),
        ((float("inf"),), (float("nan"),)),
        (([],), ()),
    ],
)
def test_different_parts_give_different_keys(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    assert digest(*one) != digest(*other)


def test_a_key_does_not_change_between_versions() -> None:
    assert digest("lurk", 1, 0.5, [None, True], {"b": b"x"}) == "de949857b986b83bf37ffbe3cdbf1422bfe77e4e"


@pytest.mark.parametrize("part", [Path("weights.pt"), {1, 2}, object(), {1: 2}])
def test_a_value_without_a_canonical_form_is_refused(part: object) -> None:
    with pytest.raises(StoreError, match="cannot be part of a key"):
        digest(part)
