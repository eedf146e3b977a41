"""Pictures are found in folders, by globs, in CSV files and in lists, with their classes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mkdocs_lurk.errors import LurkError
from mkdocs_lurk.images import picture_files
from mkdocs_lurk.images.globs import EntryCount
from mkdocs_lurk.images.image_set import list_images
from mkdocs_lurk.images.picture_files import _walk
from tests.config.declarations import read_model


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with pictures of cats and dogs in two splits."""
    root = tmp_path / "site"
    for name in ("train/cat/a.png", "train/dog/b.png", "val/cat/c.png", "val/dog/d.jpg", "val/dog/deep/e.png"):
        path = root / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(path)
    (root / "data" / "val" / "dog" / "notes.txt").touch()
    return root


def found(site: Path, images: object) -> dict[str, str | None]:
    return {entry.path: entry.label for entry in list_images(read_model(site, images=images)).entries}


def test_one_split_of_a_folder_has_its_own_classes(site: Path) -> None:
    expected = {"cat/c.png": "cat", "dog/d.jpg": "dog", "dog/deep/e.png": "dog"}
    assert found(site, {"folder": "data", "split": "val"}) == expected
    assert found(site, {"folder": "data/val"}) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("data/val/*/*.png", {"cat/c.png": "cat"}),
        ("data/val/**/*", {"cat/c.png": "cat", "dog/d.jpg": "dog", "dog/deep/e.png": "dog"}),
        ("data/val/dog/*", {"d.jpg": None}),
        ("data/*/[c]at/?.png", {"train/cat/a.png": "train", "val/cat/c.png": "val"}),
    ],
)
def test_a_glob_fits_files_below_its_fixed_part(site: Path, pattern: str, expected: dict[str, str | None]) -> None:
    assert found(site, pattern) == expected
    assert found(site, str(site / pattern)) == expected


def test_a_folder_with_brackets_in_its_name_is_no_glob(site: Path) -> None:
    (site / "data" / "val").rename(site / "data [new]")
    assert len(found(site, "data [new]")) == 3


def test_a_header_without_a_known_column_of_classes_is_told(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "mkdocs.plugins.lurk.images")
    (site / "data" / "list.csv").write_text("image,species,sex\ntrain/cat/a.png,tabby,f\n")
    for _ in range(2):
        assert found(site, "data/list.csv") == {"train/cat/a.png": None}
    (line,) = caplog.messages
    assert line.startswith("list.csv: the pictures get no classes: ")
    assert "'species, sex' is not read" in line
    caplog.clear()
    for text in ("path\ntrain/cat/a.png\n", "species,image,label\nx,train/cat/a.png,cat\n"):
        (site / "data" / "list.csv").write_text(text)
        found(site, "data/list.csv")
    assert not caplog.messages


REAL = {"train/cat/a.png": "10.0", "train/dog/b.png": "2.0", "val/cat/c.png": "9", "val/dog/d.jpg": ""}


@pytest.mark.parametrize(
    ("changed", "classes"),
    [({}, ("2", "9", "10")), ({"val/cat/c.png": "2.5"}, ("2.0", "2.5", "10.0")), ({"val/cat/c.png": "x"}, None)],
)
def test_labels_that_all_are_numbers_are_in_the_order_of_these(
    site: Path, changed: dict[str, str], classes: tuple[str, ...] | None
) -> None:
    labels = REAL | changed
    (site / "data" / "list.csv").write_text("\n".join(f"{path},{label}" for path, label in labels.items()))
    listed = [{"path": f"data/{path}", **({"label": float(label)} if label else {})} for path, label in REAL.items()]
    for images, expected in (("data/list.csv", classes or ("10.0", "2.0", "x")), (listed, ("2", "9", "10"))):
        assert list_images(read_model(site, images=images)).labels == expected


def test_what_tables_write_for_a_missing_number_is_no_label(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "mkdocs.plugins.lurk.images")
    table = site / "data" / "list.csv"
    table.write_text("path,label\nval/cat/c.png,1.0\nval/dog/d.jpg,nan\ntrain/cat/a.png,NA\ntrain/dog/b.png,0.0\n")
    assert list(found(site, "data/list.csv").values()) == [None, "0", "1", None]
    assert caplog.messages == [
        "images: 2 pictures without a class: all other classes are numbers, and 'NA, nan' stands for a missing one; "
        "give it another name if it is a class"
    ]
    listed = [{"path": "data/val/cat/c.png", "label": 1.0}, {"path": "data/val/dog/d.jpg", "label": float("nan")}]
    assert list(found(site, listed).values()) == ["1", None]
    caplog.clear()
    table.write_text("val/cat/c.png,nan\nval/dog/d.jpg,chapati\n")  # where classes are words, nan is bread
    assert list(found(site, "data/list.csv").values()) == ["nan", "chapati"]
    assert not any("without a class:" in message for message in caplog.messages)


