"""Two builds of one site have the same bytes, whatever the folder, the order of files on disk and the environment."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import mkdocs_lurk
from tests.plugin.sites import Project

SIDE = 64
NETWORK = """
from torch import nn


def network():
    first, second, third = nn.Conv2d(3, 16, 5, padding=2), nn.Conv2d(16, 24, 3, 2, 1), nn.Conv2d(24, 16, 3, padding=1)
    body = nn.Sequential(first, nn.ReLU(), nn.MaxPool2d(2), second, nn.BatchNorm2d(24), nn.ReLU(), third, nn.ReLU())
    return nn.Sequential(body, nn.Flatten(), nn.Linear(4096, 2))
"""
"""With one thread and with two, the last digits of its results differ."""
RUN = """
import os

listdir, scandir = os.listdir, os.scandir


class Backwards:
    def __init__(self, *path):
        entries = sorted(scandir(*path), key=lambda entry: entry.name, reverse=True)
        self.entries = iter(entries)
    def __iter__(self):
        return self
    def __next__(self):
        return next(self.entries)
    def __enter__(self):
        return self
    def __exit__(self, *_):
        pass
    def close(self):
        pass


if {backwards!r}:
    os.listdir = lambda *path: sorted(listdir(*path), reverse=True)
    os.scandir = Backwards
from mkdocs.__main__ import cli
from mkdocs_lurk.cli import main
cli(["build", "--strict"], standalone_mode=False)
main(["bundle", "pack", "results.tar"], standalone_mode=False)
"""


def site(root: Path, order: int, **plugin: Any) -> Project:
    """Write the site, its pictures in an order of their own."""
    made = Project(root)
    made.write("network.py", NETWORK)
    made.write("docs/index.md", "# Home\n")
    numbers = list(range(6))
    random.Random(order).shuffle(numbers)  # noqa: S311 - an order, no secret
    for number in numbers:
        coarse = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        path = root / "photos" / f"class-{number % 2}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(path)
    model = {
        "name": "tiny", "source": "network.py:network", "images": "photos", "top_k": 1, "filters": 16,
        "synthesis": {"steps": 4, "filters": 1}, "transform": {"resize": SIDE, "crop": SIDE, "mean": 0.5, "std": 0.25},
        "ignore": ["chance"],
    }  # fmt: skip
    made.declare({"models": [model], "device": "cpu", **plugin}, theme={"name": "material", "font": False})
    return made


def build(made: Project, threads: int, backwards: bool) -> dict[str, bytes]:
    """Build and pack in a process of its own; returns every file of the site, and the bundle."""
    environment = {
        **os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads), "TZ": f"UTC{threads}",
        "SOURCE_DATE_EPOCH": "1700000000", "PYTHONPATH": str(Path(mkdocs_lurk.__file__).parents[1]),
    }  # fmt: skip
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", RUN.format(backwards=backwards)],
        cwd=made.root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    files = {path.relative_to(made.site).as_posix(): path for path in made.site.rglob("*") if path.is_file()}
    return {"bundle": (made.root / "results.tar").read_bytes()} | {name: files[name].read_bytes() for name in files}


def differences(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def test_folder_order_of_files_time_zone_and_threads_change_no_byte(tmp_path: Path) -> None:
    """Of the site with its search index, its sitemap and their compressed forms, and of a bundle."""
    one = build(site(tmp_path / "one", 0, threads=2), threads=1, backwards=False)
    other = build(site(tmp_path / "another" / "folder", 1, threads=2), threads=2, backwards=True)
    assert {"bundle", "sitemap.xml.gz", "search/search_index.json", "models/tiny/results.json"} <= one.keys()
    assert differences(one, other) == []
