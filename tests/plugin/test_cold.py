"""From nothing to pages: a small network is analysed by the build itself, and the next build needs no torch."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from mkdocs_lurk.cli import main
from mkdocs_lurk.pages.formatting import percent
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

UNUSED = """

class Partly(nn.Module):
    def __init__(self, used: nn.Module) -> None:
        super().__init__()
        self.used, self.unused = used, nn.Conv2d(3, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.used(x)


make = network


def network() -> nn.Module:
    return Partly(make())
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


SIZES = "channels \u00d7 height \u00d7 width"


def inspected(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["inspect", "tiny", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def likeliest(path: Path) -> tuple[str, float]:
    names: dict[str, Any] = {}
    exec(NETWORK, names)  # noqa: S102 - the text above
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        x = torch.from_numpy(np.array(Image.open(path).convert("RGB"))).movedim(-1, 0)[None] / 255
        shares = names["network"]().eval()((x - 0.5) / 0.5).softmax(1)[0]
    return ["dark", "light"][int(shares.argmax())], float(shares.max())


def test_inspect_shows_input_pictures_classes_predictions_and_layers(made: Project) -> None:
    Image.new("RGB", (40, 20)).save(made.root / "photos" / "light" / "2.png")
    facts, layers = (part.splitlines() for part in inspected().split("\n\n"))
    assert re.split("  +", facts[0]) == ["model", "tiny, 659 parameters, from network.py:network"]
    assert re.split("  +", facts[1]) == [
        "input",
        f"3 \u00d7 16 \u00d7 16 px ({SIZES}), mean 0.5, 0.5, 0.5, std 0.5, 0.5, 0.5",
    ]
    expected = "6; smallest 16 \u00d7 16 px (dark/0.png); largest 20 \u00d7 40 px (light/2.png) (height \u00d7 width)"
    assert re.split("  +", facts[2]) == ["pictures", expected]
    assert re.split("  +", facts[3]) == ["classes", "2: dark, light"]
    for line, path in zip(facts[4:7], ("dark/0.png", "dark/2.png", "light/1.png"), strict=True):
        name, share = likeliest(made.root / "photos" / path)
        shown = f"{path} ({path.partition('/')[0]}): {name}, {percent(share)}"
        assert re.split("  +", line) == ["prediction", shown]
    assert facts[7].startswith("note: No weights given: as the factory made them")
    header, first, second = (line.split() for line in layers)
    assert header == ["layer", "address", "kind", "filters", "output", "parameters", "receptive", "field"]
    assert first[:4] == ["0", "0", "Conv2d", "4"]
    assert second[:4] == ["2", "2", "Conv2d", "5"]
    assert first[-4::2] == ["3", "3"]
    assert second[-4::2] == ["5", "5"]


def test_inspect_prints_the_same_as_json(made: Project) -> None:
    found = json.loads(inspected("--json"))
    assert found["input"] == {"size": [3, 16, 16], "mean": [0.5] * 3, "std": [0.5] * 3}
    assert found["images"]["smallest"] == {"path": "dark/0.png", "width": 16, "height": 16}
    assert (found["images"]["count"], found["images"]["measured"]) == (6, 6)
    assert found["classes"] == ["dark", "light"]
    name, share = likeliest(made.root / "photos" / "dark" / "0.png")
    assert found["predictions"][0] == {
        "path": "dark/0.png", "label": "dark", "prediction": name, "probability": pytest.approx(share, abs=1e-4),
    }  # fmt: skip
    warned = [warning["name"] for warning in found["warnings"]]
    assert warned == [
        line.rpartition("[")[2].rstrip("]") for line in inspected().splitlines() if line.startswith("warning: ")
    ]
    assert [(layer["name"], layer["slug"], layer["filters"]) for layer in found["layers"]] == [
        ("0", "0", 4),
        ("2", "2", 5),
    ]


def test_inspect_says_what_the_page_will_say(made: Project) -> None:
    made.write("network.py", NETWORK.replace("nn.ReLU(), second", "nn.Tanh(), second") + UNUSED)
    assert [line for line in inspected().splitlines() if line.startswith("note: ")][2:] == [
        "note: In 1 place an activation (Tanh) has no rule; its plain gradient is used.",
        "note: unused has no page: this Conv2d did not run in evaluation.",
    ]


def test_a_wrong_number_of_class_names_is_found_before_the_analysis(made: Project) -> None:
    made.config.write_text(made.config.read_text().replace("name: tiny", "name: tiny\n      classes: [a, b, c]"))
    result = CliRunner().invoke(main, ["inspect", "tiny"])
    assert result.stderr == (
        "Error: plugins.lurk.models[0].classes: 3 names for 2 outputs of the network; give one an output\n"
    )


def test_a_build_does_not_rehearse_when_its_results_are_there(made: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    made.build()

    def refuse(*_: Any) -> None:
        raise AssertionError("rehearsed")

    monkeypatch.setattr("mkdocs_lurk.run.session.rehearse_pictures", refuse)
    made.build()
