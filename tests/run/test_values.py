"""A Dataset whose values are declared is analysed with them, and its pictures are kept as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store
from tests.run.networks import SIDE, layer_outputs

DATA = f"""
import numpy as np
import torch
import torchvision.transforms as T
from torch.utils.data import Dataset

def photo(index):
    return np.random.default_rng(index).integers(0, 256, ({SIDE}, {SIDE}, 3), np.uint8)

class Normalised(Dataset):
    steps = T.Compose([T.ToTensor(), T.Normalize([0.4, 0.5, 0.6], [0.2, 0.25, 0.3])])
    def __len__(self):
        return 9
    def __getitem__(self, index):
        return self.steps(photo(index))

class Reflectances(Normalised):
    def __getitem__(self, index):
        return torch.from_numpy(photo(index)).permute(2, 0, 1) / 255 * 10_000
"""
NUMBERS: dict[str, Any] = {"crop": SIDE, "mean": [0.4, 0.5, 0.6], "std": [0.2, 0.25, 0.3]}


@pytest.mark.parametrize(
    ("name", "key"), [("Normalised", {"normalised": True}), ("Reflectances", {"value_range": [0, 10_000]})]
)
def test_the_network_gets_these_values_and_the_page_these_pictures(
    project: Callable[..., LurkConfig], tmp_path: Path, name: str, key: dict[str, Any]
) -> None:
    (tmp_path / "data.py").write_text(DATA)
    config = project(images="data.py:" + name, transform=NUMBERS | key, synthesis=False)
    store = Store(config.cache_dir)
    reader = ModelReader(store, analyze(config, config.models[0], store))
    namespace: dict[str, Any] = {}
    exec(DATA, namespace)  # noqa: S102 - the text above
    items = namespace["Normalised"]()
    means = layer_outputs(torch.stack([items[index] for index in range(len(items))]))["first"].mean((2, 3))
    for index, found in enumerate(reader.layer("first")["filters"]):
        expected, images = means[:, index].topk(3)
        assert [entry["image"] for entry in found["top_avg"]] == images.tolist()
        assert [entry["score"] for entry in found["top_avg"]] == pytest.approx(expected.tolist(), rel=1e-4, abs=1e-5)
    for index, image in enumerate(reader.record["images"]):
        assert np.array_equal(decode_picture(reader.picture(image["picture"])), namespace["photo"](index))
    assert reader.record["warnings"] == []
    assert reader.record["model"]["input"] == {
        "size": [3, SIDE, SIDE], "mean": [0.4, 0.5, 0.6], "std": [0.2, 0.25, 0.3], "resize": None,
        "crop": [SIDE, SIDE], "interpolation": None, "normalised": name == "Normalised",
        "value_range": key.get("value_range"),
    }  # fmt: skip
