"""The page on which a network runs in the visitor's browser, and the scripts that hold it."""

from __future__ import annotations

import base64
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.data.live_records import LiveData, LiveFilter, LiveInput, LiveLayerData, LiveNetwork, LiveSamples
from mkdocs_lurk.pages.data.scripts import SheetList
from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.pages.disclosure import DisclosedReader, LiveUnit
from mkdocs_lurk.pages.formatting import bytes_size, percent
from mkdocs_lurk.pages.pictures.sheets import SheetRegion
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.live_check import check_live_unit
from mkdocs_lurk.records.live_record import LIVE_LEVELS, Bounds, LiveFacts, LiveLayer, LiveUnitRecord
from mkdocs_lurk.records.model_record import ImageRecord, LayerEntry, LayerRecord

LIVE_NETWORK = "live-network.js"
"""The script with the network, in the model's folder."""
_SAMPLES = 6
_LARGEST_ARRAY = 1 << 28


@dataclass(frozen=True)
class LivePage:
    """What ``lurk/live.md.j2`` receives as ``page``."""

    about: DeclaredModel
    load: str
    proof: str
    has_samples: bool


@dataclass(frozen=True)
class LiveFiles:
    """The scripts beside the page, by their names, with the keys of their values."""

    data: LiveData
    network: LiveNetwork
    samples: LiveSamples
    page: LivePage


def live_files(
    model: PublishedModel,
    reader: DisclosedReader,
    tiles: Mapping[str, Mapping[int, SheetRegion]],
    chunks: Mapping[str, int],
) -> LiveFiles | None:
    """Make the page and the scripts of a network for browsers; None if it is not published.

    Args:
        model: The model; the files of its photos are written.
        reader: Where its network comes from.
        tiles: The thumbnail of each filter that has one, by layer and index.
        chunks: How many filters each script with details of a layer holds, by layer.

    Raises:
        StoreError: The stored network is missing, or is not what an analysis writes.
    """
    unit = reader.live_unit()
    if unit is None:
        return None
    record = check_live_unit(unit.record, model.record, "the network for browsers")
    images = _sample_images(model)
    sheets = SheetList()
    data = _data(
        model, record, [reader.layer(entry["name"]) for entry in model.record["layers"]], tiles, chunks, sheets
    )
    for image in images:
        region = model.photos.regions[image["id"]]
        if region is not None:
            data["samples"].append((image["label"] or "", sheets.pack(region)))
    pictures = [_base64(reader.picture(image["picture"])) for image in images]
    facts = record["facts"]
    page = LivePage(model.declared, bytes_size(facts["bytes"]), describe_proof(facts), bool(images))
    return LiveFiles(data, _network(unit, record), {"pictures": pictures}, page)


def describe_proof(facts: LiveFacts) -> str:
    """Say how well the published network agrees with the analysed one."""
    text = (
        f"On {facts['pictures']} of the model's pictures it gives the scores of the analysis, up to "
        f"{percent(facts['largest'])} of the largest in each layer ({percent(facts['tolerance'])} would pass)"
    )
    if "same_first" in facts:
        text += f", and the same first class on {facts['same_first']}"
    return f"{text}. Its weights are published as {facts['precision']}."


def _data(
    model: PublishedModel,
    record: LiveUnitRecord,
    layers: Sequence[LayerRecord],
    tiles: Mapping[str, Mapping[int, SheetRegion]],
    chunks: Mapping[str, int],
    sheets: SheetList,
) -> LiveData:
    declared, network_input = model.declared, model.record["model"]["input"]
    own: LiveInput = {
        "size": network_input["size"],
        "mean": network_input["mean"],
        "std": network_input["std"],
        "resize": network_input["resize"],
        "crop": network_input["crop"],
        "interpolation": cast("LiveInput", network_input)["interpolation"] or "bilinear",
    }
    places, shown = 0, []
    for entry, live, layer in zip(model.record["layers"], record["layers"], layers, strict=True):
        filters = _filters(model, entry["name"], layer, places, tiles.get(entry["name"], {}), sheets)
        shown.append(_layer(model, entry, live, layer, filters, chunks[entry["name"]]))
        places += live["filters"]
    return {
        "model": declared.name,
        "title": declared.title,
        "input": own,
        "classes": record["classes"],
        "outputs": record["outputs"],
        "are_probabilities": record["are_probabilities"],
        "output_scale": record["output_scale"],
        "layers": shown,
        "photos": record["photos"],
        "levels": list(LIVE_LEVELS),
        "facts": record["facts"],
        "samples": [],
        "sheets": sheets.names,
    }


