"""What ``mkdocs_lurk.read`` gives: the published results, typed, without torch; a wrong file is one line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mkdocs_lurk import LayerError, StoreError, read
from tests import results_schema

GOLDEN = Path(__file__).parent / "golden" / "pages" / "models" / "small"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(results_schema.FILE.read_text("utf-8")))


def documents() -> list[Path]:
    return sorted(GOLDEN.rglob("results.json"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN, tmp_path / "models" / "small")
    return tmp_path / "models" / "small"


def changed(file: Path, change: Any) -> None:
    value = json.loads(file.read_text("utf-8"))
    change(value)
    file.write_text(json.dumps(value), "utf-8")


@pytest.mark.parametrize("path", [GOLDEN, str(GOLDEN), GOLDEN / "results.json"])
def test_a_model_is_read_by_its_folder_or_file(path: Path | str) -> None:
    results = read(path)
    assert results.model["model"]["name"] == "small"
    assert results.layer_names == ["features.0", "features.3"]
    assert [layer["layer"]["name"] for layer in results.layers()] == results.layer_names
    item = results.filter("features.3", 1)
    assert item == results.layer("features.3")["filters"][1]
    assert results.picture_file(item["top_max"][0]["crop"], "features.3").resolve().parent == GOLDEN.resolve()
    assert results.picture_file({"src": "photos-0.webp", "rect": []}) == GOLDEN / "photos-0.webp"


def test_a_layer_or_filter_that_is_not_there_is_named() -> None:
    results = read(GOLDEN)
    with pytest.raises(LayerError, match=r"there is no layer 'features.1'; did you mean 'features.[03]'"):
        results.layer("features.1")
    with pytest.raises(LayerError, match=r"filter 99 of layer 'features.0' does not exist"):
        results.filter("features.0", 99)


def test_a_filter_that_was_not_analysed_says_so(copy: Path) -> None:
    changed(copy / "features.0" / "results.json", lambda value: value["filters"].pop())
    with pytest.raises(LayerError, match=r"filter 4 of layer 'features.0' was not analysed: 4 of 5 were"):
        read(copy).filter("features.0", 4)


def test_a_wrong_file_is_one_line_that_says_what_to_give(copy: Path) -> None:
    with pytest.raises(StoreError, match=f"name a model's folder, such as {copy}$"):
        read(copy.parent.parent)
    with pytest.raises(StoreError, match="is that of a layer; name the folder of its model"):
        read(copy / "features.0")
    with pytest.raises(StoreError, match=r"no such file.*name a model's folder, such as site/models/NAME"):
        read(copy / "nowhere")
    (copy / "results.json").write_text("[")
    with pytest.raises(StoreError, match="is no JSON"):
        read(copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda value: value.update(schema="mkdocs-lurk/results/2"), "has the schema 'mkdocs-lurk/results/2'"),
        (lambda value: value["layers"][0].update(results="../../secret.json"), "inside the model's folder"),
        (lambda value: value["images"][0].update(id="0"), r"images\[0\].id is '0'; it should be a whole number"),
        (lambda value: value.pop("images"), "has no field 'images'"),
    ],
)
def test_what_is_not_as_its_type_says_is_refused(copy: Path, change: Any, message: str) -> None:
    changed(copy / "results.json", change)
    with pytest.raises(StoreError, match=message):
        read(copy)
    found = json.loads((copy / "results.json").read_text("utf-8"))
    assert VALIDATOR.is_valid(found) == ("secret" in json.dumps(found)), "the schema refuses what the reader does"


def test_fields_of_a_later_version_are_kept(copy: Path) -> None:
    changed(copy / "results.json", lambda value: value["images"][0].update(colour="red"))
    assert dict(read(copy).model["images"][0])["colour"] == "red"
    VALIDATOR.validate(json.loads((copy / "results.json").read_text("utf-8")))


def test_reading_imports_neither_torch_nor_mkdocs() -> None:
    code = (
        f"import sys, mkdocs_lurk; mkdocs_lurk.read({str(GOLDEN)!r}); print({{'torch', 'mkdocs'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "set()\n"


def test_the_schema_is_that_of_the_record_types() -> None:
    text = results_schema.FILE.read_text("utf-8")
    assert text == results_schema.render_schema(), "write it anew: python -m tests.results_schema"


@pytest.mark.parametrize("file", documents(), ids=lambda file: file.parent.name)
def test_published_results_follow_the_schema(file: Path) -> None:
    VALIDATOR.validate(json.loads(file.read_text("utf-8")))
