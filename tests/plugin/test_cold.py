"""From nothing to pages: a small network is analysed by the build itself, and the next build needs no torch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from mkdocs_lurk.cli import main
from tests.plugin.sites import Project
from tests.plugin.torchless import run_without_torch

NETWORK = """
import torch
from torch import nn


def network() -> nn.Module:
    torch.manual_seed(0)
    first, second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3, stride=2)
    return nn.Sequential(first, nn.ReLU(), second, nn.ReLU(), nn.Flatten(), nn.Linear(180, 2))
"""


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path)
    made.write("network.py", NETWORK)
    made.write("docs/index.md", "# Home\n\n[one](lurk:tiny/0#filter-1)\n")
    rng = np.random.default_rng(0)
    for label in ("dark", "light"):
        for number in range(3):
            path = tmp_path / "photos" / label / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 128, (16, 16, 3), np.uint8) + (120 if label == "light" else 0)
            Image.fromarray(pixels.astype(np.uint8)).save(path)
    model = {
        "name": "tiny", "source": "network.py:network", "images": "photos", "synthesis": {"steps": 4}, "top_k": 2,
        "transform": {"resize": 16, "crop": 16, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
    }  # fmt: skip
    made.declare({"models": [model], "device": "cpu"})
    monkeypatch.chdir(tmp_path)
    return made


def test_a_build_analyses_and_the_next_one_needs_no_torch(made: Project) -> None:
    made.build()
    filters = made.results("models/tiny/2/results.json")["filters"]
    assert [entry["index"] for entry in filters] == [0, 1, 2, 3, 4]
    for entry in filters:
        assert len(entry["top_max"]) == len(entry["top_avg"]) == 2
        for picture in entry["top_max"]:
            top, left, bottom, right = picture["box"]
            assert picture["crop"]["rect"][2:] == [right - left, bottom - top]
            assert picture["crop_grad"]["rect"][2:] == picture["crop"]["rect"][2:]
    before = {path: path.read_bytes() for path in made.site.glob("models/**/*") if path.is_file()}
    again = run_without_torch("from mkdocs.__main__ import cli; cli(['build', '--strict'])", made.root)
    assert again.returncode == 0, again.stderr
    assert f"look at {made.site / 'models' / 'index.html'}" in again.stderr
    assert before == {path: path.read_bytes() for path in before}
    assert json.loads(made.html("models/tiny/results.json"))["model"]["parameters"] == 659


def test_inspect_lists_layers(made: Project) -> None:
    result = CliRunner().invoke(main, ["inspect", "tiny"])
    assert result.exit_code == 0, result.output
    header, first, second = (line.split() for line in result.stdout.splitlines())
    assert header == ["layer", "kind", "filters", "output", "parameters", "sees"]
    assert first[:3] == ["0", "Conv2d", "4"]
    assert second[:3] == ["2", "Conv2d", "5"]
    assert first[-4::2] == ["3", "3"]
    assert second[-4::2] == ["5", "5"]
