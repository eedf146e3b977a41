"""The author says which output is right for which pictures; what there is not is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.config.labels import check_groups
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.images.entries import ImageEntry
from mkdocs_lurk.models.loading.label_map import Targets, find_targets
from mkdocs_lurk.models.loading.output_classes import OutputClasses

NAMES = ("tabby cat", "crane (1)", "dog", "crane (3)")
KNOWN = OutputClasses(NAMES, {"dog": 2}, None)
ENTRIES = tuple(
    ImageEntry(path, label, "")
    for path, label in (("a/1.png", "dog"), ("a/2.png", "cat"), ("b/cat-1.png", "cat"), ("b/x.png", None))
)


def found(label_map: dict[str, Any], classes: OutputClasses = KNOWN) -> Targets:
    config = ModelConfig("net", "Net", "torchvision:vgg16", "photos", Path(), label_map=label_map, place="net")
    return find_targets(config, classes, ENTRIES, 4)


@pytest.mark.parametrize(
    ("label_map", "expected"),
    [
        ({}, (2, -1, -1, -1)),
        ({"cat": "tabby cat"}, (2, 0, 0, -1)),
        ({"cat": "Tabby-cat"}, (2, 0, 0, -1)),
        ({"cat": 3, "dog": None}, (-1, 3, 3, -1)),
        ({"cat": "crane (3)"}, (2, 3, 3, -1)),
        ({"cat": 0, "b/cat-*": 1}, (2, 0, 1, -1)),
        ({"b/cat-*": 1, "*.png": None}, (-1, -1, 1, -1)),  # the first glob that fits decides
        ({"b/x.png": "dog"}, (2, -1, -1, 2)),
    ],
)
def test_labels_and_globs_over_paths_name_outputs(label_map: dict[str, Any], expected: tuple[int, ...]) -> None:
    assert found(label_map).of_images == expected


def test_labels_without_an_output_are_not_among_those_with_one() -> None:
    assert found({"cat": 3, "dog": None}).classes.of_labels == {"cat": 3}


def test_outputs_without_names_are_called_by_their_numbers() -> None:
    targets = found({"cat": 3}, OutputClasses(note="The network's outputs have no names here."))
    assert targets == Targets(OutputClasses(("0", "1", "2", "3"), {"cat": 3}, None), (-1, 3, 3, -1))


@pytest.mark.parametrize(
    ("label_map", "message"),
    [
        ({"cta": 0}, "net.label_map: 'cta' is no label and fits no path; did you mean 'cat'?"),
        (
            {"c/*": 0},
            "net.label_map: 'c/*' is no label and fits no path; give a label, or a glob over the pictures' paths",
        ),
        ({"cat": "tabby"}, "net.label_map['cat']: no output is called 'tabby'; did you mean 'tabby cat'?"),
        ({"cat": 4}, "net.label_map['cat']: there is no output 4; give a number below 4"),
        ({"cat": "crane"}, "net.label_map['cat']: 2 outputs are called 'crane'; give the number of one"),
    ],
)
def test_what_there_is_not_is_refused(label_map: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        found(label_map)
    assert str(caught.value) == message


def test_a_name_for_an_output_without_names_is_refused() -> None:
    with pytest.raises(ConfigError, match="the outputs have no names here; give the number of one, or declare classes"):
        found({"cat": "tabby"}, OutputClasses())


def test_a_group_of_an_unknown_class_is_refused() -> None:
    check_groups({"pets": ("dog", "crane", "crane (3)")}, "net.groups", ["dog", *KNOWN.by_word])
    assert KNOWN.by_word["crane"] == [1, 3]
    with pytest.raises(ConfigError, match=r"net\.groups\.pets: no picture and no output has the class 'dgo'; did you"):
        check_groups({"pets": ("dgo",)}, "net.groups", ["dog", *NAMES])
