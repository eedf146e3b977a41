"""A tiny network, its pictures, and what it computes for them by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

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


def tiny_network() -> nn.Module:
    """The network as the analysis makes it: seed 0."""
    names: dict[str, Any] = {}
    exec(NETWORK, names)  # noqa: S102 - the text above
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module: nn.Module = names["tiny"]()
    return module.eval()


def input_tensors(pictures: Path) -> Tensor:
    """The pictures as a plain pipeline would load them, in sorted path order: mean 0.5, deviation 0.25."""
    paths = sorted(pictures.rglob("*.png"))
    pixels = np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths])
    return (torch.from_numpy(pixels).movedim(-1, 1).float() / 255 - 0.5) / 0.25


def layer_outputs(x: Tensor) -> dict[str, Tensor]:
    """Both layers' outputs ``(n, c, h, w)`` before any activation, by hand."""
    module = tiny_network()
    with torch.no_grad():
        first = module.first(x)
        return {"first": first, "second": module.second(F.relu(first))}
