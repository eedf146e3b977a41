"""results.json holds what the public contract says, and its pictures are where it says."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mkdocs_lurk.names import RESULTS_SCHEMA
from mkdocs_lurk.pages.data import results_json
from mkdocs_lurk.records import model_record, results_records
from mkdocs_lurk.records.record_format import in_order
from tests.pages.conftest import Built
from tests.pages.fake import LAYERS
from tests.pages.fake_filter import SKIPPED_PHOTO, UNSYNTHESISED_FILTER
from tests.pages.patterns import pattern

Json = dict[str, Any]
NUMBER = (int, float)
MODEL = {"schema": str, "model": dict, "images": list, "layers": list}
IN_MODEL = {"name": str, "title": str, "source": str, "parameters": int, "input": dict, "weights_digest": str}
IMAGE = {"id": int, "path": str, "label": str, "width": int, "height": int, "picture": (dict, type(None))}
LAYER = {"name": str, "kind": str, "filters": int, "output": list, "receptive_field": dict}
FILTER = {"index": int, "top_avg": list, "top_max": list, "max_activ": dict, "classes": dict, "stats": dict}
TOP_AVG = {"image": int, "score": NUMBER, "grad": dict}
TOP_MAX = {**TOP_AVG, "position": list, "box": list, "crop": dict, "crop_grad": dict}
MAX_ACTIV = {"picture": dict, "score": NUMBER, "ratio": (*NUMBER, type(None)), "steps": int}


def has(value: Json, fields: dict[str, Any]) -> None:
    for name, kind in fields.items():
        assert name in value, name
        assert isinstance(value[name], kind), name


def model(built: Built) -> Json:
    return json.loads(built.text("models/small/results.json"))


def layer(built: Built, name: str) -> Json:
    return json.loads(built.text(f"models/small/{name}/results.json"))


def pics(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        if "src" in value:
            yield value
        for item in value.values():
            yield from pics(item)
    elif isinstance(value, list):
        for item in value:
            yield from pics(item)


def pixels(built: Built, folder: str, pic: Json) -> np.ndarray:
    uri = posixpath.normpath(posixpath.join("models/small", folder, pic["src"]))
    x, y, width, height = pic["rect"]
    with Image.open(built.site.path(uri)) as sheet:
        assert 0 <= x < x + width <= sheet.width
        assert 0 <= y < y + height <= sheet.height
        return np.asarray(sheet.convert("RGB"))[y : y + height, x : x + width]


def test_the_model_file_follows_the_contract(built: Built) -> None:
    found = model(built)
    has(found, MODEL)
    assert found["schema"] == RESULTS_SCHEMA == "mkdocs-lurk/results/1"
    has(found["model"], IN_MODEL)
    has(found["model"]["input"], {"size": list, "mean": list, "std": list})
    assert [image["id"] for image in found["images"]] == list(range(len(found["images"])))
    for image in found["images"]:
        has(image, IMAGE)
    for entry in found["layers"]:
        has(entry, {**LAYER, "results": str})
        has(entry["receptive_field"], {"size": list, "status": str})
        assert entry["results"] == f"{entry['name']}/results.json"
        assert "unit" not in entry
    assert "uses" not in found


@pytest.mark.parametrize("name", [name for name, *_ in LAYERS])
def test_a_layer_file_follows_the_contract(built: Built, name: str) -> None:
    found = layer(built, name)
    assert found["schema"] == RESULTS_SCHEMA
    has(found["layer"], LAYER)
    for item in found["filters"]:
        has(item, FILTER)
        for ranked, fields in (("top_avg", TOP_AVG), ("top_max", TOP_MAX)):
            for one in item[ranked]:
                has(one, fields)
            assert [one["score"] for one in item[ranked]] == sorted(
                (one["score"] for one in item[ranked]), reverse=True
            )
        if item["index"] == UNSYNTHESISED_FILTER:
            assert set(item["max_activ"]) == {"skipped"}
        else:
            has(item["max_activ"], MAX_ACTIV)
        for means in item["classes"].values():
            assert all(isinstance(label, str) and isinstance(mean, NUMBER) for label, mean in means)


@pytest.mark.parametrize("folder", ["", *(name for name, *_ in LAYERS)])
def test_every_picture_is_inside_a_file_of_the_site(built: Built, folder: str) -> None:
    found = layer(built, folder) if folder else model(built)
    there = list(pics(found))
    assert there
    for pic in there:
        pixels(built, folder, pic)
        with Image.open(built.site.path(posixpath.normpath(f"models/small/{folder}/{pic['src']}"))) as sheet:
            assert found["sheets"][pic["src"]] == list(sheet.size)


def test_photos_are_the_networks_input(built: Built) -> None:
    for image in model(built)["images"]:
        if image["id"] == SKIPPED_PHOTO:
            assert image["picture"] is None
            assert image["skipped"] == "the file is cut short"
        else:
            assert np.array_equal(pixels(built, "", image["picture"]), pattern(32, 32, image["id"]))


@pytest.mark.parametrize("name", [name for name, *_ in LAYERS])
def test_crops_are_regions_of_the_photo_and_of_the_gradient(built: Built, name: str) -> None:
    photos = {image["id"]: image["picture"] for image in model(built)["images"]}
    for item in layer(built, name)["filters"]:
        for one in item["top_max"]:
            top, left, bottom, right = one["box"]
            whole = pixels(built, "", photos[one["image"]])
            assert np.array_equal(pixels(built, name, one["crop"]), whole[top:bottom, left:right])
            assert one["crop"]["src"] == f"../{photos[one['image']]['src']}"
            frame_top, frame_left, *_ = one["grad_box"]
            gradient = pixels(built, name, one["grad"])
            part = gradient[top - frame_top : bottom - frame_top, left - frame_left : right - frame_left]
            assert np.array_equal(pixels(built, name, one["crop_grad"]), part)


def test_only_the_strongest_classes_are_listed() -> None:
    ranked = [[f"class {n}", 1.0 - n] for n in range(50)]
    nothing: Any = None
    item: Any = {"index": 0, "classes": {"avg": ranked, "max": ranked[:3]}}
    result = results_json._filter_result(item, "slug", nothing, nothing)
    assert result["classes"] == {"avg": ranked[: results_json.CLASSES_LISTED], "max": ranked[:3]}


def test_files_have_the_fields_of_their_types(built: Built) -> None:
    in_order(model(built), results_records.ModelResults)
    for name, *_ in LAYERS:
        in_order(layer(built, name), results_records.LayerResults)


@pytest.mark.parametrize(
    ("record", "result", "added", "left_out"),
    [
        (model_record.ModelRecord, results_records.ModelResults, {"sheets", "pictures_exact"}, {"uses", "responses"}),
        (model_record.LayerRecord, results_records.LayerResults, {"classes_listed", "sheets"}, set()),
        (model_record.LayerEntry, results_records.LayerSummary, {"title"}, {"unit"}),
        (model_record.ImageRecord, results_records.ImageResult, set(), set()),
        (model_record.FilterRecord, results_records.FilterResult, {"name", "output_class"}, set()),
        (model_record.RankedMean, results_records.MeanResult, set(), set()),
        (model_record.RankedMaximum, results_records.MaximumResult, {"crop", "crop_grad"}, set()),
        (model_record.SynthesisRecord, results_records.SynthesisResult, set(), set()),
    ],
)
def test_results_publish_every_field_of_the_records(
    record: Any, result: Any, added: set[str], left_out: set[str]
) -> None:
    assert set(result.__annotations__) == (set(record.__annotations__) | added) - left_out
