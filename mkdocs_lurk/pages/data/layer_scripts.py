"""Make the data scripts of a layer: ``layer.js`` for the grid, ``filters-K.js`` for opened filters."""

from __future__ import annotations

from collections.abc import Sequence
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
    effect_share,
    is_computed,
    is_dead,
    is_picture_reference,
    label_correlation,
    label_name,
    polysemanticity,
    preferred_class,
    synthesis_ratio,
)
from mkdocs_lurk.pages.pictures.layer_pictures import LayerPictures, LayerTiles, picture_key
from mkdocs_lurk.pages.pictures.photos import Photos
from mkdocs_lurk.pages.pictures.sheets import SheetRegion
from mkdocs_lurk.pages.published_model import LabelPlaces, PublishedModel
from mkdocs_lurk.pages.tuning import tuning_columns, twin_bands
from mkdocs_lurk.records.model_record import FilterRecord, LayerEntry, LayerRecord, Wiring
from mkdocs_lurk.records.record_format import round_floats
from mkdocs_lurk.records.response_records import ClassValue, Selectivity

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
    connected = _connected_layers(filters)
    tuning, twin = tuning_columns(filters), twin_bands(record, entry["name"])
    data: LayerData = {
        "model": model.declared.name,
        "layer": {**layer_summary(entry, model.titles), "field_note": formatting.sentence(entry["field_note"]) or None},
        "previous": _neighbour(model, place - 1),
        "next": _neighbour(model, place + 1),
        "addresses": {entry["name"]: entry["slug"] for entry in entries if entry["slug"] != slug(entry["name"])},
        "titles": {name: model.titles[name] for name in model.titles if name in connected},
        "labels": list(model.labels),
        "top_k": record["top_k"],
        "gradient": record["gradient"],
        "input_size": record["model"]["input"]["size"][1:],
        "chunk": chunk,
        "chunks": [f"filters-{number}.js" for number in range(-(-len(filters) // chunk))],
        "filters": _columns(model, entry["name"], filters, pictures, sheets),
        "sheets": sheets.names,
    }
    if tuning:
        data["tuning"] = tuning
    if twin:
        data["twin"] = twin
    return data


def _columns(
    model: PublishedModel, layer: str, filters: Sequence[FilterRecord], pictures: LayerPictures, sheets: SheetList
) -> FilterColumns:
    return {
        "index": [item["index"] for item in filters],
        "name": [model.names.name(layer, item["index"]) for item in filters],
        "max": [round_floats(item["top_max"][0]["score"] if item.get("top_max") else None) for item in filters],
        "avg": [round_floats(item["top_avg"][0]["score"] if item.get("top_avg") else None) for item in filters],
        "ratio": [round_floats(synthesis_ratio(item)) for item in filters],
        "selectivity": [round_floats(_selectivity_index(item)) for item in filters],
        "label": [label_name(item) for item in filters],
        "label_r": [round_floats(label_correlation(item)) for item in filters],
        "effect": [round_floats(effect_share(item), 3) for item in filters],
        "polysemanticity": [round_floats(polysemanticity(item), 3) for item in filters],
        "best_class": [label_place(model.labels, preferred_class(item)) for item in filters],
        "dead": [int(is_dead(item)) for item in filters],
        "duplicate": [_duplicate(item) for item in filters],
        "crop": [sheets.pack_optional(region) for region in pictures.crops],
        "synthesis": [sheets.pack_optional(region) for region in pictures.syntheses],
        "average": [sheets.pack_optional(_highest_mean_photo(item, model.photos)) for item in filters],
        "order": similarity_order(filters),
        "responders": _responders(model, filters, sheets),
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
    model: PublishedModel,
    entry: LayerEntry,
    filters: Sequence[FilterRecord],
    pictures: LayerPictures,
    tiles: LayerTiles,
) -> ChunkData:
    """Make ``filters-K.js``: everything that is known of a run of filters.

    Args:
        model: The model.
        entry: The layer.
        filters: The records of the run.
        pictures: The layer's pictures.
        tiles: The thumbnails of the filters of all layers.
    """
    sheets, photo_sheets = SheetList(entry["slug"]), SheetList(entry["slug"])
    wired = _WiringDetails(model, tiles, sheets)
    details = []
    for item in filters:
        detail = cast(
            "FilterDetail",
            replace_pictures(item, lambda reference: sheets.pack(pictures.regions[picture_key(reference)])),
        )
        _add_photos(detail, model, photo_sheets)
        _add_contrast(detail, item, pictures)
        if "classes" in item:
            classes = strongest_classes(item["classes"])
            detail["classes"] = {
                "avg": _number_labels(classes["avg"], model.labels),
                "max": _number_labels(classes["max"], model.labels),
            }
        wiring = item.get("wiring")
        if is_computed(wiring):
            detail["wiring"] = wired.of(wiring)
        if (name := model.names.name(entry["name"], item["index"])) is not None:
            detail["name"] = name
        details.append(round_floats(detail))
    return {"sheets": sheets.names, "photos": photo_sheets.names, "filters": details}


def _add_photos(detail: FilterDetail, model: PublishedModel, photo_sheets: SheetList) -> None:
    """Add to each listed picture of a filter what the gallery shows of the photo."""
    for ranked in (*detail.get("top_avg", []), *detail.get("top_max", [])):
        image = model.record["images"][ranked["image"]]
        ranked["label"], ranked["path"] = image["label"], image["path"]
        ranked["photo"] = photo_sheets.pack_optional(model.photos.regions[ranked["image"]])
    groups = facets["groups"] if is_computed(facets := detail.get("facets")) else []
    for picked in (*detail.get("range", []), *(crop for group in groups for crop in group["crops"])):
        picked["path"] = model.record["images"][picked["image"]]["path"]
        picked["photo"] = photo_sheets.pack_optional(model.photos.regions[picked["image"]])


def _add_contrast(detail: FilterDetail, item: FilterRecord, pictures: LayerPictures) -> None:
    """Add to each listed picture of a filter how much contrast its gradient needs."""
    shown = (*detail.get("top_avg", []), *detail.get("top_max", []))
    for ranked, stored in zip(shown, (*item.get("top_avg", []), *item.get("top_max", [])), strict=True):
        gradient = stored["grad"]
        if is_picture_reference(gradient):
            ranked["contrast"] = pictures.contrast[picture_key(gradient)]


def _number_labels(means: Sequence[ClassValue], labels: LabelPlaces) -> list[ClassMean]:
    return [(label_place(labels, label), mean) for label, mean in means]


class _WiringDetails:
    """Describes connections: with names and thumbnails, and without a link to filters that were not analysed.

    Args:
        model: The model.
        tiles: The thumbnails of the filters of all layers.
        sheets: Those of the script.
    """

    def __init__(self, model: PublishedModel, tiles: LayerTiles, sheets: SheetList) -> None:
        self._model, self._tiles, self._sheets = model, tiles, sheets

    def of(self, wiring: Wiring) -> WiringDetail:
        """Return the wiring of a filter as its script has it."""
        inputs = wiring["inputs"]
        return {
            "inputs": [self._connection(*one) for one in inputs] if isinstance(inputs, list) else inputs,
            "outputs": [self._connection(*one) for one in wiring["outputs"]],
        }

    def _connection(self, layer: str, index: int, weight: float) -> ConnectionDetail:
        detail: ConnectionDetail = {"layer": layer, "filter": index, "weight": weight}
        if (name := self._model.names.name(layer, index)) is not None:
            detail["name"] = name
        if (tile := self._tiles.get(layer, {}).get(index)) is not None:
            detail["picture"] = self._sheets.pack(tile)
        if index not in self._model.analysed.get(layer, ()):
            detail["unshown"] = 1
        return detail


def _connected_layers(filters: Sequence[FilterRecord]) -> set[str]:
    """Return the layers that filters are connected to."""
    layers: set[str] = set()
    for item in filters:
        wiring = item.get("wiring")
        if is_computed(wiring):
            inputs = wiring["inputs"]
            layers.update(one[0] for one in [*(inputs if isinstance(inputs, list) else ()), *wiring["outputs"]])
    return layers


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


def _responders(
    model: PublishedModel, filters: Sequence[FilterRecord], sheets: SheetList
) -> dict[str, list[Responder]]:
    """Return for each label the filters that have it among their three best classes, the highest mean first."""
    found: dict[int, list[tuple[float, int]]] = {}
    for position, item in enumerate(filters):
        means = item["classes"]["max"] if "classes" in item else []
        for label, mean in sorted(means, key=lambda pair: -pair[1])[:_RESPONDING_CLASSES]:
            if mean > 0 and label in model.labels:
                found.setdefault(model.labels[label], []).append((-mean, position))
    names = list(model.labels)
    return {
        str(place): [
            _responder(position, round_floats(-negated), _crop_of_class(model, filters[position], names[place]), sheets)
            for negated, position in sorted(responders)
        ]
        for place, responders in sorted(found.items())
    }


def _responder(position: int, mean: float, crop: SheetRegion | None, sheets: SheetList) -> Responder:
    return (position, mean) if crop is None else (position, mean, sheets.pack(crop))


def _crop_of_class(model: PublishedModel, item: FilterRecord, label: str) -> SheetRegion | None:
    """Return the crop of the picture of a class that excites a filter most, of those that are kept of it."""
    kept = [(one["score"], one["image"], one["box"]) for one in item.get("top_max", ())]
    kept += [(one["score"], one["image"], one["box"]) for one in item.get("range", ()) if "of" not in one]
    images = model.record["images"]
    for _, image, box in sorted(kept, key=lambda one: -one[0]):
        top, left, bottom, right = box
        if images[image]["label"] == label and bottom > top and right > left:
            return model.photos.crop_region(image, box)
    return None


def _neighbour(model: PublishedModel, place: int) -> NeighbourLayer | None:
    entries = model.record["layers"]
    if not 0 <= place < len(entries):
        return None
    name = entries[place]["name"]
    return {"name": name, "slug": entries[place]["slug"], "title": model.titles[name]}
