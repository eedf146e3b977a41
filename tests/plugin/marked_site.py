"""A site whose folders, user and machine have names that occur nowhere else, and in which all that can fail fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import mkdocs_lurk
from tests.plugin.sites import Project

FOLDER, HOME, USER, HOST = "marked-folder-q7x", "marked-home-q7x", "marked-user-q7x", "marked-host-q7x"
MARKS = (FOLDER, HOME, USER, HOST)
NETWORK = """
import socket
import torch
from torch import nn
from helpers import SECRET


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.aux = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 2, 3, stride=2), nn.Conv2d(3, 2, 3)
        self.head = nn.Linear(2, 2)

    def forward(self, x):
        if len(x) == 2:
            raise OSError(5, f"{SECRET} on {socket.gethostname()}")
        return self.head(self.second(self.first(x).relu()).mean((2, 3)))


def network():
    return Network()


def transform():
    def apply(picture):
        pixels = torch.tensor(list(picture.convert("RGB").resize((16, 16)).tobytes())).view(16, 16, 3)
        if int(pixels[0, 0, 0]) == 7:
            raise ValueError(f"{SECRET} refuses this picture")
        return pixels.permute(2, 0, 1) / 255 - 0.5

    return apply
"""
HELPERS = "from pathlib import Path\n\nSECRET = str(Path.home() / Path(__file__).parent.name)\n"
DATA = """
import os
from pathlib import Path
from PIL import Image
from helpers import SECRET

FOLDER = Path(__file__).parent


class Items:
    classes = ["dark", "light"]

    def __len__(self):
        return 9

    def __getitem__(self, number):
        if number == 1:
            raise OSError(5, f"{SECRET} cannot be read by {os.environ['USER']}")
        if number == 2:
            return Image.open(FOLDER / "gone.png"), 0
        if number == 3:
            raise RuntimeError(SECRET)
        if number == 4:
            return {"bytes": None, "path": f"{SECRET}/gone.png"}, 0
        if number == 5:
            raise PermissionError(SECRET)
        return Image.open(FOLDER / "photos" / "dark" / f"{number % 3}.png"), number % 2


def items():
    return Items()
"""
CARD = "---\nlicense: mit\n---\n\nA card with [a link](photos/gone.md) and ![a picture](gone.png).\n"
RUN = """
import platform, socket, sys
socket.gethostname = socket.getfqdn = platform.node = lambda *_: {host!r}
sys.argv = {command!r}
from {module} import {name}
{name}()
"""


def marked_site(tmp_path: Path) -> Project:
    """Write the site; nothing is analysed yet."""
    root = tmp_path / HOME / FOLDER
    made = Project(root)
    made.write("network.py", NETWORK)
    made.write("helpers.py", HELPERS)
    made.write("data.py", DATA)
    made.write("docs/index.md", "# Home\n")
    made.write("docs/cards/files.md", CARD)
    chance = np.random.default_rng(0)
    for label, least in (("dark", 8), ("light", 120)):
        for number in range(3):
            path = root / "photos" / label / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = chance.integers(least, least + 100, (16, 16, 3), np.uint8)
            pixels[0, 0] = 7 if (label, number) == ("light", 0) else 9
            Image.fromarray(pixels).save(path)
    (root / "photos" / "light" / "broken.png").write_bytes(b"no picture")
    (root / "photos" / "light" / "cut.png").write_bytes((root / "photos" / "light" / "1.png").read_bytes()[:60])
    declare(made)
    return made


def declare(made: Project, **plugin: Any) -> None:
    """Write ``mkdocs.yml``, with absolute paths where an author may give them."""
    root, few = made.root, {"filters": 1, "synthesis": {"steps": 1}, "top_k": 2}
    ignore = ["unreadable", "chance", "enlarged", "padded", "normalised-twice"]
    files = {
        "name": "files", "source": f"{root}/network.py:network", "transform": f"{root}/network.py:transform",
        "images": f"{root}/photos", "card": "docs/cards/files.md", "ignore": ignore,
    }  # fmt: skip
    items = {
        "name": "items", "source": "network.py:network", "images": f"{root}/data.py:items", "ignore": ignore,
        "transform": {"resize": 16, "crop": 16, "mean": 0.5, "std": 0.5},
    }  # fmt: skip
    models = [{**files, **few}, {**items, **few}]
    made.declare({"models": models, "device": "cpu", **plugin}, theme={"name": "material", "font": False})


def run(made: Project, *command: str) -> subprocess.CompletedProcess[str]:
    """Run ``mkdocs`` or ``mkdocs-lurk`` in the site's folder, as a user and on a machine of marked names."""
    module, name = {"mkdocs": ("mkdocs.__main__", "cli"), "mkdocs-lurk": ("mkdocs_lurk.cli", "main")}[command[0]]
    environment = {
        **os.environ, "HOME": str(made.root.parent), "USER": USER, "LOGNAME": USER, "USERNAME": USER, "HOSTNAME": HOST,
        "PYTHONPATH": str(Path(mkdocs_lurk.__file__).parents[1]), "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    code = RUN.format(host=HOST, command=list(command), module=module, name=name)
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], cwd=made.root, env=environment, capture_output=True, text=True, check=False
    )
