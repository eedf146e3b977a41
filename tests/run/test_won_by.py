"""A synthesis of hand-made filters that wins at the border, by a colour or by its pattern is marked as what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.run.analyses import Project, analysed

NETWORK = """
import torch
from torch import nn
def net():
    conv = nn.Conv2d(3, 4, 3, padding=1)
    with torch.no_grad():
        conv.weight[0] = torch.tensor([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])  # adds up to zero
        conv.weight[1] = 1 / 27
        conv.weight[2] = conv.weight[0]
        conv.weight[3] = 1e-9 * conv.weight[0].roll(1, 2).roll(1, 1)  # nearly zero, without a bias
        conv.bias[:] = torch.tensor([0.0, 0.0, -40.0, 0.0])
    deep = nn.Conv2d(4, 2, 1)
    with torch.no_grad():
        deep.weight[0, :, 0, 0] = torch.tensor([1.0, 0.0, 0.0, 0.0])
        deep.weight[1, :, 0, 0] = torch.tensor([0.0, 1.0, 0.0, 0.0])
        deep.bias[:] = 0
    return nn.Sequential(conv, nn.ReLU(), deep)
"""
SIDE = 16


def test_what_a_synthesis_wins_by_is_recorded(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(6):
        noise = np.random.default_rng(number).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
    (tmp_path / "made.py").write_text(NETWORK)
    reader = analysed(project(source="made.py:net", precision="float32", synthesis={"steps": 24}))
    made: list[Any] = [item["max_activ"] for layer in ("0", "2") for item in reader.layer(layer)["filters"]]
    assert [synthesis["won_by"] for synthesis in made] == ["border", "flat", "border", "flat", None, "flat"]
    assert made[0]["ratio"] is None  # the best mean is near zero, while the layer answers by hundreds
