"""A small site whose network, weights, pictures and modules tests change, to see what is computed anew."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.run.plan import ModelState, state_of
from mkdocs_lurk.store import ModelReader, Store
from tests.run.networks import SIDE, draw

NET = """
    from torch import nn
    from net_layers import activate
    from net_widths import WIDTH

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, WIDTH, 3)

        def forward(self, x):
            return activate(self.conv(x))
"""
LAYERS = "def activate(x):\n    return x.relu()\n"
TRANSFORM = """
    import torch
    from transform_help import scale

    def make():
        return lambda picture: scale(torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8))
"""
HELP = """
    def scale(values):
        return values.reshape(16, 16, 3).movedim(-1, 0) / 255
"""
DATASET = """
    from pathlib import Path
    import numpy as np
    from data_help import SIDE

    class Items:
        def __init__(self):
            self.numbers = (Path(__file__).parent / "numbers.bin").read_bytes()
            self.names = sorted(path.name for path in (Path(__file__).parent / "items").iterdir())
        def __len__(self):
            return len(self.names)
        def __getitem__(self, index):
            text = (Path(__file__).parent / "items" / self.names[index]).read_text()
            return np.full((SIDE, SIDE, 3), (self.numbers[index] + len(text)) % 256, np.uint8)
"""


class Site:
    """A folder with a declared model, and its cache."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.model: dict[str, Any] = {
            "name": "tiny", "source": "net.py:Net", "images": "pictures", "filters": 1, "synthesis": False,
            "transform": {"crop": SIDE, "mean": [0.5] * 3, "std": [0.25] * 3, "channels": 3}, "top_k": 2,
        }  # fmt: skip
        self.write("net.py", NET)
        self.write("net_layers.py", LAYERS)
        self.write("net_widths.py", "WIDTH = 2\n")
        draw(root / "pictures", 6)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))

    @property
    def config(self) -> LurkConfig:
        return from_mapping({"models": [self.model]}, self.root, absent=True)

    @property
    def store(self) -> Store:
        return Store(self.config.cache_dir)

    def state(self) -> ModelState:
        config = self.config
        return state_of(config, config.models[0], self.store)

    def analyze(self, **options: Any) -> ModelReader:
        config = self.config
        return ModelReader(self.store, analyze(config, config.models[0], self.store, **options))


def weights(path: Path, value: float) -> None:
    save_file({"conv.weight": torch.full((2, 3, 3, 3), value), "conv.bias": torch.zeros(2)}, path)


def replaced(path: Path, contents: bytes) -> None:
    """Replace a file by another of the same size, date and name, as ``cp -p`` does."""
    stat = path.stat()
    assert len(contents) == stat.st_size
    path.write_bytes(contents)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