def _filters(
    model: PublishedModel,
    name: str,
    layer: LayerRecord,
    first: int,
    tiles: Mapping[int, SheetRegion],
    sheets: SheetList,
) -> list[LiveFilter]:
    return [
        {
            "place": first + item["index"],
            "index": item["index"],
            "name": model.names.name(name, item["index"]),
            "crop": sheets.pack_optional(tiles.get(item["index"])),
        }
        for item in layer["filters"]
    ]


def _layer(
    model: PublishedModel, entry: LayerEntry, live: LiveLayer, layer: LayerRecord, filters: list[LiveFilter], chunk: int
) -> LiveLayerData:
    exact = entry["receptive_field"]["status"] == "exact"
    sides = _effective_sides(layer)
    height, width = model.record["model"]["input"]["size"][1:]
    return {
        "name": entry["name"],
        "slug": entry["slug"],
        "title": model.titles[entry["name"]],
        "output": entry["output"],
        "rows": live["rows"] if exact or sides is None else centred(live["rows"], sides[0], height),
        "columns": live["columns"] if exact or sides is None else centred(live["columns"], sides[1], width),
        "exact": exact,
        "scales": list(live["scales"]),
        "chunk": chunk,
        "filters": filters,
    }


def _effective_sides(layer: LayerRecord) -> tuple[int, int] | None:
    """Return the usual height and width of the layer's effective boxes, in px; None if there are none."""
    boxes = [best["box"] for item in layer["filters"] for best in item.get("top_max", [])]
    sides = [(bottom - top, right - left) for top, left, bottom, right in boxes if bottom > top and right > left]
    if not sides:
        return None
    return int(statistics.median(side[0] for side in sides)), int(statistics.median(side[1] for side in sides))


def centred(bounds: Sequence[Bounds], side: int, length: int) -> list[Bounds]:
    """Return intervals of one length in the middle of others, inside a picture.

    Args:
        bounds: Start and end of each, in px.
        side: How long they become, in px.
        length: The picture's side, in px.
    """
    found: list[Bounds] = []
    n = len(bounds)
    for place, (start, end) in enumerate(bounds):
        is_whole = start <= 0 and end >= length  # where the unit lies is not known by its field
        middle = (place + 0.5) * length / n if is_whole else (start + end) / 2
        first = min(max(0, round(middle - side / 2)), max(0, length - side))
        found.append((first, min(length, first + side)))
    return found


def _sample_images(model: PublishedModel) -> list[ImageRecord]:
    """Return photos that are published as they are, spread evenly through the set."""
    shown = [image for image in model.record["images"] if "picture" in image and "shown" not in image]
    step = max(1.0, len(shown) / _SAMPLES)
    return [shown[int(n * step)] for n in range(min(_SAMPLES, len(shown)))]


def _network(unit: LiveUnit, record: LiveUnitRecord) -> LiveNetwork:
    n_filters = sum(layer["filters"] for layer in record["layers"])
    return {
        "model": _base64(_part(unit, "network")),
        "quantiles": _packed(unit, "quantiles", (len(LIVE_LEVELS), n_filters)),
        "pixels": _packed(unit, "check/pixels", None),
        "means": _packed(unit, "check/means", (n_filters,)),
        "maxima": _packed(unit, "check/maxima", (n_filters,)),
        "outputs": _packed(unit, "check/outputs", (record["outputs"],)),
    }


def _packed(unit: LiveUnit, name: str, shape: tuple[int, ...] | None) -> str:
    """Return an array's bytes in base64: bytes if ``shape`` is None, else float32 of that shape.

    Raises:
        StoreError: There is no such array.
    """
    data = _part(unit, name)
    try:
        if len(data) > _LARGEST_ARRAY or not data.startswith(b"\x93NUMPY"):
            raise ValueError("no array")
        array: NDArray[np.generic] = np.load(BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError) as error:
        raise StoreError(
            f"the network for browsers holds no array {name!r}; run 'mkdocs-lurk analyze --force'"
        ) from error
    kind = np.dtype("u1") if shape is None else np.dtype("<f4")
    if array.dtype != kind or (shape is not None and array.shape != shape):
        raise StoreError(f"the network for browsers holds another {name!r}; run 'mkdocs-lurk analyze --force'")
    return _base64(np.ascontiguousarray(array).tobytes())


def _part(unit: LiveUnit, name: str) -> bytes:
    if name not in unit.parts:
        raise StoreError(f"the network for browsers holds no {name!r}; run 'mkdocs-lurk analyze --force'")
    return unit.parts[name]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
