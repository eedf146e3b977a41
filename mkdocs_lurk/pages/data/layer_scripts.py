"""Make the data scripts of a layer: ``layer.js`` for the grid, ``filters-K.js`` for opened filters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from mkdocs_lurk.names import slug
from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.data.results_json import layer_summary, replace_pictures, strongest_classes
from mkdocs_lurk.pages.data.script_records import (
    ChunkData,
    ClassMean,
    ConnectionDetail,
    FilterColumns,
    FilterDetail,
    LayerData,
    NeighbourLayer,
    Responder,
    WiringDetail,
)
from mkdocs_lurk.pages.data.scripts import SheetList, label_place
from mkdocs_lurk.pages.model_records import (
    is_computed,
    is_dead,
    label_correlation,
    label_name,
    preferred_class,
    synthesis_ratio,
)
from mkdocs_lurk.pages.pictures.layer_pictures import LayerPictures, picture_key
from mkdocs_lurk.pages.pictures.photos import Photos
from mkdocs_lurk.pages.pictures.sheets import SheetRegion
from mkdocs_lurk.pages.published_model import LabelPlaces, PublishedModel
from mkdocs_lurk.pages.tuning import tuning_columns, twin_bands
from mkdocs_lurk.record_format import round_floats
from mkdocs_lurk.records import Connection, FilterRecord, LayerEntry, LayerRecord, Wiring
from mkdocs_lurk.response_records import ClassValue, Selectivity

_RESPONDING_CLASSES = 3


def layer_script(
    model: PublishedModel, place: int, layer: LayerRecord, pictures: LayerPictures, chunk: int
) -> LayerData:
    """Make ``layer.js``: what the grid needs of every filter, one column per fact.

    Args:
        model: The model.
        place: The layer's place in the model record's list.
        layer: The layer record.
        pictures: The layer's pictures.
        chunk: Filters per ``filters-K.js``.
    """
    record, entries = model.record, model.record["layers"]
    entry = entries[place]
    sheets = SheetList(entry["slug"])
    filters = layer["filters"]
    tuning, twin = tuning_columns(filters), twin_bands(record, entry["name"])
    data: LayerData = {
        "model": model.declared.name,
        "layer": {**layer_summary(entry), "field_note": formatting.sentence(entry["field_note"]) or None},
        "previous": _neighbour(entries, place - 1),
        "next": _neighbour(entries, place + 1),
        "addresses": {entry["name"]: entry["slug"] for entry in entries if entry["slug"] != slug(entry["name"])},
        "labels": list(model.labels),
        "top_k": record["top_k"],
        "gradient": record["gradient"],
        "input_size": record["model"]["input"]["size"][1:],
        "chunk": chunk,
        "chunks": [f"filters-{number}.js" for number in range(-(-len(filters) // chunk))],
        "filters": _columns(model, filters, pictures, sheets),
        "sheets": sheets.names,
    }
    if tuning:
        data["tuning"] = tuning
    if twin:
        data["twin"] = twin
    return data


def _columns(
    model: PublishedModel, filters: Sequence[FilterRecord], pictures: LayerPictures, sheets: SheetList
) -> FilterColumns:
    return {
        "index": [item["index"] for item in filters],
        "max": [round_floats(item["top_max"][0]["score"] if item.get("top_max") else None) for item in filters],
        "avg": [round_floats(item["top_avg"][0]["score"] if item.get("top_avg") else None) for item in filters],
        "ratio": [round_floats(synthesis_ratio(item)) for item in filters],
        "selectivity": [round_floats(_selectivity_index(item)) for item in filters],
        "label": [label_name(item) for item in filters],
        "label_r": [round_floats(label_correlation(item)) for item in filters],
        "best_class": [label_place(model.labels, preferred_class(item)) for item in filters],
        "dead": [int(is_dead(item)) for item in filters],
        "duplicate": [_duplicate(item) for item in filters],
        "crop": [sheets.pack_optional(region) for region in pictures.crops],
        "synthesis": [sheets.pack_optional(region) for region in pictures.syntheses],
        "average": [sheets.pack_optional(_highest_mean_photo(item, model.photos)) for item in filters],
        "order": similarity_order(filters),
        "responders": _responders(filters, model.labels),
    }


def similarity_order(filters: Sequence[FilterRecord]) -> list[int]:
    """Order the positions of filters so that similar ones are neighbours.

    From each filter the order goes on to the most similar one that is left, else to the first that is left.
    """
    positions = {item["index"]: position for position, item in enumerate(filters)}
    left = dict.fromkeys(range(len(filters)))
    order: list[int] = []
    while left:
        position: int | None = next(iter(left))
        while position is not None:
            order.append(position)
            del left[position]
            similar = filters[position]["stats"]["similar"] if "stats" in filters[position] else []
            candidates = (positions.get(index) for index, _ in similar)
            position = next((candidate for candidate in candidates if candidate in left), None)
    return order


def chunk_script(
    model: PublishedModel, filters: Sequence[FilterRecord], slug: str, pictures: LayerPictures
) -> ChunkData:
    """Make ``filters-K.js``: everything that is known of a run of filters.

    Args:
        model: The model.
        filters: The records of the run.
        slug: The layer's folder.
        pictures: The layer's pictures.
    """
    sheets, photo_sheets = SheetList(slug), SheetList(slug)
    details = []
    for item in filters:
        detail = cast(
            "FilterDetail",
            replace_pictures(item, lambda reference: sheets.pack(pictures.regions[picture_key(reference)])),
        )
        for ranked in (*detail.get("top_avg", []), *detail.get("top_max", [])):
            image = model.record["images"][ranked["image"]]
            ranked["label"], ranked["path"] = image["label"], image["path"]
            ranked["photo"] = photo_sheets.pack_optional(model.photos.regions[ranked["image"]])
        for entry in detail.get("range", []):
            entry["path"] = model.record["images"][entry["image"]]["path"]
            entry["photo"] = photo_sheets.pack_optional(model.photos.regions[entry["image"]])
        if "classes" in item:
            classes = strongest_classes(item["classes"])
            detail["classes"] = {
                "avg": _number_labels(classes["avg"], model.labels),
                "max": _number_labels(classes["max"], model.labels),
            }
        wiring = item.get("wiring")
        if is_computed(wiring):
            detail["wiring"] = _mark_unpublished(wiring, model.analysed)
        details.append(round_floats(detail))
    return {"sheets": sheets.names, "photos": photo_sheets.names, "filters": details}


def _number_labels(means: Sequence[ClassValue], labels: LabelPlaces) -> list[ClassMean]:
    return [(label_place(labels, label), mean) for label, mean in means]


def _mark_unpublished(wiring: Wiring, analysed: Mapping[str, Collection[int]]) -> WiringDetail:
    """Mark the connections to filters that were not analysed: no page has a place to link to."""

    def mark(connection: Connection) -> ConnectionDetail:
        layer, index, weight = connection
        return connection if index in analysed.get(layer, ()) else (layer, index, weight, 1)

    inputs = wiring["inputs"]
    return {
        "inputs": [mark(connection) for connection in inputs] if isinstance(inputs, list) else inputs,
        "outputs": [mark(connection) for connection in wiring["outputs"]],
    }


def _selectivity(item: FilterRecord) -> Selectivity | None:
    return item["stats"]["selectivity"] if "stats" in item else None


def _selectivity_index(item: FilterRecord) -> float | None:
    selectivity = _selectivity(item)
    return None if selectivity is None else selectivity["index"]


def _duplicate(item: FilterRecord) -> int:
    """Return the filter that this one nearly duplicates, or -1."""
    duplicates = item["stats"]["duplicate_of"] if "stats" in item else []
    return duplicates[0][0] if duplicates else -1


def _highest_mean_photo(item: FilterRecord, photos: Photos) -> SheetRegion | None:
    means = item.get("top_avg")
    return photos.thumbnails[means[0]["image"]] if means else None


def _responders(filters: Sequence[FilterRecord], labels: LabelPlaces) -> dict[str, list[Responder]]:
    """Return for each label the filters that have it among their three best classes.

    Filters whose best class it is come first, then those whose second best it is; among equals the highest mean.
    """
    ranked: dict[int, list[tuple[int, float, int]]] = {}
    for position, item in enumerate(filters):
        means = item["classes"]["max"] if "classes" in item else []
        best = sorted(means, key=lambda pair: -pair[1])[:_RESPONDING_CLASSES]
        for rank, (label, mean) in enumerate(best):
            if mean > 0 and label in labels:
                ranked.setdefault(labels[label], []).append((rank, -mean, position))
    return {
        str(place): [(position, round_floats(-negated)) for _, negated, position in sorted(responders)]
        for place, responders in sorted(ranked.items())
    }


def _neighbour(entries: Sequence[LayerEntry], place: int) -> NeighbourLayer | None:
    if not 0 <= place < len(entries):
        return None
    return {"name": entries[place]["name"], "slug": entries[place]["slug"]}
