from __future__ import annotations

import json
import logging
import os
import shutil
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.file_digests import FileDigests, path_key
from mkdocs_lurk.images.image_set import list_images

DATASET = """
import numpy as np
from pathlib import Path
from PIL import Image

with Path(__file__).with_name("ran").open("a") as file:
    file.write("x")

class Items:
    classes = ["zebra", "ant"]
    def __len__(self):
        return 11
    def __getitem__(self, number):
        if number == 4:
            raise OSError("disk\\nfault")
        picture = Image.new("RGB", (4, 4), (number, 0, 0))
        return picture, np.int64(number % 2)

class Plain(Items):
    def __getitem__(self, number):
        return np.full((4, 4), number, np.uint8)

class Named(Items):
    classes = None
    def __getitem__(self, number):
        return np.full((4, 4), number, np.uint8), "odd" if number % 2 else "even"

class Empty(Items):
    def __len__(self):
        return 0

def stream():
    return zip()

def failing():
    raise RuntimeError("no data here")
"""


def declared(root: Path, images: str = "photos") -> ModelConfig:
    return ModelConfig("net", "Net", "torchvision:vgg16", images, root)


def photo(path: Path, colour: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), (colour, 0, 0)).save(path)
    return path


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute has gone by since any file was written."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 60 * 10**9)


def test_class_folders_give_labels_and_sorted_paths(tmp_path: Path) -> None:
    for name in ("dog/b.png", "cat/persian/z.png", "cat/a.jpg", "loose.png", "dog/.hidden.png", ".git/x.png"):
        photo(tmp_path / "photos" / name)
    (tmp_path / "photos" / "CREDITS.txt").write_text("x")
    images = list_images(declared(tmp_path))
    assert [(entry.path, entry.label) for entry in images.entries] == [
        ("cat/a.jpg", "cat"), ("cat/persian/z.png", "cat"), ("dog/b.png", "dog"), ("loose.png", None),
    ]  # fmt: skip
    assert images.labels == ("cat", "dog")
    assert len(images) == 4
    assert images.open(0).size == (4, 4)


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    for name in ("b.png", "a.png"):
        photo(tmp_path / "photos" / name)
    images = list_images(declared(tmp_path))
    assert [(entry.path, entry.label) for entry in images.entries] == [("a.png", None), ("b.png", None)]
    assert images.labels == ()


def test_digests_are_of_contents_and_not_of_names(tmp_path: Path) -> None:
    one, two = photo(tmp_path / "photos" / "a.png", 1), photo(tmp_path / "photos" / "b.png", 1)
    other = photo(tmp_path / "photos" / "c.png", 2)
    assert one.read_bytes() == two.read_bytes() != other.read_bytes()
    digests = [entry.digest for entry in list_images(declared(tmp_path)).entries]
    assert digests[0] == digests[1] != digests[2]


def test_a_folder_with_several_links_is_listed_once(tmp_path: Path) -> None:
    photo(tmp_path / "elsewhere" / "a.png")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(tmp_path / "photos")
    assert [entry.path for entry in list_images(declared(tmp_path)).entries] == ["cat/a.png"]


def test_files_that_are_no_pictures_are_logged(tmp_path: Path, caplog: Any) -> None:
    photo(tmp_path / "photos" / "a.png")
    (tmp_path / "photos" / "notes.txt").write_text("x")
    with caplog.at_level(logging.DEBUG, "mkdocs.plugins.lurk.images"):
        list_images(declared(tmp_path))
    assert "notes.txt is no picture and is passed over" in caplog.messages


def test_the_error_for_a_folder_without_pictures_counts_other_files(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(ImageError) as caught:
        list_images(declared(tmp_path))
    assert str(caught.value) == "images: 'photos' holds no picture; put some there"
    for name in ("a.heic", "b.heic", "c.txt"):
        (tmp_path / "photos" / name).touch()
    with pytest.raises(ImageError) as caught:
        list_images(declared(tmp_path))
    assert str(caught.value) == "images: 'photos' holds no picture (only 2 .heic, 1 .txt); put some there"


def test_a_corrupt_picture_keeps_its_id_and_is_named_when_it_is_opened(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "cat" / "a.png")
    (tmp_path / "photos" / "cat" / "b.png").write_bytes(b"broken")
    photo(tmp_path / "photos" / "cat" / "c.png")
    images = list_images(declared(tmp_path))
    assert len(images) == 3
    with pytest.raises(ImageError, match=r"^cat/b\.png cannot be read \(no picture that Pillow knows"):
        images.open(1)
    assert images.open(2).size == (4, 4)


@pytest.mark.usefixtures("later")
def test_a_file_that_has_not_changed_is_not_read_again(tmp_path: Path, monkeypatch: Any) -> None:
    photo(tmp_path / "photos" / "a.png")
    cache_file = tmp_path / "cache" / "files.json"
    first = list_images(declared(tmp_path), cache_file)
    monkeypatch.setattr("hashlib.file_digest", None)
    assert list_images(declared(tmp_path), cache_file).entries == first.entries


def copy_over(source: Path, target: Path) -> None:
    shutil.copy2(source, target)


def rename_over(source: Path, target: Path) -> None:
    shutil.copy2(source, target.with_suffix(".part"))
    target.with_suffix(".part").replace(target)


def unpack_over(source: Path, target: Path) -> None:
    with tarfile.open(target.with_suffix(".tar"), "w") as archive:
        archive.add(source, target.name)
    with tarfile.open(target.with_suffix(".tar")) as archive:
        archive.extractall(target.parent, filter="data")


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("replace", [copy_over, rename_over, unpack_over])
def test_a_file_that_was_replaced_is_read_again_whatever_its_size_and_date(
    tmp_path: Path, replace: Callable[[Path, Path], None]
) -> None:
    path, other = photo(tmp_path / "photos" / "a.png", 1), photo(tmp_path / "other.png", 2)
    os.utime(path, ns=(10**18, 10**18))
    os.utime(other, ns=(10**18, 10**18))
    cache_file = tmp_path / "cache" / "files.json"
    first = list_images(declared(tmp_path), cache_file)
    replace(other, path)
    assert (path.stat().st_size, path.stat().st_mtime) == (other.stat().st_size, other.stat().st_mtime)
    assert path.read_bytes() == other.read_bytes()
    assert list_images(declared(tmp_path), cache_file).entries != first.entries


@pytest.mark.usefixtures("later")
def test_a_fresh_copy_of_a_folder_has_the_same_digests_without_anything_remembered(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "a.png")
    first = list_images(declared(tmp_path), tmp_path / "files.json")
    shutil.copytree(tmp_path / "photos", tmp_path / "clone" / "photos")
    assert list_images(declared(tmp_path / "clone"), tmp_path / "files.json").entries == first.entries


def test_the_digest_of_a_file_changed_just_now_is_not_remembered(tmp_path: Path) -> None:
    os.utime(photo(tmp_path / "photos" / "a.png"), ns=(10**18, 10**18))
    cache_file = tmp_path / "files.json"
    list_images(declared(tmp_path), cache_file)
    assert not cache_file.exists()


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"format": 0}',
        '{"format": 2, "files": {"a": 3}}',
        '{"format": 1, "files": {"a": [1, 2, "x"]}}',
        "3",
    ],
)
def test_a_damaged_digest_cache_is_replaced(tmp_path: Path, content: str) -> None:
    path = photo(tmp_path / "a.png")
    (tmp_path / "files.json").write_text(content)
    digests = FileDigests(tmp_path / "files.json")
    digest = digests.digest(path)
    digests.save()
    assert json.loads((tmp_path / "files.json").read_text())["files"][path_key(path)][1] == digest


