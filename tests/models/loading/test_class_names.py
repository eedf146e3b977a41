from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.models.loading import class_names
from mkdocs_lurk.models.loading.class_names import declared_names, outputs_by_name


def config_of(root: Path, classes: Any) -> ModelConfig:
    return ModelConfig("net", "Net", "torchvision:vgg16", "photos", root, classes=classes)


def test_imagenet_names_are_those_of_torchvision(tmp_path: Path) -> None:
    names = declared_names(config_of(tmp_path, "imagenet"), 1000)
    assert names is not None
    assert (names[0], names[2], names[999]) == ("tench", "great white shark", "toilet tissue")


def test_names_come_from_a_list(tmp_path: Path) -> None:
    assert declared_names(config_of(tmp_path, ("a", "b")), 2) == ("a", "b")
    assert declared_names(config_of(tmp_path, None), 2) is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("names.txt", "cat\n\n dog \n"),
        ("names.json", json.dumps(["cat", "dog"])),
        ("names.json", json.dumps({"dog": 1, "cat": 0})),
        ("names.json", json.dumps({"0": "cat", "1": "dog"})),
        ("names.json", json.dumps({"0": ["n01", "cat"], "1": ["n02", "dog"]})),
        ("names.json", json.dumps({"n01": [0, "cat"], "n02": [1, "dog"]})),
        ("names.json", json.dumps({"n01": {"index": 0, "label": "cat"}, "n02": {"index": 1, "label": "dog"}})),
    ],
)
def test_names_are_read_from_every_usual_file_format(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert declared_names(config_of(tmp_path, name), 2) == ("cat", "dog")


def test_wrong_number_of_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        declared_names(config_of(tmp_path, ("a", "b")), 3)
    assert str(caught.value) == (
        "plugins.lurk.models[0].classes: 2 names for 3 outputs of the network; give one an output"
    )


@pytest.mark.parametrize("content", ["{", '{"cat": 0, "dog": 2}', "3", "[1, 2]"])
def test_file_without_one_name_per_index_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "names.json").write_text(content)
    with pytest.raises(ConfigError, match=r"^plugins\.lurk\.models\[0\]\.classes: names\.json (is no JSON|does not)"):
        declared_names(config_of(tmp_path, "names.json"), 2)


def test_labels_stand_for_the_outputs_of_the_same_name() -> None:
    names = ["tench", "great white shark", "T-shirt/top", "Shirt", "crane", "crane"]
    labels = ["n01440764-tench", "great_white_shark", "t-shirt", "shirt", "crane", "shark"]
    assert outputs_by_name(labels, names) == {
        "n01440764-tench": 0, "great_white_shark": 1, "t-shirt": 2, "shirt": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"' + "1" * 6000 + '": "a"}',
        '{"²": "a"}',
        '{"a": 1' + "0" * 6000 + "}",
        "[NaN]",
        "",
    ],
)
def test_a_hostile_json_file_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "names.json").write_text(content, "utf-8")
    with pytest.raises(
        ConfigError, match=r"^plugins\.lurk\.models\[0\]\.classes: names\.json (is no JSON|does not)"
    ) as caught:
        declared_names(config_of(tmp_path, "names.json"), 1)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_names_are_read_up_to_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_names, "MOST_NAMES_BYTES", 5)
    (tmp_path / "names.txt").write_bytes(b"cat\r\ndog")
    with pytest.raises(ConfigError, match=r"classes: names\.txt has more than 5 bytes; make it shorter$"):
        declared_names(config_of(tmp_path, "names.txt"), 2)
