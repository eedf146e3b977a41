"""A network that is always right is published as such, with the right names, or its accuracy is left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mkdocs_lurk.build import analyze, inspect
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.store.store import Store

WORDS = ("zebra", "ant", "Bee", "10", "cat", "dog", "eel", "2", "fox", "gnu", "hen", "ibis")
ASSUMED = "The outputs are assumed to be the classes in alphabetical order."
SOURCE = f"""
import numpy as np
import torch
from torch import nn
from torch.utils.data import Subset

WORDS = {WORDS}

class Grey(nn.Module):
    "Output k is the class of the grey level 20 k."
    def __init__(self):
        super().__init__()
        self.mean = nn.Conv2d(3, 3, 1)
        nn.init.constant_(self.mean.weight, 1 / 3)
        nn.init.zeros_(self.mean.bias)
    def forward(self, x):
        return -1000 * (self.mean(x).mean((1, 2, 3))[:, None] - torch.arange(12.) * 20 / 255) ** 2

class Items:
    "Item i is of class i, called by its number or by its word."
    as_text = False
    def __len__(self):
        return 12
    def __getitem__(self, index):
        return np.full((8, 8, 3), 20 * index, np.uint8), WORDS[index] if self.as_text else index

class Named(Items):
    classes = WORDS

class Indexed(Items):
    class_to_idx = {{word: index for index, word in enumerate(WORDS)}}

class NamedTexts(Named):
    as_text = True

class Texts(Items):
    as_text = True

class Few(Items):
    "A class folder of twelve each, as ImageFolder sees two of them: numbered anew."
    classes = ("dog", "zebra")
    def __len__(self):
        return 2
    def __getitem__(self, index):
        return Items()[(5, 0)[index]][0], index

def some():
    return Subset(Items(), [11, 2, 7])

def some_named():
    return Subset(Named(), [11, 2, 7])
"""


@pytest.fixture
def declared(tmp_path: Path) -> Callable[..., LurkConfig]:
    (tmp_path / "data.py").write_text(SOURCE)
    lines = ["path,label"]
    for index, word in enumerate(WORDS):
        picture = Image.fromarray(np.full((8, 8, 3), 20 * index, np.uint8))
        for folder in (f"numbers/{index}", f"words/{word}"):
            (tmp_path / folder).mkdir(parents=True)
            picture.save(tmp_path / folder / "0.png")
        lines.append(f"numbers/{index}/0.png,{index}")
    (tmp_path / "numbers.csv").write_text("\n".join(lines))

    def make(images: str, **model: Any) -> LurkConfig:
        transform = {"resize": 8, "crop": 8, "mean": 0, "std": 1}
        model = {"source": "data.py:Grey", "transform": transform, "synthesis": False, "top_k": 1, **model}
        return from_mapping({"models": [{"name": "grey", "images": images, **model}]}, tmp_path)

    return make


def published(config: LurkConfig) -> dict[str, Any]:
    """The record of the model, which must say what ``inspect`` says."""
    store = Store(config.cache_dir)
    before = inspect(config, config.models[0], store)
    ((_, key),) = analyze(config, config.models, store)
    record: Any = store.get(key).record
    assert [note for note in record["notes"] if "output" in note] == [n for n in before["notes"] if "output" in n]
    pictures = {image["path"]: image for image in record["images"]}
    for guess in before["predictions"]:
        names = pictures[guess["path"]].get("predictions")
        assert guess["prediction"] == names[0][0] if names else re.match("output [0-9]+$", guess["prediction"])
    return record


@pytest.mark.parametrize(
    ("images", "classes"),
    [
        ("data.py:Items", None),
        ("data.py:Named", None),
        ("data.py:Indexed", None),
        ("data.py:NamedTexts", None),
        ("data.py:some", None),
        ("data.py:some_named", None),
        ("numbers.csv", None),
        ("data.py:Items", WORDS),
        ("data.py:Named", WORDS),
        ("data.py:Texts", WORDS),
        ("data.py:Few", WORDS),
        ("words", WORDS),
        ("numbers.csv", WORDS),
        ("numbers", tuple(map(str, range(12)))),
        ("data.py:Named", tuple(f"class {index}" for index in range(12))),
    ],
)
def test_a_network_that_is_right_is_right(
    declared: Callable[..., LurkConfig], images: str, classes: tuple[str, ...] | None
) -> None:
    config = declared(images, **({} if classes is None else {"classes": list(classes)}))
    record = published(config)
    assert record["evaluation"]["top1"] == 1
    assert record["evaluation"]["n"] == len(record["images"])
    assert not any("output" in note for note in record["notes"])
    if classes is None:
        assert all(image["predictions"][0][0] == image["label"] for image in record["images"])


@pytest.mark.parametrize(("images", "reason"), [("numbers", "that of texts"), ("data.py:Few", "dataset has 2 classes")])
def test_accuracy_is_left_out_where_the_order_is_unknown(
    declared: Callable[..., LurkConfig], images: str, reason: str
) -> None:
    record = published(declared(images))
    assert record["evaluation"]["skipped"].startswith("no class of the pictures is known to be an output")
    assert not any("predictions" in image for image in record["images"])
    assert [note for note in record["notes"] if reason in note and "left out" in note]


@pytest.mark.parametrize("images", ["words", "data.py:Texts"])
def test_the_order_of_texts_is_said_to_be_assumed(declared: Callable[..., LurkConfig], images: str) -> None:
    record = published(declared(images))
    assert ASSUMED in record["notes"]
    order = sorted(WORDS)
    for image in record["images"]:
        assert image["predictions"][0][0] == order[WORDS.index(image["label"])]


@pytest.mark.parametrize("letters", [WORDS, "abcdefghijkl"], ids=["another order", "alphabetical"])
def test_predictions_that_speak_for_another_order_are_warned_about(
    declared: Callable[..., LurkConfig], tmp_path: Path, letters: tuple[str, ...] | str
) -> None:
    for index, name in enumerate(letters):
        for number in range(2):
            path = tmp_path / "folders" / name / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((8, 8, 3), 20 * index, np.uint8)).save(path)
    record = published(declared("folders"))
    warnings = {warning["name"]: warning for warning in record["warnings"]}
    assert ("class-order" in warnings) == (letters is WORDS)
    if letters is WORDS:
        assert "another order names 24 right: '10' as output 3, " in warnings["class-order"]["fact"]
        assert "classes" in warnings["class-order"]["remedy"]
