"""Items of all kinds of datasets become a picture, a label and its number."""

from __future__ import annotations

import logging
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torch.utils.data import ConcatDataset, Dataset, Subset, random_split

from mkdocs_lurk.errors import DatasetError, ImageError
from mkdocs_lurk.images.author_thread import call_author
from mkdocs_lurk.images.items import Item, Items

PICTURE = Pillow.new("RGB", (4, 4), (9, 0, 0))


class Image:
    """Stands for the feature of Hugging Face's datasets: what counts is the name of its type."""


class ClassLabel:
    """Stands for the feature of the same name."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)


class Listed(Dataset[Any]):
    """A dataset of given items, with any further attributes."""

    def __init__(self, *items: object, **attributes: object) -> None:
        self.items = items
        vars(self).update(attributes)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, number: int) -> object:
        return self.items[number]


class Renumbered(Subset[Any]):
    """A subset that gives its own labels."""

    def __getitem__(self, number: int) -> object:
        return super().__getitem__(number)[0], 0

    def __getitems__(self, numbers: list[int]) -> list[object]:
        return [self[number] for number in numbers]


def first(dataset: object) -> Item:
    return Items(dataset, "data.py:it").read(0)  # type: ignore[arg-type]


def labelled(label: object, **attributes: object) -> tuple[str | None, int | None]:
    item = first(Listed((PICTURE, label), **attributes))
    return item.label, item.number


@pytest.mark.parametrize(
    "number", [1, np.int64(1), np.array(1), np.array([1]), torch.tensor(1), torch.tensor([1]), 1.0, True]
)
def test_a_whole_number_of_any_type_is_a_label(number: object) -> None:
    assert labelled(number) == ("1", 1)
    assert labelled(number, classes=["cat", "dog"]) == ("dog", 1)


@pytest.mark.parametrize("label", [None, 1.5, torch.tensor([0, 1]), [1, 0], {"boxes": torch.zeros(2, 4)}, object()])
def test_anything_else_is_no_label(label: object) -> None:
    assert labelled(label) == (None, None)


def test_labels_of_another_kind_are_mentioned_once(caplog: pytest.LogCaptureFixture) -> None:
    items = Items(Listed((PICTURE, {"boxes": [1]}), (PICTURE, {"boxes": []})), "data:made")
    with caplog.at_level(logging.INFO, "mkdocs.plugins.lurk"):
        assert [items.read(place).label for place in range(2)] == [None, None]
    assert [record.getMessage() for record in caplog.records] == [
        "item 0 of data:made has a label of the type dict, which is neither a whole number nor a text: no class"
    ]


def test_a_text_is_a_label_without_a_number() -> None:
    assert labelled("dog", classes=["cat", "dog"]) == ("dog", None)
    assert labelled("cafe\u0301") == labelled("caf\u00e9") == ("caf\u00e9", None)


def test_minus_one_is_no_class_where_classes_have_names() -> None:
    assert labelled(-1, classes=["cat", "dog"]) == (None, None)
    assert labelled(-1) == ("-1", -1)


def test_a_label_beyond_the_names_is_refused() -> None:
    with pytest.raises(DatasetError) as caught:
        labelled(2, classes=["cat", "dog"])
    assert str(caught.value) == (
        "images: item 0 of data.py:it has the label 2, but the dataset names 2 classes; "
        "let its labels count from 0 in the order of these names"
    )


def test_classes_that_are_no_names_are_passed_over() -> None:
    assert labelled(1, classes=10) == ("1", 1)
    assert labelled(1, classes={"cat": 0}) == ("1", 1)


def test_a_mapping_of_classes_to_numbers_names_them() -> None:
    assert labelled(1, class_to_idx={"dog": 1, "cat": 0}) == ("dog", 1)
    assert labelled(2, class_to_idx={"dog": 3, "cat": 0}) == ("2", 2)
    assert Items(Listed((PICTURE, 0), class_to_idx={"b": 0, "a": 2}), "data.py:it").class_names == ("b", "1", "a")


@pytest.mark.parametrize("mapping", [{"dog": -1}, {"dog": "1"}, {"dog": 10**9}, {}, ["dog"]])
def test_a_mapping_that_does_not_number_classes_is_passed_over(mapping: object) -> None:
    assert labelled(1, class_to_idx=mapping) == ("1", 1)


def test_classes_in_another_order_than_their_numbers_are_refused() -> None:
    assert labelled(1, classes=["cat", "dog"], class_to_idx={"cat": 0, "dog": 1}) == ("dog", 1)
    with pytest.raises(DatasetError) as caught:
        labelled(1, classes=["dog", "cat"], class_to_idx={"cat": 0, "dog": 1})
    assert str(caught.value) == (
        "images: data.py:it has the class 'dog' as number 0 of its classes, and as 1 in its class_to_idx; "
        "let both say the same"
    )


def test_a_word_that_two_classes_share_is_no_contradiction() -> None:
    words = [("missile",), ("projectile", "missile")]
    numbers = {word: number for number, names in enumerate(words) for word in names}  # as torchvision's ImageNet has it
    assert labelled(0, classes=words, class_to_idx=numbers) == ("missile", 0)


def test_of_several_words_the_first_is_the_name_and_equal_names_get_their_number() -> None:
    names = [("crane", "bird"), ("crane",), ("tench", "Tinca tinca")]
    assert [labelled(number, classes=names)[0] for number in range(3)] == ["crane (0)", "crane (1)", "tench"]


def test_names_do_not_fit_what_a_target_transform_gives() -> None:
    assert labelled(1, classes=["cat", "dog"], target_transform=abs) == ("1", 1)
    assert labelled(1, classes=["cat", "dog"], target_transform=None) == ("dog", 1)


def test_a_subset_keeps_the_names_of_its_classes() -> None:
    named = Listed((PICTURE, 0), (PICTURE, 1), classes=["cat", "dog"])
    assert first(Subset(named, [1])).label == "dog"
    assert first(Subset(Subset(named, [1, 0]), [1])).label == "cat"
    halves = random_split(named, [1, 1], torch.Generator().manual_seed(0))
    assert {first(half).label for half in halves} == {"cat", "dog"}


def test_names_that_a_subset_has_itself_take_precedence() -> None:
    subset = Subset(Listed((PICTURE, 0), classes=["cat"]), [0])
    subset.classes = ["tiger"]  # type: ignore[attr-defined]
    assert first(subset).label == "tiger"


def test_a_subset_that_gives_its_own_labels_does_not_take_the_names() -> None:
    assert first(Renumbered(Listed((PICTURE, 1), classes=["cat", "dog"]), [0])).label == "0"


def test_a_concatenation_keeps_names_on_which_its_parts_agree() -> None:
    one, two = (Listed((PICTURE, 1), classes=["cat", "dog"]) for _ in range(2))
    assert Items(ConcatDataset([one, two]), "data.py:it").read(1).label == "dog"  # type: ignore[arg-type]


@pytest.mark.parametrize("attributes", [{"classes": ["dog", "cat"]}, {}])
def test_a_concatenation_whose_parts_number_their_classes_differently_is_refused(attributes: dict[str, Any]) -> None:
    parts = Listed((PICTURE, 1), classes=["cat", "dog"]), Listed((PICTURE, 1), **attributes)
    with pytest.raises(
        DatasetError, match=r"^images: parts 0 and 1 of the ConcatDataset of data\.py:it number their c"
    ):
        first(ConcatDataset(parts))


def test_a_bare_hugging_face_dataset_is_read_by_its_features() -> None:
    features = {"mask": SimpleNamespace(), "photo": Image(), "kind": ClassLabel("cat", "dog")}
    dataset = Listed({"mask": PICTURE, "photo": PICTURE, "kind": 1}, features=features)
    for item in (first(dataset), first(Subset(dataset, [0])), first(ConcatDataset([dataset, dataset]))):
        assert (np.asarray(item.picture)[0, 0, 0], item.label, item.number) == (9, "dog", 1)


def test_of_several_columns_of_labels_the_usual_one_is_read() -> None:
    features = {"img": Image(), "coarse_label": ClassLabel("pet"), "fine_label": ClassLabel("cat", "dog")}
    assert first(Listed({"img": PICTURE, "coarse_label": 0, "fine_label": 1}, features=features)).label == "dog"


def test_columns_without_features_are_found_by_what_they_hold() -> None:
    item = first(Listed({"id": "x", "pixels": torch.full((3, 4, 4), 7, dtype=torch.uint8), "target": 3}))
    assert (np.asarray(item.picture).shape, item.label) == ((4, 4, 3), "3")


def test_a_picture_that_is_not_decoded_is_read_from_its_bytes_or_its_path(tmp_path: Path) -> None:
    file = BytesIO()
    PICTURE.save(file, "PNG")
    (tmp_path / "a.png").write_bytes(file.getvalue())
    for value in ({"bytes": file.getvalue(), "path": None}, {"bytes": None, "path": str(tmp_path / "a.png")}):
        assert np.asarray(first(Listed({"image": value, "label": 0})).picture)[0, 0].tolist() == [9, 0, 0]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"photo": PICTURE, "mask": PICTURE}, "item 0 of data.py:it has several pictures ('photo', 'mask'); "),
        ({"id": 3, "text": "x"}, "item 0 of data.py:it has no picture among its columns ('id', 'text'); "),
    ],
)
def test_the_error_for_columns_without_one_picture_is_one_line(item: dict[str, object], message: str) -> None:
    with pytest.raises(ImageError) as caught:
        first(Listed(item))
    assert str(caught.value) == message + "let the factory return a dataset with one column 'image'"


def test_what_ends_the_interpreter_only_ends_the_reading_of_the_item() -> None:
    class Ending(Listed):
        def __getitem__(self, number: int) -> object:
            raise SystemExit(3)

    with pytest.raises(ImageError, match=r"^item 0 of data\.py:it cannot be read: SystemExit$"):
        first(Ending(PICTURE))


class Ending:
    """Raises when it is taken for a number."""

    def __init__(self, reason: BaseException) -> None:
        self.reason = reason

    def __array__(self, *_arguments: object, **_named: object) -> Any:
        raise self.reason

    def __float__(self) -> float:
        raise self.reason


@pytest.mark.parametrize("reason", [SystemExit(0), GeneratorExit(), BaseException(), MemoryError(), StopIteration()])
def test_a_label_that_ends_the_process_is_an_item_that_cannot_be_read(reason: BaseException) -> None:
    items = Items(Listed((PICTURE, Ending(reason))), "data.py:made")
    with pytest.raises(ImageError, match=rf"^item 0 of data\.py:made cannot be read: {type(reason).__name__}$"):
        items.read(0)


def test_ctrl_c_stays_what_it_is() -> None:
    with pytest.raises(KeyboardInterrupt):
        Items(Listed((PICTURE, Ending(KeyboardInterrupt()))), "data.py:made").read(0)


def test_the_length_of_a_dataset_is_asked_for_once() -> None:
    dataset = Listed(PICTURE)
    items = Items(dataset, "data.py:made")
    dataset.items = ()
    assert len(items) == 1


def test_an_interrupt_that_an_item_raises_itself_is_its_error() -> None:
    items = Items(Listed((PICTURE, Ending(KeyboardInterrupt()))), "data.py:made")
    with pytest.raises(ImageError, match=r"item 0 of data\.py:made cannot be read: KeyboardInterrupt"):
        call_author(items.read, 0)


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_pil_picture_is_not_turned(tmp_path: Path, orientation: int) -> None:
    stored = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(np.asarray(first(Listed(Pillow.open(tmp_path / "a.png"))).picture), stored)


def test_a_picture_of_hugging_face_that_is_not_decoded_is_turned_as_that_library_does(tmp_path: Path) -> None:
    stored = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
    exif = Pillow.Exif()
    exif[0x0112] = 3
    Pillow.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    item = {"image": {"bytes": (tmp_path / "a.png").read_bytes(), "path": None}}
    assert np.array_equal(np.asarray(first(Listed(item)).picture), stored[::-1, ::-1])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float8_e4m3fn])
def test_tensors_of_short_floats_are_pictures(dtype: torch.dtype) -> None:
    tensor = torch.tensor([0, 0.25, 0.5, 1]).reshape(1, 2, 2).to(dtype)
    assert np.asarray(first(Listed(tensor)).picture).ravel().tolist() == [0, 0.25, 0.5, 1]


def test_a_tensor_that_is_no_picture_is_not_called_damaged() -> None:
    with pytest.raises(ImageError, match=r"cannot be read \(RuntimeError\)"):
        first(Listed(torch.eye(4).expand(3, 4, 4).to_sparse()))
