"""A Dataset is listed once, and every item that is read later is compared with its listing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mkdocs_lurk.config.images import ImagesDetail
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import DatasetError, ImageError
from mkdocs_lurk.images.image_set import list_images

DATA = """
import threading
import numpy as np
from pathlib import Path

HERE = Path(__file__).parent
made = threading.get_ident()

class Noted:
    shift, count = 0, 9
    def __init__(self):
        self.reads = []
    def __len__(self):
        return self.count
    def __getitem__(self, number):
        assert threading.get_ident() == made
        self.reads.append(number)
        with (HERE / "reads").open("a") as file:
            file.write(f"{number} ")
        text = (HERE / "level").read_text() if (HERE / "level").exists() else "0"
        if text == "gone":
            raise OSError("unplugged")
        return np.full((4, 4, 3), number + int(text), np.uint8)

class Flaky(Noted):
    def __getitem__(self, number):
        self.reads.append(number)
        if number == 2 and self.reads.count(2) == 1:
            raise OSError("not yet")
        return np.full((4, 4, 3), number, np.uint8)

class Buffered(Noted):
    def __init__(self):
        self.buffer = np.zeros((4, 4, 2), np.uint8)
    def __getitem__(self, number):
        self.buffer[:] = number
        return self.buffer

class Ordered(Noted):
    def __init__(self):
        super().__init__()
        self.classes = (HERE / "order").read_text().split()
    def __getitem__(self, number):
        return super().__getitem__(number), "cat" if number % 2 else "dog"

def splits():
    return {"train": Noted(), "test": Flaky()}

def none():
    return {}
"""


def declared(root: Path, name: str, split: str | None = None) -> ModelConfig:
    (root / "data.py").write_text(DATA)
    return ModelConfig("net", "Net", "torchvision:vgg16", f"data.py:{name}", root, ImagesDetail(split=split))


def test_a_dataset_is_read_in_order_and_a_sample_twice(tmp_path: Path) -> None:
    list_images(declared(tmp_path, "Noted"))
    assert (tmp_path / "reads").read_text() == "0 1 2 3 4 5 6 7 8 8 6 5 4 3 2 1 0 "


def test_an_item_that_was_listed_earlier_and_changed_since_is_named_and_the_list_forgotten(tmp_path: Path) -> None:
    config, cache = declared(tmp_path, "Noted"), tmp_path / "cache" / "pictures.json"
    list_images(config, cache)
    (tmp_path / "level").write_text("100")
    with pytest.raises(DatasetError) as caught:
        list_images(config, cache).open(3)
    assert str(caught.value) == (
        "plugins.lurk.models[0].images: data.py:Noted is not what it was when it was listed: item 3 has other pixels; "
        "its data changed, or "
        "its factory draws at random; the list is forgotten: run again"
    )
    assert np.asarray(list_images(config, cache).open(3))[0, 0, 0] == 103


def test_an_item_that_was_listed_earlier_and_is_gone_is_no_picture_to_skip(tmp_path: Path) -> None:
    config, cache = declared(tmp_path, "Noted"), tmp_path / "cache" / "pictures.json"
    list_images(config, cache)
    (tmp_path / "level").write_text("gone")
    with pytest.raises(DatasetError, match=r"when it was listed: item 3 cannot be read: OSError; its data"):
        list_images(config, cache).open(3)


def test_a_length_that_changed_since_the_listing_is_named(tmp_path: Path) -> None:
    config, cache = declared(tmp_path, "Noted"), tmp_path / "cache" / "pictures.json"
    list_images(config, cache)
    (listing,) = cache.parent.glob("*.json")
    listing.write_text(listing.read_text().replace("[[", '[["x", null, "y"], [', 1))
    with pytest.raises(DatasetError, match="when it was listed: it has 9 items, not 10; its data changed"):
        list_images(config, cache).open(3)


def test_the_order_of_its_classes_is_listed_and_compared(tmp_path: Path) -> None:
    config, cache = declared(tmp_path, "Ordered"), tmp_path / "cache" / "pictures.json"
    (tmp_path / "order").write_text("dog cat")
    assert list_images(config, cache).class_names == list_images(config, cache).class_names == ("dog", "cat")
    (tmp_path / "order").write_text("cat dog")
    with pytest.raises(DatasetError, match="was listed: it names other classes, or in another order; its data changed"):
        list_images(config, cache).open(3)
    assert list_images(config, cache).class_names == ("cat", "dog")


def test_an_item_that_can_be_read_only_the_second_time_is_named(tmp_path: Path) -> None:
    images = list_images(declared(tmp_path, "Flaky"))
    with pytest.raises(DatasetError, match=r"\]\.images: item 2 of data\.py:Flaky failed once and can be read when it"):
        images.open(2)


def test_the_list_of_a_dataset_that_does_not_repeat_itself_is_forgotten(tmp_path: Path) -> None:
    config, cache = declared(tmp_path, "Flaky"), tmp_path / "cache" / "pictures.json"
    images = list_images(config, cache)
    assert list(cache.parent.glob("*.json"))
    with pytest.raises(DatasetError):
        images.open(2)
    assert not list(cache.parent.glob("*.json"))


def test_a_picture_is_a_copy_of_the_buffer_that_a_dataset_fills_anew(tmp_path: Path) -> None:
    images = list_images(declared(tmp_path, "Buffered"))
    first, second = np.asarray(images.open(1)), np.asarray(images.open(2))
    assert (first[0, 0, 0], second[0, 0, 0]) == (1, 2)


def test_one_split_of_a_mapping_of_datasets_is_read(tmp_path: Path) -> None:
    assert len(list_images(declared(tmp_path, "splits", "train"))) == 9


@pytest.mark.parametrize(
    ("name", "split", "message"),
    [
        ("splits", None, "images: data.py:splits has the splits train, test; "
                         "name one: {dataset: data.py:splits, split: train}"),
        ("splits", "trian", "images.split: data.py:splits has no 'trian'; did you mean 'train'?"),
        ("splits", "x", "images.split: data.py:splits has no 'x'; it has train, test"),
        ("Noted", "train", "images: data.py:Noted has no splits; leave out split: train"),
        ("none", None, "images: the dataset of data.py:none is empty; give one with pictures"),
    ],
)  # fmt: skip
def test_the_error_for_a_wrong_split_is_one_line(tmp_path: Path, name: str, split: str | None, message: str) -> None:
    with pytest.raises(ImageError) as caught:
        list_images(declared(tmp_path, name, split))
    assert str(caught.value) == f"plugins.lurk.models[0].{message}"


def test_a_dataset_that_is_empty_now_stops_the_analysis_and_says_where_paths_start(tmp_path: Path) -> None:
    config, cache = declared(tmp_path, "Ordered"), tmp_path / "cache" / "pictures.json"
    (tmp_path / "order").write_text("cat dog")
    list_images(config, cache)
    images = list_images(config, cache)
    (tmp_path / "order").unlink()
    with pytest.raises(DatasetError, match=r"^plugins\S+\.images: data\.py:Ordered raised .*listed before with 9"):
        images.open(0)
