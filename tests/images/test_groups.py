"""Nested class folders make groups, unless the author declares others or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from mkdocs_lurk.images.groups import class_groups, nested_groups
from mkdocs_lurk.images.image_set import list_images
from tests.config.declarations import read_model

NESTED = ("pets/cat/a.png", "pets/dog/b.png", "farm/cow/c.png", "farm/cow/deep/d.png")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name in NESTED:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(path)
    return tmp_path


@pytest.mark.parametrize("images", ["photos", "photos/**/*.png"])
def test_nested_class_folders_are_classes_in_groups(site: Path, images: str) -> None:
    config = read_model(site, images=images)
    pictures = list_images(config)
    assert pictures.labels == ("cat", "cow", "dog")
    assert class_groups(config, pictures.entries) == {"farm": ("cow",), "pets": ("cat", "dog")}


def test_groups_hold_the_classes_as_the_pictures_are_labelled(site: Path) -> None:
    (site / "photos" / "farm" / "cow").rename(site / "photos" / "farm" / "boe\u0301uf")
    config = read_model(site, images="photos")
    pictures = list_images(config)
    assert pictures.labels == ("bo\u00e9uf", "cat", "dog")
    assert class_groups(config, pictures.entries) == {"farm": ("bo\u00e9uf",), "pets": ("cat", "dog")}


def test_an_author_can_take_the_outer_folders_for_the_classes(site: Path) -> None:
    config = read_model(site, groups={})
    pictures = list_images(config)
    assert pictures.labels == ("farm", "pets")
    assert class_groups(config, pictures.entries) == {}


def test_declared_groups_win(site: Path) -> None:
    config = read_model(site, groups={"animals": ["farm", "pets"]})
    pictures = list_images(config)
    assert pictures.labels == ("farm", "pets")
    assert class_groups(config, pictures.entries) == {"animals": ("farm", "pets")}


@pytest.mark.parametrize(
    "paths",
    [
        ("cat/a.png", "pets/dog/b.png", "farm/cow/c.png"),  # one picture lies in one folder
        ("cat/2019/a.png", "dog/2019/b.png", "dog/2020/c.png"),  # an inner folder of the same name in both
        ("pets/cat/a.png", "pets/dog/b.png"),  # one group says nothing
        ("cat/old/a.png", "dog/new/b.png"),  # a group for each class says nothing
        ("train/cat/a.png", "train/dog/b.png", "Val/cow/c.png"),  # parts of a dataset
    ],
)
def test_other_folders_are_no_groups(paths: tuple[str, ...]) -> None:
    assert nested_groups(paths) is None
