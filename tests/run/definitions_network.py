"""A network and pictures on which every figure of the pages has something to say, and its layers' outputs by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

SIDE = 16
NETWORK = """
import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.squeeze = nn.Linear(8, 8)
        self.second = nn.Conv2d(8, 6, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(6, 4, 3, stride=2, groups=2)
        self.head = nn.Linear(4, 3)
        with torch.no_grad():
            self.first.bias[0] = -100.0                        # dead
            self.first.bias[1] = 0.8                           # above zero on the whole, not everywhere
            self.first.weight[2] = 2 * self.first.weight[3]    # a duplicate
            self.first.weight[4] = 0.1                         # bright pictures
            self.first.weight[5] *= 0.02
            self.first.bias[5] = 1.0                           # above zero everywhere

    def gate(self, x):
        return torch.sigmoid(self.squeeze(x.mean((2, 3))))[:, :, None, None]

    def forward(self, x):
        x = F.relu(self.first(x))
        x = self.second(x * self.gate(x))
        return self.head(F.relu(self.up(F.relu(x))).mean((2, 3)))


def net():
    return Net()
"""


def draw(folder: Path, count: int = 24) -> None:
    """Write blobs on bright, medium and dark ground, a class each."""
    random = np.random.default_rng(1)
    for number in range(count):
        kind = number % 3
        coarse = (random.integers(0, 130, (4, 4, 3)) + 60 * (2 - kind)).astype(np.uint8)
        path = folder / f"class-{kind}" / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)


def network() -> Any:
    """The network as the analysis makes it: seed 0."""
    names: dict[str, Any] = {}
    exec(NETWORK, names)  # noqa: S102 - the text above
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module: nn.Module = names["net"]()
    return module.eval()


def outputs(module: Any, x: Tensor) -> dict[str, Tensor]:
    """Every layer's output ``(n, c, h, w)`` before any activation, and the network's own."""
    with torch.no_grad():
        first = module.first(x)
        rectified = F.relu(first)
        second = module.second(rectified * module.gate(rectified))
        return {"first": first, "second": second, "up": module.up(F.relu(second)), "": module(x)}
