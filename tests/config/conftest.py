from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of ``mkdocs.yml`` with pictures, weights, a card and code."""
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    (tmp_path / "nets").mkdir()
    for name in ("weights.safetensors", "card.md", "names.txt", "nets/small.py", "nets/whole.pt2"):
        (tmp_path / name).touch()
    return tmp_path
