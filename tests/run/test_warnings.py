"""A wrong set-up is warned about by its name, and a right one is not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mkdocs_lurk.build import analyze, log_warnings
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.config.transform import IMAGENET_MEAN, IMAGENET_STD
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.images.image_set import list_images
from mkdocs_lurk.images.transforms import make_transform
from mkdocs_lurk.named_warnings import WarningRecord, unreadable_warning
from mkdocs_lurk.run.plan import resolve
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Session, open_session
from mkdocs_lurk.run.warnings import _depth, chance_warning, shared_names_warning, warnings_at_start
from mkdocs_lurk.store.store import Store
from tests.run.networks import tiny_network

SIDE = 16
IMAGENET = {"mean": list(IMAGENET_MEAN), "std": list(IMAGENET_STD)}
DATA = f"""
import numpy as np
import torch
import torchvision.transforms as T
from torch.utils.data import Dataset

def photo(index, low=0, high=256):
    coarse = np.random.default_rng(index).integers(low, high, (4, 4, 3))
    return np.kron(coarse, np.ones(({SIDE // 4}, {SIDE // 4}, 1))).astype(np.uint8)

normalise = T.Normalize({IMAGENET_MEAN}, {IMAGENET_STD})
once = T.Compose([T.ToTensor(), normalise])
half = T.Normalize([0.5] * 3, [0.5] * 3)

class Items(Dataset):
    def __len__(self):
        return 12
    def __getitem__(self, index):
        return photo(index), index % 2

class Normalised(Items):
    def __getitem__(self, index):
        return once(photo(index)), index % 2

class Twice(Items):
    def __getitem__(self, index):
        return normalise(once(photo(index))), index % 2

class Halved(Items):
    def __getitem__(self, index):
        return half(T.ToTensor()(photo(index))), index % 2

class Unit(Items):
    def __getitem__(self, index):
        return T.ToTensor()(photo(index, 20, 250)) + 0.001, index % 2

class Reflectances(Items):
    def __getitem__(self, index):
        return torch.from_numpy(photo(index)).permute(2, 0, 1) * 40.0 + 1, index % 2

class Dim(Items):
    def __getitem__(self, index):
        return photo(index).astype(np.uint16) * 16, index % 2

class Night(Items):
    def __getitem__(self, index):
        return photo(index, 0, 40), index % 2

def once_transform():
    return once

def twice_transform():
    return T.Compose([T.ToTensor(), normalise, normalise])

def hidden_twice():
    steps = twice_transform()
    return lambda picture: steps(picture)

def hidden_once():
    return lambda picture: once(picture)

def caffe():
    return lambda picture: once(picture) * 0 + T.ToTensor()(picture) * 255 - 118
"""


def at_start(root: Path, images: str, transform: Any) -> list[WarningRecord]:
    (root / "data.py").write_text(DATA)
    declared = {"name": "net", "source": "torchvision:resnet18", "images": images, "transform": transform}
    model = from_mapping({"models": [declared]}, root).models[0]
    pictures = list_images(model)
    return warnings_at_start(pictures, make_transform(model, pictures))


PLAIN: dict[str, Any] = {"crop": SIDE}
RIGHT = {
    "pictures": ("Items", PLAIN),
    "pictures at 0..1": ("Items", PLAIN | {"mean": 0, "std": 1}),
    "pictures at 0..255, as Caffe's": ("Items", PLAIN | {"mean": 0.46, "std": 1 / 255}),
    "dark pictures": ("Night", PLAIN),
    "normalised items": ("Normalised", PLAIN | {"normalised": True} | IMAGENET),
    "items between -1 and 1": ("Halved", PLAIN | {"normalised": True, "mean": 0.5, "std": 0.5}),
    "reflectances": ("Reflectances", PLAIN | {"value_range": [0, 10_300]}),
    "12 bits": ("Dim", PLAIN | {"value_range": [0, 4095]}),
    "a function": ("Items", "data.py:once_transform"),
    "a function that does not tell its mean": ("Items", "data.py:hidden_once"),
    "a function that keeps 0..255": ("Items", "data.py:caffe"),
    "enlarged a little": ("Items", {"resize": 2 * SIDE, "crop": 2 * SIDE}),
}
WRONG = {
    "enlarged": ("Items", {"resize": 3 * SIDE, "crop": 2 * SIDE}),
    "padded": ("Items", {"crop": 2 * SIDE}),
    "normalised twice by a range of 0 to 1": ("Normalised", PLAIN | {"value_range": [0, 1]}),
    "normalised twice before": ("Twice", PLAIN | {"normalised": True} | IMAGENET),
    "normalised twice by a function": ("Items", "data.py:twice_transform"),
    "normalised twice by a function that does not tell": ("Items", "data.py:hidden_twice"),
    "not-normalised: 0..1": ("Unit", PLAIN | {"normalised": True} | IMAGENET),
    "not-normalised: reflectances": ("Reflectances", PLAIN | {"normalised": True} | IMAGENET),
    "clipped": ("Reflectances", PLAIN | {"value_range": [0, 8000]}),
    "unused-range": ("Dim", PLAIN),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_set_up_is_not_warned_about(tmp_path: Path, name: str) -> None:
    images, transform = RIGHT[name]
    assert at_start(tmp_path, f"data.py:{images}", transform) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_set_up_is_warned_about_once_by_its_name(tmp_path: Path, name: str) -> None:
    images, transform = WRONG[name]
    expected = "normalised-twice" if name.startswith("normalised twice") else name.partition(":")[0]
    assert [found["name"] for found in at_start(tmp_path, f"data.py:{images}", transform)] == [expected]


def test_the_facts_are_what_was_seen(tmp_path: Path) -> None:
    (enlarged,) = at_start(tmp_path, "data.py:Items", {"resize": 3 * SIDE, "crop": 2 * SIDE})
    assert enlarged["fact"] == (
        "100% of the 12 sampled pictures are enlarged more than 2 times, from a short side of 16 px to 48 px"
    )
    (dim,) = at_start(tmp_path, "data.py:Dim", PLAIN)
    assert "4,080 of 65535" in dim["fact"]
    assert "value_range: [0, 4095]" in dim["remedy"]


@pytest.mark.parametrize(
    ("brightest", "said", "white"),
    [
        (1 / 255, ": for 8 bits that is 1 of 255", "1"),
        (float(np.float32(12 / 255)), ": for 8 bits that is 12 of 255", "15"),
        (4080 / 65535, ": for 16 bits that is 4,080 of 65535", "4095"),
        (float(np.float32(8191 / 65535)), ": for 16 bits that is 8,191 of 65535", "8191"),
        (0.0123456, "", "0.0123"),
    ],
)
def test_an_unused_range_is_told_in_the_numbers_of_the_file(brightest: float, said: str, white: str) -> None:
    assert _depth(brightest) == (said, white)


@pytest.mark.parametrize(
    ("folders", "warned"),
    [
        (["train", "val"], True),
        (["Train", "Validation", "test"], True),
        (["test"], True),
        (["train", "bus", "boat"], False),
        (["trainer", "valley"], False),
    ],
)
def test_class_folders_that_are_parts_of_a_dataset_are_warned_about(
    tmp_path: Path, folders: list[str], warned: bool
) -> None:
    for folder in folders:
        (tmp_path / "photos" / folder).mkdir(parents=True)
        noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "photos" / folder / "a.png")
    found = [warning["name"] for warning in at_start(tmp_path, "photos", PLAIN)]
    assert found == (["split-classes"] if warned else [])


def test_a_network_at_chance_is_warned_about() -> None:
    warning = chance_warning(right=3, n=40, outputs=10)
    assert warning is not None
    assert warning["fact"].startswith("3 of 40 pictures are named right, which guessing among 10 outputs reaches, too")
    assert chance_warning(right=20, n=40, outputs=10) is None


def test_unreadable_pictures_are_counted_and_some_are_named() -> None:
    skipped = [(f"{n}.png", f"{n}.png cannot be read (x)" if n else "is too small") for n in range(5)]
    warning = unreadable_warning(skipped, 9)
    assert warning is not None
    assert warning["fact"] == (
        "5 of 9 pictures could not be read: 0.png is too small, 1.png cannot be read (x), 2.png cannot be read (x), "
        "and 2 more"
    )
    assert unreadable_warning([], 9) is None


def session_with(project: Callable[..., LurkConfig], include: list[str], *children: str) -> Session:
    """Open a session with a weights file that holds some of the network's children."""
    folder = project().root
    state = {name: value for name, value in tiny_network().state_dict().items() if name.startswith(children)}
    torch.save(state, folder / "part.pt")
    config = project(weights="part.pt", layers={"include": include})
    return open_session(config, config.models[0], Store(config.cache_dir), SilentProgress(), Ranks())


@pytest.mark.parametrize(("include", "names"), [(["*"], "first, second"), (["second"], "second")])
def test_a_weights_file_of_the_head_alone_is_refused(
    project: Callable[..., LurkConfig], include: list[str], names: str
) -> None:
    with pytest.raises(ModelError) as caught:
        session_with(project, include, "head")
    assert str(caught.value).startswith(
        f"model 'tiny': the weights file holds nothing for the layers that are analysed ({names}), so that"
    )


@pytest.mark.parametrize(
    ("held", "layers", "random"),
    [
        (("first", "second"), ["*"], ""),
        (("first", "head"), ["*"], "second"),
        (("second",), ["*"], "first"),
        (("first",), ["first"], ""),
    ],
)
def test_layers_that_keep_random_values_are_warned_about(
    project: Callable[..., LurkConfig], held: tuple[str, ...], layers: list[str], random: str
) -> None:
    session = session_with(project, layers, *held)
    found = [warning["fact"] for warning in session.warnings_at_start if warning["name"] == "random-layers"]
    assert [fact.partition(":")[0] for fact in found] == (
        [f"the weights file holds nothing for 1 of the 2 layers ({random})"] if random else []
    )


@pytest.mark.parametrize(
    ("held", "layers", "random"),
    [
        (("first", "second", "head"), ["*"], []),
        (("first", "second"), ["*"], ["head", "the outputs, their classes and their evaluation"]),
        (("second", "head"), ["second"], ["first", "the layers second and of the outputs, their classes and"]),
        (("first", "head"), ["*"], []),
    ],
)
def test_other_parts_that_keep_random_values_are_warned_about(
    project: Callable[..., LurkConfig], held: tuple[str, ...], layers: list[str], random: list[str]
) -> None:
    session = session_with(project, layers, *held)
    found = [warning for warning in session.warnings_at_start if warning["name"] == "random-parts"]
    assert bool(found) == bool(random)
    for warning in found:
        assert warning["fact"].startswith(f"the weights file holds nothing for {random[0]}: ")
        assert f"({random[1]}" in warning["fact"]


def test_every_build_logs_what_was_found_and_ignore_accepts_it_without_a_new_analysis(
    project: Callable[..., LurkConfig], caplog: pytest.LogCaptureFixture
) -> None:
    config = project(count=30, transform={"resize": 3 * SIDE, "crop": 2 * SIDE})  # 30 pictures, 3 outputs, untrained
    store = Store(config.cache_dir)
    ((model, key),) = analyze(config, config.models, store)
    levels = {}
    for ignored in ([], ["chance"], ["enlarged", "chance"]):
        accepting = project(transform={"resize": 3 * SIDE, "crop": 2 * SIDE}, ignore=ignored)
        (state,) = resolve(accepting, store)
        assert state.key == key
        caplog.clear()
        with caplog.at_level(logging.INFO):
            log_warnings(state.config, key, store)
        levels[len(ignored)] = [(record.levelno, record.getMessage().partition(":")[0]) for record in caplog.records]
        assert "enlarged" in caplog.messages[0]
        assert "guessing among 3 outputs" in caplog.messages[1]
    assert [[level for level, _ in found] for found in levels.values()] == [
        [logging.WARNING, logging.WARNING], [logging.WARNING, logging.INFO], [logging.INFO, logging.INFO],
    ]  # fmt: skip
    assert model.name == "tiny"


def test_classes_that_several_outputs_are_called_are_warned_about() -> None:
    shared, labels = {"crane": [0, 2], "maillot": [3, 4]}, ["ant", "crane", "crane", None, "maillot"]
    found = shared_names_warning(shared, labels, [1, -1, -1, -1, 3])
    assert found is not None
    assert found["fact"] == (
        "2 of 5 pictures belong to classes whose name several outputs have (crane: 0, 2), so that none of these is "
        "known to be right for them"
    )
    assert "label_map: {crane: 0}" in found["remedy"]
    assert shared_names_warning(shared, labels, [1, 0, 2, -1, 3]) is None


def opened(config: LurkConfig) -> Session:
    return open_session(config, config.models[0], Store(config.cache_dir), SilentProgress(), Ranks())


def test_inspect_warns_of_a_name_that_two_outputs_have(project: Callable[..., LurkConfig]) -> None:
    declared = project(images="pictures", classes=["class-0", "class-1", "class-1"])
    assert [one["name"] for one in opened(declared).warnings_at_start if "shared" in one["name"]] == ["shared-names"]
    mapped = project(classes=["class-0", "class-1", "class-1"], label_map={"class-1": 2})
    session = opened(mapped)
    assert not [one for one in session.warnings_at_start if "shared" in one["name"]]
    assert session.rehearsed.classes.names == ("class-0", "class-1 (1)", "class-1 (2)")
