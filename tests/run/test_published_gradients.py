"""Gradients as the cache keeps them and as the site shows them, against those of plain autograd."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional as F

from mkdocs_lurk.images.webp import gradient_pixels
from mkdocs_lurk.pages.pictures.layer_pictures import write_pictures
from mkdocs_lurk.pages.pictures.photos import Photos
from mkdocs_lurk.store import ModelReader
from tests.run.analyses import Project, analysed
from tests.run.networks import input_tensors

SIDE = 64  # larger than pixel art, which is published without loss
NETWORK = """
import torch
from torch import nn
def net():
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 6, 5, stride=2), nn.ReLU(), nn.Conv2d(6, 4, 3)
    )
"""
LAYERS = ("0", "2", "4")


@pytest.fixture(scope="module")
def analysed_network(tmp_path_factory: pytest.TempPathFactory) -> tuple[ModelReader, Path]:
    from tests.run.conftest import project

    folder = tmp_path_factory.mktemp("published")
    (folder / "pictures").mkdir()
    generator = np.random.default_rng(0)
    for number in range(3):
        soft = Image.fromarray(generator.integers(0, 256, (9, 9, 3), np.uint8)).resize((SIDE, SIDE))
        soft.save(folder / "pictures" / f"{number}.png")
    (folder / "deep.py").write_text(NETWORK)
    make: Project = project.__wrapped__(folder)
    transform = {"crop": SIDE, "mean": [0.5] * 3, "std": [0.25] * 3, "channels": 3}
    declared: dict[str, Any] = {"source": "deep.py:net", "transform": transform, "synthesis": False, "top_k": 2}
    return analysed(make(root=folder, precision="float32", gradient="saliency", **declared)), folder


def plain_gradient(layer: str, index: int, x: torch.Tensor, position: list[int] | None) -> NDArray[np.float32]:
    scope: dict[str, Any] = {}
    exec(NETWORK, scope)  # noqa: S102 - the network of this test
    x = x[None].clone().requires_grad_()
    maps = x
    for number, module in enumerate(scope["net"]()):
        maps = F.relu(maps) if isinstance(module, torch.nn.ReLU) else module(maps)
        if str(number) == layer:
            break
    unit = maps[0, index].mean() if position is None else maps[0, index, position[0], position[1]]
    (gradient,) = torch.autograd.grad(unit, x)
    return gradient[0].numpy()


def computed(reader: ModelReader, folder: Path, layer: str) -> Iterator[tuple[Any, NDArray[np.float32]]]:
    """Every ranked picture of a layer, and its plain gradient inside the part that is shown."""
    tensors = input_tensors(folder / "pictures")
    for record in reader.layer(layer)["filters"]:
        for entry in (*record["top_avg"], *record["top_max"]):
            gradient = plain_gradient(layer, record["index"], tensors[entry["image"]], entry.get("position"))
            top, left, bottom, right = entry.get("grad_box", [0, 0, SIDE, SIDE])
            inside = gradient[:, top:bottom, left:right]
            assert np.count_nonzero(inside) == np.count_nonzero(gradient)
            yield entry, inside


def cosine(pixels: NDArray[np.uint8], gradient: NDArray[np.float32]) -> float:
    shown, values = pixels.astype(float).ravel() - 128, np.moveaxis(gradient, 0, -1).astype(float).ravel()
    return float(shown @ values / (np.linalg.norm(shown) * np.linalg.norm(values)))


@pytest.mark.parametrize("layer", LAYERS)
def test_the_cache_keeps_gradients_without_loss_but_for_rounding(
    analysed_network: tuple[ModelReader, Path], layer: str, tmp_path: Path
) -> None:
    reader, folder = analysed_network
    for entry, gradient in computed(reader, folder, layer):
        data = reader.picture(entry["grad"])
        assert data[12:16] == b"VP8L"
        (tmp_path / "a.webp").write_bytes(data)
        stored = np.asarray(Image.open(tmp_path / "a.webp").convert("RGB"))
        assert np.abs(stored.astype(int) - gradient_pixels(gradient)).max() <= 1  # sums in another order
        assert entry["grad"]["cosine"] == pytest.approx(cosine(stored, gradient), abs=1e-4)


@pytest.mark.parametrize("layer", LAYERS)
def test_published_gradients_have_the_direction_of_the_computed_ones(
    analysed_network: tuple[ModelReader, Path], layer: str, tmp_path: Path
) -> None:
    reader, folder = analysed_network
    photos = Photos(reader, reader.record["images"])
    pictures = write_pictures(reader, tmp_path, "layer", reader.layer(layer)["filters"], photos)
    n_large = 0
    for entry, gradient in computed(reader, folder, layer):
        region = pictures.regions[entry["grad"]["unit"], entry["grad"]["blob"]]
        sheet = np.asarray(Image.open(tmp_path / region.src).convert("RGB"))
        shown = sheet[region.y : region.y + region.height, region.x : region.x + region.width]
        assert shown.shape == (*gradient.shape[1:], 3)
        assert cosine(shown, gradient) >= 0.98
        n_large += max(shown.shape) > 48
    assert n_large
