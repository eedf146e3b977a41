"""The classes of the outputs are known, assumed with a note, or unknown with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.models.loading.output_classes import Labels, OutputClasses, output_classes

ASSUMED = "The outputs are assumed to be the classes in alphabetical order."
LEFT_OUT = "How often the network is right is left out: "
UNKNOWN = "The network's outputs have no names here, and how often it is right is left out: "
TO_ELEVEN = tuple(map(str, range(12)))


def found(labels: Labels, n_outputs: int, classes: Any = None, images: str = "photos") -> OutputClasses:
    config = ModelConfig("net", "Net", "torchvision:vgg16", images, Path(), classes=classes)
    return output_classes(config, labels, n_outputs)


def numbered(*numbers: int) -> Labels:
    """The labels of a dataset of whole numbers without names."""
    return Labels(tuple(sorted(map(str, numbers))), {str(number): number for number in numbers})


def test_texts_without_an_order_are_assumed_to_be_sorted_if_there_is_one_per_output() -> None:
    labels = Labels(("ant", "bee"))
    assert found(labels, 2) == OutputClasses(("ant", "bee"), {"ant": 0, "bee": 1}, ASSUMED)
    assert found(labels, 1000) == OutputClasses(note=f"{UNKNOWN}it has 1,000 outputs, and the pictures have 2 classes.")


def test_names_that_outputs_share_are_told_apart_and_decide_nothing() -> None:
    classes = found(Labels(("crane", "crane (0)", "ant")), 3, classes=("crane", "ant", "crane"))
    assert classes.names == ("crane (0)", "ant", "crane (2)")
    assert classes.of_labels == {"crane (0)": 0, "ant": 1}
    assert classes.shared == {"crane": [0, 2]}
    assert found(Labels(("crane",)), 2, classes=("crane", "crane")).note is None  # a warning says it


def test_a_network_without_classes_and_pictures_without_labels_need_no_note() -> None:
    assert found(Labels(("ant",)), 1) == found(Labels(()), 3) == found(Labels(()), 0) == OutputClasses()


@pytest.mark.parametrize("images", ["a.csv", "data.py:make"])
def test_whole_numbers_count_the_outputs(images: str) -> None:
    every = found(Labels(tuple(sorted(TO_ELEVEN))), 12, images=images)
    assert every == OutputClasses(TO_ELEVEN, {label: int(label) for label in TO_ELEVEN})
    some = found(Labels(("7", "03")), 12, images=images)
    assert some.of_labels == {"7": 7, "03": 3}
    assert some.names[2:5] == ("2", "03", "4")


def test_folders_called_by_numbers_are_known_only_if_both_orders_agree() -> None:
    ten, padded = Labels(TO_ELEVEN[:10]), Labels(tuple(f"{number:02}" for number in range(12)))
    assert found(ten, 10) == OutputClasses(TO_ELEVEN[:10], {label: int(label) for label in TO_ELEVEN[:10]})
    assert found(padded, 12).names == padded.names
    twelve = found(Labels(tuple(sorted(TO_ELEVEN))), 12)
    assert twelve == OutputClasses(
        note=f"{UNKNOWN}the classes are numbers, whose order may be that of numbers or that of texts."
    )


def test_numbers_that_do_not_count_from_0_are_assumed_to_be_in_order_only_if_both_orders_agree() -> None:
    one_based = found(Labels(("1", "2", "3")), 3, images="a.csv")
    assert one_based == OutputClasses(("1", "2", "3"), {"1": 0, "2": 1, "3": 2}, ASSUMED)
    note = f"{UNKNOWN}it has 12 outputs, and the classes are numbers that do not count them from 0."
    assert found(numbered(*range(1, 13)), 12, images="data.py:make") == OutputClasses(note=note)
    assert found(numbered(-1, 0, 4), 12, images="data.py:make") == OutputClasses(note=note)
    assert found(Labels(("07", "7")), 12, images="a.csv") == OutputClasses(note=note)
    assert found(numbered(-1, 0), 2, images="data.py:make").note == note.replace("12", "2")


def test_numbers_beside_texts_are_not_sorted() -> None:
    labels = Labels(("1", "ant"), {"1": 1})
    assert found(labels, 2).note == f"{UNKNOWN}some pictures have a number for a class, and others a name."


def test_a_dataset_knows_the_order_of_its_classes() -> None:
    names = ("zebra", "Ant", "Bee")
    of_numbers = found(Labels(("Ant", "zebra"), {"zebra": 0, "Ant": 1}, names), 3)
    assert of_numbers == OutputClasses(names, {"zebra": 0, "Ant": 1})
    of_texts = found(Labels(("ant", "wasp", "zebra"), {}, names), 3)
    assert of_texts == OutputClasses(names, {"zebra": 0, "ant": 1})
    assert found(Labels((), {}, names), 3) == OutputClasses(names)
    assert found(Labels(("B", "b"), {}, ("b", "B")), 2).of_labels == {"b": 0, "B": 1}


def test_a_dataset_of_other_classes_names_no_output() -> None:
    labels = Labels(("ant", "bee"), {"ant": 0, "bee": 1}, ("ant", "bee"))
    assert found(labels, 1000) == OutputClasses(
        note=f"{UNKNOWN}it has 1,000 outputs, and the pictures' dataset has 2 classes."
    )
    strangers = found(Labels(("x", "y"), {}, ("ant", "bee")), 2)
    assert strangers.note == f"{LEFT_OUT}no picture's class is among those that its dataset names."


def test_declared_names_are_matched_by_name_before_a_datasets_numbers() -> None:
    labels = Labels(("ant", "bee", "cat"), {"ant": 0, "bee": 1, "cat": 2}, ("ant", "bee", "cat"))
    assert found(labels, 3, ("cat", "bee", "ant")).of_labels == {"ant": 2, "bee": 1, "cat": 0}
    assert found(labels, 3, ("cat", "bee", "dog")).of_labels == {"bee": 1, "cat": 0}
    folders = Labels(("great_white_shark", "n01440764-tench"), {"n01440764-tench": 1, "great_white_shark": 0}, ())
    assert found(folders, 1000, "imagenet").of_labels == {"n01440764-tench": 0, "great_white_shark": 2}


def test_numbers_decide_where_declared_names_are_other_words() -> None:
    labels = Labels(("ant", "bee"), {"ant": 0, "bee": 1}, ("ant", "bee"))
    assert found(labels, 2, ("Ameise", "Biene")).of_labels == {"ant": 0, "bee": 1}
    assert found(labels, 2, ("Ant", "Biene")).of_labels == {"ant": 0, "bee": 1}
    assert found(labels, 2, ("Bee", "Ameise")).of_labels == {"bee": 0}
    assert found(labels, 3, ("Ameise", "Biene", "Katze")) == OutputClasses(
        ("Ameise", "Biene", "Katze"), {}, f"{LEFT_OUT}no class of the pictures has the name of an output."
    )


def test_numbers_are_names_if_each_is_declared_and_places_if_not() -> None:
    names = ("10", "ant", "2")
    assert found(numbered(0, 1, 2), 3, names, "data.py:make").of_labels == {"0": 0, "1": 1, "2": 2}
    assert found(Labels(("10", "2")), 3, names, "a.csv").of_labels == {"10": 0, "2": 2}
    assert found(Labels(("1", "2")), 3, ("1", "2", "ant"), "a.csv").of_labels == {"1": 0, "2": 1}
    assert found(numbered(1, 2), 3, ("1", "2", "ant"), "data.py:make") == OutputClasses(
        ("1", "2", "ant"), {},
        f"{LEFT_OUT}the numbers of the pictures' classes may be the outputs' names or their places, which differ.",
    )  # fmt: skip
    assert found(numbered(1, 7), 3, ("a", "b", "c"), "data.py:make") == OutputClasses(
        ("a", "b", "c"), {}, f"{LEFT_OUT}the pictures' classes are numbers, not all of them an output's."
    )


def test_declared_names_are_one_per_output() -> None:
    with pytest.raises(ConfigError, match="2 names for 3 outputs"):
        found(Labels(()), 3, ("a", "b"))


def test_real_numbers_are_places_where_they_are_whole_and_in_the_order_of_their_values() -> None:
    every = found(Labels(tuple(sorted(f"{label}.0" for label in TO_ELEVEN))), 12, images="data.py:make")
    assert every.of_labels == {f"{label}.0": int(label) for label in TO_ELEVEN}
    doubtful = found(Labels(("10.5", "2.5")), 2, images="a.csv")
    assert doubtful.note == f"{UNKNOWN}it has 2 outputs, and the classes are numbers that do not count them from 0."
    assert found(Labels(("0.5", "1.5")), 2) == OutputClasses(("0.5", "1.5"), {"0.5": 0, "1.5": 1}, ASSUMED)
    folders = found(Labels(tuple(sorted(f"{label}.0" for label in TO_ELEVEN))), 12)
    assert folders.note == f"{UNKNOWN}the classes are numbers, whose order may be that of numbers or that of texts."
    assert found(Labels(("1.0", "0.0")), 2, ("ant", "bee"), "data.py:make").of_labels == {"1.0": 1, "0.0": 0}


def test_texts_that_only_look_like_numbers_are_texts() -> None:
    assert found(Labels(("²", "³")), 2).note == ASSUMED
    assert found(Labels(("9" * 6000,)), 2).note == f"{UNKNOWN}it has 2 outputs, and the pictures have 1 class."