def test_a_class_is_the_same_however_its_accents_are_encoded(site: Path) -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    folder = site / "data" / "val"
    (folder / "cat").rename(folder / composed)
    (folder / "dog").rename(folder / decomposed)
    (site / "list.csv").write_text(f"data/train/cat/a.png,{composed}\ndata/train/dog/b.png,{decomposed}\n", "utf-8")
    listed = ["data/val", {"path": f"data/val/{composed}", "label": decomposed}]
    for images in ("data/val", "list.csv", listed):
        pictures = list_images(read_model(site, images=images))
        assert pictures.labels == (composed,)
        assert None not in {entry.label for entry in pictures.entries}
    config = read_model(site, images="data/val", groups={"drinks": [decomposed]}, classes=[decomposed, "cat"])
    assert (config.groups, config.classes) == ({"drinks": (composed,)}, (composed, "cat"))


def test_a_csv_file_gives_paths_and_labels(site: Path) -> None:
    (site / "data" / "list.csv").write_text("val/dog/d.jpg,hound\ntrain/cat/a.png\n\nval/cat/c.png,\n")
    expected = {"train/cat/a.png": None, "val/cat/c.png": None, "val/dog/d.jpg": "hound"}
    assert found(site, "data/list.csv") == expected
    assert list_images(read_model(site, images="data/list.csv")).open(2).size == (4, 4)


@pytest.mark.parametrize(
    "text",
    [
        '\ufeffid;Label;File\n1;cat, small;val/cat/c.png\r\n2;dog;"val/dog/d.jpg"\n',
        "label\tpath\ncat, small\tval/cat/c.png\ndog\tval/dog/d.jpg",
        'image,class,more\nval/cat/c.png,"cat, small",1\nval/dog/d.jpg, dog ,2\n',
    ],
)
def test_a_header_names_the_columns_in_any_usual_dialect(site: Path, text: str) -> None:
    (site / "list.csv").write_text(text, "utf-8")
    expected = {"val/cat/c.png": "cat, small", "val/dog/d.jpg": "dog"}
    assert found(site, {"csv": "list.csv", "folder": "data"}) == expected


def test_a_path_outside_its_root_is_published_without_the_folders_of_the_machine(site: Path) -> None:
    Image.new("RGB", (4, 4)).save(site.parent / "far.png")
    (site / "list.csv").write_text(f"{site.parent / 'far.png'},cat\n")
    assert found(site, "list.csv") == {"../far.png": "cat"}
    assert found(site, [str(site.parent / "far.png")]) == {"../far.png": None}
    assert list_images(read_model(site, images="list.csv")).open(0).size == (4, 4)


def test_a_list_holds_files_folders_and_globs(site: Path) -> None:
    images = ["data/val/cat/c.png", "data/train", {"path": "data/val/dog/*", "label": "hound"}, "data/train/cat/a.png"]
    assert found(site, images) == {
        "data/train/cat/a.png": "cat",
        "data/train/dog/b.png": "dog",
        "data/val/cat/c.png": None,
        "data/val/dog/d.jpg": "hound",
    }


def test_the_order_of_a_list_makes_no_difference(site: Path) -> None:
    images = ["data/val/cat/c.png", "data/train/dog/b.png"]
    assert list(found(site, images)) == list(found(site, images[::-1]))


