from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.images.webp import decode_picture, gradient_pixels
from mkdocs_lurk.models.loading.sources import load_network
from mkdocs_lurk.run.stages.connections import Connections
from mkdocs_lurk.run.work import Sizes
from tests.run.analyses import Project, analysed
from tests.run.networks import input_tensors, layer_outputs


def by_hand(config: LurkConfig, step: int = 1) -> torch.Tensor:
    """The weights of all wires from the first layer to the second, ``(5, 6)``."""
    kernel = load_network(config.models[0]).module.second.weight
    typical = layer_outputs(input_tensors(config.root / "pictures"))["first"].amax((2, 3))[::step].clamp(min=0).mean(0)
    strength = kernel.abs().sum((2, 3)) * typical
    sign = torch.where(kernel.sum((2, 3)) < 0, -1, 1)
    return (strength / strength.amax(1, keepdim=True) * sign).detach()


def check(found: list[list[Any]], layer: str, weights: torch.Tensor) -> None:
    order = sorted(range(len(weights)), key=lambda index: -abs(float(weights[index])))[:6]
    assert [wire[:2] for wire in found] == [[layer, index] for index in order]
    assert [wire[2] for wire in found] == pytest.approx([float(weights[index]) for index in order], rel=1e-3)


def test_records_hold_the_wires(project: Project) -> None:
    config = project()
    reader, weights = analysed(config), by_hand(config)
    for item in reader.layer("first")["filters"]:
        assert item["wiring"]["inputs"] == []
        check(item["wiring"]["outputs"], "second", weights[:, item["index"]])
    for item in reader.layer("second")["filters"]:
        check(item["wiring"]["inputs"], "first", weights[item["index"]])
        assert item["wiring"]["outputs"] == []
        assert "kernel" not in item


def test_responses_are_those_of_evenly_spaced_pictures(project: Project) -> None:
    config = project()
    weights = by_hand(config, 3)
    for item in analysed(config, Sizes(connection_pictures=7, shard_pictures=4)).layer("second")["filters"]:
        check(item["wiring"]["inputs"], "first", weights[item["index"]])


def test_first_kernels_are_pictures(project: Project) -> None:
    config = project()
    reader = analysed(config)
    kernels = load_network(config.models[0]).module.first.weight.detach().numpy()
    for item in reader.layer("first")["filters"]:
        assert item["kernel"]["size"] == [3, 3]
        pixels = decode_picture(reader.picture(item["kernel"]))
        assert np.array_equal(pixels, gradient_pixels(kernels[item["index"]]))


SPECTRAL = """
import numpy as np
import torch
from torch import nn


class Pictures:
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return np.random.default_rng(index).random((16, 16, 5), np.float32)


def spectral():
    module = nn.Sequential(nn.Conv2d(5, 4, 3))
    with torch.no_grad():
        module[0].weight[1, :3] = 0
        module[0].weight[2] = 0
    return module
"""


def test_a_kernel_in_channels_that_are_not_shown_says_so(project: Project, tmp_path: Path) -> None:
    (tmp_path / "spectral.py").write_text(SPECTRAL)
    transform = {"crop": 16, "mean": [0.5] * 5, "std": [0.25] * 5, "channels": 5}
    reader = analysed(project(source="spectral.py:spectral", images="spectral.py:Pictures", transform=transform))
    kernels = [item["kernel"] for item in reader.layer("0")["filters"]]
    assert kernels[1] == {"skipped": "its weights lie in channels that are not shown"}
    assert [kernels[index]["size"] for index in (0, 2, 3)] == [[3, 3]] * 3


def test_a_layer_left_out_is_named(project: Project) -> None:
    reader = analysed(project(layers={"include": ["second"]}))
    for item in reader.layer("second")["filters"]:
        assert item["wiring"] == {"skipped": "it reads first, which layers.include does not show"}


def test_other_settings_find_the_same_unit(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = analysed(project())
    monkeypatch.setattr(Connections, "compute", None)
    second = analysed(project(title="Another", synthesis=False))
    assert second.key != first.key
    for name in ("first", "second"):
        kept = [[item["wiring"] for item in reader.layer(name)["filters"]] for reader in (first, second)]
        assert kept[0] == kept[1]


def test_other_pictures_find_other_wires(project: Project, tmp_path: Path) -> None:
    roots = [tmp_path / "one", tmp_path / "two"]
    first = analysed(project(root=roots[0]))
    config = project(root=roots[1])
    path = min((roots[1] / "pictures").rglob("*.png"))
    Image.eval(Image.open(path), lambda value: 255 - value).save(path)
    units = [reader.layer("first")["filters"][0]["kernel"]["unit"] for reader in (first, analysed(config))]
    assert units[0] != units[1]
