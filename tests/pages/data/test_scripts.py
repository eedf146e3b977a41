"""Every data script is an ASCII script that leaves a value under its own key; floats in it have five digits."""

from __future__ import annotations

from mkdocs_lurk.pages.data.scripts import data_script
from mkdocs_lurk.records.record_format import round_floats
from tests.pages.conftest import Built


def test_scripts_are_found_under_their_keys(built: Built) -> None:
    assert built.script("model.js")[0] == "small"
    assert built.script("pictures.js")[0] == "small/pictures"
    assert built.script("features.0/layer.js")[0] == "small/features.0"
    assert built.script("features.0/filters-0.js")[0] == "small/features.0/filters-0"


def test_a_script_is_plain_ascii() -> None:
    assert data_script("Größe/1", {"a": "</script>\u2028é"}).isascii()


def test_floats_are_rounded_to_five_digits() -> None:
    assert round_floats({"a": [1.23456789, 7, "x", None, True]}) == {"a": [1.2346, 7, "x", None, True]}
