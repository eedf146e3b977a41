from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping

NETWORK = """
import torch
from torch import nn
from torch.nn import functional as F


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 5, 3, stride=2, padding=1)
        self.head = nn.Linear(5, 3)

    def forward(self, x):
        return self.head(F.relu(self.second(F.relu(self.first(x), inplace=True))).mean((2, 3)))


def tiny():
    return Tiny()
"""
SIDE = 16


def draw(folder: Path, count: int, side: int = SIDE) -> None:
    """Write pictures of soft blobs, in three classes."""
    random = np.random.default_rng(0)
    for number in range(count):
        coarse = random.integers(0, 256, (4, 4, 3), np.uint8)
        path = folder / f"class-{number % 3}" / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(path)


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
