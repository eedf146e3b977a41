"""Make ``results.json``, as the public contract says: everything that was found, for other programs.

Addresses of pictures are relative to the file that holds them. Beside the contract's fields stand ``sheets``, the width
and height in pixels of every file of pictures, and everything else that the records hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from mkdocs_lurk.names import RESULTS_SCHEMA
from mkdocs_lurk.pages.filter_names import Names
from mkdocs_lurk.pages.model_records import is_picture_reference
from mkdocs_lurk.pages.pictures.layer_pictures import LayerPictures, PictureKey, picture_key
from mkdocs_lurk.pages.pictures.photos import Photos
from mkdocs_lurk.pages.pictures.sheets import SheetRegion, Size, scale_box
from mkdocs_lurk.pages.provenance import NOT_RECORDED
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.model_record import FilterRecord, LayerEntry, LayerRecord, PictureReference, RankedMaximum
from mkdocs_lurk.records.response_records import ClassMeans
from mkdocs_lurk.records.results_records import FilterResult, LayerResults, LayerSummary, ModelResults, Picture

_STORE_FIELDS = {"unit", "uses", "responses"}
"""Fields of records that mean something to the store alone."""
CLASSES_LISTED = 20
"""Classes of each kind that a filter's lists hold, the highest means first: a thousand of them would be most of it."""


def model_results(model: PublishedModel) -> ModelResults:
    """Make the model's ``results.json``."""
    declared, record, photos = model.declared, model.record, model.photos
    images = [
        {**image, "picture": None if region is None else published_picture(region)}
        for image, region in zip(record["images"], photos.regions, strict=True)
    ]
    first = {
        "schema": RESULTS_SCHEMA,
        "model": {**record["model"], "name": declared.name, "title": declared.title, "source": declared.source},
        "images": images,
        "layers": [layer_summary(entry, model.titles) for entry in record["layers"]],
        "sheets": _sheet_sizes(photos.sizes, ""),
        "pictures_exact": photos.exact,
    }
    rest = {name: value for name, value in record.items() if name not in first and name not in _STORE_FIELDS}
    if "live" in record:
        rest["live"] = {name: value for name, value in record["live"].items() if name not in _STORE_FIELDS}
    provenance = record.get("provenance", {"skipped": NOT_RECORDED})
    return cast("ModelResults", {**first, **rest, "provenance": provenance})


def layer_results(
    model: PublishedModel, entry: LayerEntry, layer: LayerRecord, pictures: LayerPictures
) -> LayerResults:
    """Make a layer's ``results.json``."""
    slug, photos = entry["slug"], model.photos
    results: LayerResults = {
        "schema": RESULTS_SCHEMA,
        "layer": layer_summary(entry, model.titles),
        "chosen": layer["chosen"],
        "classes_listed": CLASSES_LISTED,
        "filters": [
            _named(_filter_result(item, slug, photos, pictures), model.names, entry["name"])
            for item in layer["filters"]
        ],
        "sheets": _sheet_sizes({**photos.sizes, **pictures.sizes}, slug),
    }
    if "effect" in layer:
        results["effect"] = layer["effect"]
    return results


def layer_summary(entry: LayerEntry, titles: Mapping[str, str]) -> LayerSummary:
    """Return a layer's entry in the model's record with its title, and without what only the store needs."""
    kept = {name: value for name, value in entry.items() if name not in _STORE_FIELDS}
    return cast("LayerSummary", {**kept, "title": titles[entry["name"]]})


def published_picture(region: SheetRegion, slug: str = "") -> Picture:
    """Return a picture as the contract has it, for a file in the folder of a layer, or in the model's."""
    return {"src": relative_address(region.src, slug), "rect": region.rect}


def relative_address(src: str, slug: str) -> str:
    """Return an address inside the model's folder relative to the layer's folder ``slug``, or to the model's."""
    if not slug:
        return src
    inside = src.removeprefix(f"{slug}/")
    return inside if inside != src else f"../{src}"


def replace_pictures(value: object, replacement: Callable[[PictureReference], object]) -> object:
    """Copy a value of a record, with every reference to a stored picture replaced."""
    if is_picture_reference(value):
        return replacement(value)
    if isinstance(value, dict):
        return {name: replace_pictures(item, replacement) for name, item in value.items()}
    if isinstance(value, list):
        return [replace_pictures(item, replacement) for item in value]
    return value


def strongest_classes(classes: ClassMeans) -> ClassMeans:
    """Return the classes of each kind that are listed; the record has the highest means first."""
    return {"avg": classes["avg"][:CLASSES_LISTED], "max": classes["max"][:CLASSES_LISTED]}


def compact_json(value: object) -> str:
    """Return JSON without spaces and in ASCII alone: the same value gives the same bytes."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _filter_result(item: FilterRecord, slug: str, photos: Photos, pictures: LayerPictures) -> FilterResult:
    result = cast(
        "FilterResult",
        replace_pictures(item, lambda reference: published_picture(pictures.regions[picture_key(reference)], slug)),
    )
    if "classes" in result:
        result["classes"] = strongest_classes(result["classes"])
    for maximum, published in zip(item.get("top_max", []), result.get("top_max", []), strict=True):
        crop = photos.crop_region(maximum["image"], maximum["box"])
        gradient_crop = _gradient_crop(maximum, pictures.regions, photos.frame(maximum["image"]))
        if crop is not None:
            published["crop"] = published_picture(crop, slug)
        if gradient_crop is not None:
            published["crop_grad"] = published_picture(gradient_crop, slug)
    return result


def _named(result: FilterResult, names: Names, layer: str) -> FilterResult:
    """Add the author's name of a filter, and the class of its output, where there are such."""
    index = result["index"]
    if (authored := names.authored.get(layer, {}).get(index)) is not None:
        result["name"] = authored
    if (output := names.classes.get(layer, {}).get(index)) is not None:
        result["output_class"] = output
    return result


def _gradient_crop(
    maximum: RankedMaximum, regions: Mapping[PictureKey, SheetRegion], input_size: Sequence[int]
) -> SheetRegion | None:
    """Return the region of the gradient's part inside the box; None if the gradient was skipped."""
    gradient = maximum["grad"]
    if not is_picture_reference(gradient):
        return None
    region = regions[picture_key(gradient)]
    frame_top, frame_left, frame_bottom, frame_right = maximum.get("grad_box", [0, 0, *input_size])
    top, left, bottom, right = maximum["box"]
    inside = [top - frame_top, left - frame_left, bottom - frame_top, right - frame_left]
    frame = frame_bottom - frame_top, frame_right - frame_left
    top, left, bottom, right = scale_box(inside, frame, (region.height, region.width))
    return region.crop(top, left, bottom - top, right - left)


def _sheet_sizes(sizes: Mapping[str, Size], slug: str) -> dict[str, list[int]]:
    """Return the size of every file that ``results.json`` refers to, which tiles are not."""
    return {
        relative_address(src, slug): list(size) for src, size in sizes.items() if not src.startswith(f"{slug}/tiles")
    }