WRONG: dict[str, tuple[object, str]] = {
    "empty list": ([], "plugins.lurk.models[0].images: the list is empty; give a folder of pictures, "),
    "number in a list": ([3], "plugins.lurk.models[0].images[0]: 3 is no text; give a picture, a folder or a glob"),
    "missing in a list": (
        ["data/val/cat/x.png"],
        "plugins.lurk.models[0].images[0]: 'data/val/cat/x.png' does not e",
    ),
    "no picture in a list": (
        ["data/val/dog/notes.txt"],
        "images: 'data/val/dog/notes.txt' is no picture; give files that Pillow reads, or .npy",
    ),
    "two classes": (
        ["data/train", {"path": "data/train/cat/a.png", "label": "tiger"}],
        "images: data/train/cat/a.png is listed as 'cat' and as 'tiger'; give it one class",
    ),
    "missing split": (
        {"folder": "data", "split": "vall"},
        "plugins.lurk.models[0].images.split: 'data' has no folder 'vall'; did you mean 'val'?",
    ),
    "split out of the folder": (
        {"folder": "data", "split": "../data"},
        "plugins.lurk.models[0].images.split: 'data' has no folder '../data'; it has train, val",
    ),
    "split alone": (
        {"split": "val"},
        "plugins.lurk.models[0].images: {split} names no pictures; give {folder, split}, {csv, folder} or {dataset, ",
    ),
    "dataset and folder": (
        {"dataset": "a.b:c", "folder": "data"},
        "plugins.lurk.models[0].images: {folder, dataset} names no pictures; give ",
    ),
    "a class that YAML reads as a boolean": (
        [{"path": "data/train/cat/a.png", "label": False}],
        "plugins.lurk.models[0].images[0].label: False is no text; give the name of a class, in quotes where YAML",
    ),
    "no reference": (
        {"dataset": "data"},
        "plugins.lurk.models[0].images.dataset: 'data' is no reference; give package",
    ),
    "no csv": (
        {"csv": "notes.txt"},
        "plugins.lurk.models[0].images.csv: 'notes.txt' is no .csv or .tsv file; give",
    ),
    "missing csv": ("lost.csv", "plugins.lurk.models[0].images: 'lost.csv' does not exist"),
    "glob of nowhere": ("dat/*.png", "plugins.lurk.models[0].images: 'dat' does not exist; did you mean 'data'?"),
    "glob without pictures": (
        "data/val/dog/*.txt",
        "images: 'data/val/dog/*.txt' fits no picture (only 1 .txt); '**' stands for any folders",
    ),
    "arrow files": (
        "saved",
        "images: 'saved' holds no picture (only 1 .arrow); "
        "give package.module:factory of a function that returns the dataset (datasets.load_from_disk)",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_error_for_wrong_pictures_is_one_line(site: Path, name: str) -> None:
    (site / "notes.txt").touch()
    (site / "saved").mkdir()
    (site / "saved" / "data.arrow").touch()
    images, message = WRONG[name]
    with pytest.raises(LurkError) as caught:
        found(site, images)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "images: 'list.csv' lists no picture; give one a line: path,label"),
        ("path,label\n", "images: 'list.csv' lists no picture; give one a line: path,label"),
        ("data/train/cat/a.png,cat\ndata/x.png,dog", "images: list.csv:2: 'data/x.png' does not exist; paths start fr"),
        ("name,cat\n", "images: list.csv:1: 'name' is no picture; give the path of one in the first column"),
        ("data/train/cat/a.png,1\ndata/train/../train/cat/a.png,2", "images: list.csv:2: 'data/train/../train/cat/a.png"
                                                                    "' is in line 1 already; leave one of them out"),
        ("path,Label,label\na.png,1,2\n", "images: list.csv:1: 2 columns are called 'label'; give each a name"),
        ("path,path,label\na.png,b.png,2\n", "images: list.csv:1: 2 columns are called 'path'; give each a na"),
        ("path,label\n,cat\n", "images: list.csv:2: the path is missing; give path,label"),
        (b"\xff\xfe\x00", "images: list.csv is no UTF-8 from byte 0 on; save it as UTF-8"),
    ],
)  # fmt: skip
def test_the_error_for_a_wrong_csv_file_names_the_line(site: Path, text: Any, message: str) -> None:
    (site / "list.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(LurkError) as caught:
        found(site, "list.csv")
    assert str(caught.value).startswith(message)


def test_listing_a_folder_imports_no_torch() -> None:
    code = "import sys, mkdocs_lurk.images.image_set, mkdocs_lurk.images.webp; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own code


@pytest.mark.parametrize("images", ["data", "data/train", ["data"], {"folder": "data", "split": "train"}])
def test_a_folder_that_cannot_be_read_is_one_line(site: Path, images: object, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = Path.iterdir

    def refuse(folder: Path) -> Any:  # root may read everything, so that permissions would test nothing
        if folder.name == "cat":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(LurkError, match=r"^images: the folder 'cat' cannot be read \(permission denied\); give an"):
        found(site, images)


def test_a_folder_whose_files_cannot_be_looked_at_is_one_line(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:  # a folder that may be listed, but not entered
        if path.name == "a.png":
            raise PermissionError(13, "Permission denied", str(path))
        return path.name != "b.png"

    monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(LurkError, match=r"^images: the folder 'cat' cannot be read \(permission denied\); give an"):
        list(_walk(site / "data" / "train" / "cat", set(), EntryCount("data")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '"data/train/cat/a.png,cat\n' + "x" * 200_000,
            "list.csv:2: field larger than field limit (131072); is a quote",
        ),
        ("a/" * 20_000 + "a.png,cat\n", "list.csv:1: 'a/a/a/"),
        ("~nobody-here/a.png,cat\n", "list.csv:1: '~nobody-here/a.png' does not exist"),
        ("a\0.png,cat\n", "list.csv:1: 'a\\x00.png' does not exist"),
        ("a\x1b[31m.png,cat\n", "list.csv:1: 'a\\x1b[31m.png' does not exist"),
    ],
)
def test_a_hostile_csv_file_is_one_line(site: Path, text: str, message: str) -> None:
    (site / "list.csv").write_text(text, "utf-8")
    with pytest.raises(LurkError) as caught:
        found(site, "list.csv")
    assert str(caught.value).startswith(f"images: {message}")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_more_pictures_than_any_set_has_are_refused(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_files, "MOST_PICTURES", 4)
    with pytest.raises(LurkError, match=r"^images: 'data' holds 5 pictures; give 4 at most$"):
        found(site, "data")
    assert len(found(site, "data/val")) == 3


def test_names_that_are_no_utf_8_are_found_and_ordered(site: Path) -> None:
    folder = site / "data" / "val"
    try:
        (folder / "cat").rename(folder / "c\udcff")
    except OSError:
        pytest.skip("this file system takes names in UTF-8 alone")
    (folder / "dog" / "d.jpg").rename(folder / "dog" / "\udcfe.jpg")
    assert found(site, "data/val") == {"c\udcff/c.png": r"c\xff", "dog/deep/e.png": "dog", "dog/\udcfe.jpg": "dog"}