@pytest.mark.usefixtures("later")
def test_two_processes_keep_each_others_digests(tmp_path: Path) -> None:
    one, two = photo(tmp_path / "a.png", 1), photo(tmp_path / "b.png", 2)
    first, second = FileDigests(tmp_path / "files.json"), FileDigests(tmp_path / "files.json")
    first.digest(one)
    second.digest(two)
    first.save()
    second.save()
    assert set(json.loads((tmp_path / "files.json").read_text())["files"]) == {path_key(one), path_key(two)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png", "files.json"]


@pytest.mark.usefixtures("later")
def test_a_digest_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    photo(tmp_path / "photos" / "a.png")
    (tmp_path / "file").touch()
    assert len(list_images(declared(tmp_path), tmp_path / "file" / "files.json")) == 1


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data.py").write_text(DATASET)
    return tmp_path


def test_a_dataset_keeps_its_order_and_its_class_names(data: Path) -> None:
    images = list_images(declared(data, "data.py:Items"))
    assert [entry.path for entry in images.entries] == [f"{number:02d}" for number in range(11)]
    assert [entry.label for entry in images.entries[:4]] == ["zebra", "ant", "zebra", "ant"]
    assert images.labels == ("ant", "zebra")
    assert images.label_indices == {"zebra": 0, "ant": 1}
    assert np.asarray(images.open(3))[0, 0].tolist() == [3, 0, 0]
    assert len({entry.digest for entry in images.entries}) == 11


def test_a_broken_item_keeps_its_id(data: Path) -> None:
    images = list_images(declared(data, "data.py:Items"))
    with pytest.raises(ImageError) as caught:
        images.open(4)
    assert str(caught.value) == "item 4 of data.py:Items cannot be read: OSError"


def test_dataset_items_may_have_no_label_or_a_text(data: Path) -> None:
    plain, named = list_images(declared(data, "data.py:Plain")), list_images(declared(data, "data.py:Named"))
    assert {entry.label for entry in plain.entries} == {None}
    assert [entry.label for entry in named.entries[:2]] == ["even", "odd"]
    assert named.label_indices == {}


def test_a_remembered_dataset_is_opened_only_to_read_a_picture(data: Path) -> None:
    cache_file = data / "cache" / "files.json"
    first = list_images(declared(data, "data.py:Plain"), cache_file)
    assert (data / "ran").read_text() == "x"
    again = list_images(declared(data, "data.py:Plain"), cache_file)
    assert (data / "ran").read_text() == "x"
    assert again.entries == first.entries
    assert np.array_equal(again.open(7), first.open(7))
    assert (data / "ran").read_text() == "xx"
    (data / "data.py").write_text(DATASET.replace("return 11", "return 5"))
    assert len(list_images(declared(data, "data.py:Plain"), cache_file)) == 5


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Empty", "images: the dataset of data.py:Empty is empty; relative paths in its code start from the folder "
                  "in which the command runs, so let it begin them with Path(__file__).parent, or give one with "
                  "pictures"),
        ("stream", "images: data.py:stream gave a zip; "
                   "it must return a map-style dataset, with a length and items by number"),
        ("failing", "images: data.py:failing raised RuntimeError: no data here (line 36); "
                    "mend the code there, or name another factory"),
        ("Item", "images: data.py has no 'Item'; did you mean 'Items' or 'stream'?"),
    ],
)  # fmt: skip
def test_the_error_for_an_unusable_dataset_is_one_line(data: Path, name: str, message: str) -> None:
    with pytest.raises(ImageError) as caught:
        list_images(declared(data, f"data.py:{name}"))
    assert str(caught.value) == f"plugins.lurk.models[0].{message}"
