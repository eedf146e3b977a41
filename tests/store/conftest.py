"""A new store for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_lurk.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")
