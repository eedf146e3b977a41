"""Numbers that no analysis could follow, and files that may never end, are refused while mkdocs.yml is read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.errors import ConfigError
from tests.config.declarations import read_model


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"seed": 2**64}, "seed"),
        ({"seed": 10**299}, "seed"),
        ({"top_k": 10**9}, "top_k"),
        ({"max_pixels": 10**12}, "max_pixels"),
        ({"synthesis": {"steps": 10**9}}, "synthesis.steps"),
        ({"transform": {"crop": 10**6}}, "transform.crop"),
        ({"transform": {"crop": [8, 10**6]}}, r"transform.crop\[1\]"),
        ({"transform": {"resize": 10**7}}, "transform.resize"),
        ({"transform": {"channels": 10**9, "mean": 0, "std": 1}}, "transform.channels"),
    ],
)
def test_a_number_that_is_too_large_is_refused(site: Path, values: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError, match=rf"^plugins\.lurk\.models\[0\]\.{key}: .* is too large; give ") as caught:
        read_model(site, **values)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("key", ["weights", "card", "classes", "images"])
def test_a_pipe_is_no_file(site: Path, key: str) -> None:
    name = {"weights": "w.pt", "images": "list.csv"}.get(key, "pipe")
    os.mkfifo(site / name)
    with pytest.raises(ConfigError, match="give a regular file"):
        read_model(site, **{key: name})
