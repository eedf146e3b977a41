"""``results.json``, as the public contract says: everything that was found, for other programs.

Addresses of pictures are relative to the file that holds them. Beside the contract's fields stand ``sheets``, the width
and height in pixels of every file of pictures, and whatever else the records hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mkdocs_lurk.names import RESULTS_SCHEMA
from mkdocs_lurk.pages import words
from mkdocs_lurk.pages.layer_pictures import LayerPictures, is_reference, name_of
from mkdocs_lurk.pages.model import About, link
from mkdocs_lurk.pages.photos import Photos
from mkdocs_lurk.pages.sheets import Spot

Json = dict[str, Any]
_FOR_THE_STORE = {"unit", "uses", "commands"}
CLASSES_LISTED = 20
"""Classes of each kind that a filter's lists hold, the highest means first: a thousand of them would be most of it."""


def model_results(about: About, record: Json, photos: Photos) -> Json:
    """The model's ``results.json``."""
    images = []
    for image, spot in zip(record["images"], photos.spots, strict=True):
        images.append({**image, "picture": None if spot is None else picture(spot)})
    layers = []
    for entry in record["layers"]:
        shown = {name: value for name, value in entry.items() if name not in _FOR_THE_STORE}
        layers.append({**shown, "results": f"{link(entry).slug}/results.json"})
    more = {name: value for name, value in record.items() if name not in {"schema", "model", "images", "layers"}}
    return {
        "schema": RESULTS_SCHEMA,
        "model": {**record["model"], "name": about.name, "title": about.title, "source": about.source},
        "images": images,
        "layers": layers,
        "sheets": _sheets(photos.sizes, ""),
        "pictures_exact": photos.exact,
        **{name: value for name, value in more.items() if name not in _FOR_THE_STORE},
    }


def layer_results(entry: Json, layer: Json, photos: Photos, pictures: LayerPictures) -> Json:
    """A layer's ``results.json``."""
    slug = link(entry).slug
    shown = {name: value for name, value in entry.items() if name not in _FOR_THE_STORE}
    return {
        "schema": RESULTS_SCHEMA,
        "layer": shown,
        "chosen": layer.get("chosen", "all"),
        "classes_listed": CLASSES_LISTED,
        "filters": [_filter(item, slug, photos, pictures) for item in layer["filters"]],
        "sheets": _sheets({**photos.sizes, **pictures.sizes}, slug),
    }


def picture(spot: Spot, slug: str = "") -> Json:
    """A picture as the contract has it, seen from the folder of a layer, or from the model's."""
    return {"src": relative(spot.src, slug), "rect": spot.rect}


def relative(src: str, slug: str) -> str:
    """An address inside the model's folder, as seen from the layer's folder ``slug``, or from the model's."""
    if not slug:
        return src
    inside = src.removeprefix(f"{slug}/")
    return inside if inside != src else f"../{src}"


def resolve(value: Any, put: Callable[[Mapping[str, Any]], Any]) -> Any:
    """Copy a record with every reference to a picture replaced by what ``put`` makes of it."""
    if isinstance(value, dict):
        if is_reference(value):
            return put(value)
        return {name: resolve(item, put) for name, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, put) for item in value]
    return value


def crop_of(item: Mapping[str, Any], photos: Photos) -> Spot | None:
    """The part of the photo that caused a maximum."""
    spot = photos.spots[item["image"]]
    top, left, bottom, right = item["box"]
    return None if spot is None else spot.part(top, left, bottom - top, right - left)


def crop_of_gradient(item: Mapping[str, Any], spots: Mapping[tuple[str, str], Spot]) -> Spot | None:
    """The same part of the gradient, which may hold no more than a box itself."""
    if not is_reference(item.get("grad")):
        return None
    top, left, bottom, right = item["box"]
    frame_top, frame_left, *_ = item.get("grad_box") or (0, 0)
    return spots[name_of(item["grad"])].part(top - frame_top, left - frame_left, bottom - top, right - left)


def strongest(classes: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Of each kind the classes that are listed; they come with the highest means first."""
    return {kind: means[:CLASSES_LISTED] for kind, means in classes.items()}


def canonical(value: Any) -> str:
    """JSON without spaces, of ASCII letters alone: the same value gives the same bytes."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _filter(item: Json, slug: str, photos: Photos, pictures: LayerPictures) -> Json:
    found: Json = resolve(item, lambda reference: picture(pictures.spots[name_of(reference)], slug))
    if words.present(found.get("classes")):
        found["classes"] = strongest(found["classes"])
    best = found.get("top_max")
    if isinstance(best, list):
        for kept, shown in zip(item["top_max"], best, strict=True):
            crop, gradient = crop_of(kept, photos), crop_of_gradient(kept, pictures.spots)
            if crop is not None:
                shown["crop"] = picture(crop, slug)
            if gradient is not None:
                shown["crop_grad"] = picture(gradient, slug)
    return found


def _sheets(sizes: Mapping[str, Sequence[int]], slug: str) -> Json:
    return {relative(src, slug): list(size) for src, size in sizes.items() if not src.startswith(f"{slug}/tiles")}
