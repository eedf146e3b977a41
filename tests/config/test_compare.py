"""Which models are compared, and what cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.config.compare import comparison_folder
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.errors import ConfigError


def read(root: Path, compare: Any, *names: str) -> LurkConfig:
    (root / "pictures").mkdir()
    models = [{"name": name, "source": "torchvision:resnet18", "images": "pictures"} for name in names]
    return from_mapping({"models": models, "compare": compare}, root)


@pytest.mark.parametrize("compare", [["base", "tuned"], [["base", "tuned"]]])
def test_one_pair_needs_no_list_around_it(tmp_path: Path, compare: Any) -> None:
    assert read(tmp_path, compare, "base", "tuned").compare == (("base", "tuned"),)


def test_nothing_is_compared_by_default(tmp_path: Path) -> None:
    assert read(tmp_path, [], "base").compare == ()


def test_a_long_pair_of_names_has_a_short_address() -> None:
    folder = comparison_folder("a" * 90, "b" * 90)
    assert folder.startswith("models/compare-aaa")
    assert len(folder) == len("models/") + 100
    assert folder != comparison_folder("a" * 90, "b" * 89)


@pytest.mark.parametrize(
    ("compare", "message"),
    [
        ("base", "compare: 'base' is no list; give pairs of names of declared models"),
        ([["base"]], r"compare\[0\]: \['base'\] is no pair"),
        ([["base", "tund"]], r"compare\[0\]\[1\]: there is no model 'tund'; did you mean 'tuned'"),
        ([["base", 3]], r"compare\[0\]\[1\]: 3 is no text"),
        ([["base", "base"]], r"compare\[0\]: 'base' would be compared with itself"),
        ([["base", "tuned"], ["base", "tuned"]], r"compare\[1\]: the page would be at 'models/compare-base-tuned'"),
        ([["a-b", "c"], ["a", "b-c"]], r"compare\[1\]: the page would be at 'models/compare-a-b-c'"),
        ([["base", "x"]], r"compare\[0\]: the page would be at 'models/compare-base-x', which is that of"),
    ],
)
def test_what_cannot_be_compared_is_refused(tmp_path: Path, compare: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, compare, "base", "tuned", "a", "a-b", "b-c", "c", "x", "compare-base-x")
