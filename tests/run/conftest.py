from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from tests.run.networks import NETWORK, SIDE, draw


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., LurkConfig]:
    """A folder with a network and pictures, and the configuration that declares them."""

    def make(count: int = 20, root: Path = tmp_path, **model: Any) -> LurkConfig:
        root.mkdir(parents=True, exist_ok=True)
        (root / "net.py").write_text(textwrap.dedent(NETWORK))
        if not (root / "pictures").exists():
            draw(root / "pictures", count)
        declared = {
            "name": "tiny",
            "source": "net.py:tiny",
            "images": "pictures",
            "transform": {"crop": SIDE, "mean": [0.5] * 3, "std": [0.25] * 3, "channels": 3},
            "top_k": 3,
            "synthesis": {"steps": 4},
        }
        plugin = {key: model.pop(key) for key in ("precision", "device", "missing", "cache_dir") if key in model}
        return from_mapping({"models": [declared | model], **plugin}, root)

    return make
