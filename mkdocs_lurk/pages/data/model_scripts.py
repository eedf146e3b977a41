"""Make the data scripts of a model: ``model.js`` for the map, ``pictures.js`` for the photos."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.data.script_records import (
    ImageItem,
    ModelData,
    ModelLayer,
    PackedPicture,
    PhotoRank,
    PicturesData,
)
from mkdocs_lurk.pages.data.scripts import SheetList, label_place
from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.pages.pictures.strips import PackedStrip
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.model_record import FilterRecord, ImageRecord, LayerEntry, ModelRecord
from mkdocs_lurk.records.record_format import round_floats

_MAX_RANKS_PER_PHOTO = 48


def model_script(model: PublishedModel, strips: Sequence[PackedStrip]) -> ModelData:
    """Make ``model.js``: the map, the layers, and the photos with the network's predictions."""
    record, labels, sheets = model.record, model.labels, SheetList()
    right = _right_classes(record)
    items = [
        _item(image, label_place(labels, image["label"]), sheets.pack_optional(region), right)
        for image, region in zip(record["images"], model.photos.regions, strict=True)
    ]
    layers = [
        _layer(entry, model.titles[entry["name"]], strip, sheets)
        for entry, strip in zip(record["layers"], strips, strict=True)
    ]
    return {
        "name": model.declared.name,
        "title": model.declared.title,
        "input_size": record["model"]["input"]["size"][1:],
        "images": {"labels": list(labels), "items": items},
        "layers": layers,
        "graph": record["graph"],
        "sheets": sheets.names,
    }


def _item(image: ImageRecord, label: int, photo: PackedPicture | None, right: Mapping[int, str] | None) -> ImageItem:
    facts = (image["path"], label, photo, image.get("predictions"))
    return facts if right is None or "predictions" not in image else (*facts, right.get(image["id"]))


def _right_classes(record: ModelRecord) -> dict[int, str] | None:
    """Return the right class of each evaluated photo, by its id; None without an evaluation."""
    evaluation = record["evaluation"]
    if not is_computed(evaluation):
        return None
    names = [one["name"] for one in evaluation["classes"]]
    return {image: names[own] for image, own, *_ in evaluation["pictures"]}


def _layer(entry: LayerEntry, title: str, strip: PackedStrip, sheets: SheetList) -> ModelLayer:
    return {
        "name": entry["name"],
        "kind": entry["kind"],
        "filters": entry["filters"],
        "output": entry["output"],
        "parameters": entry["parameters"],
        "macs": entry["macs"],
        "slug": entry["slug"],
        "title": title,
        "field": {**entry["receptive_field"], "note": formatting.sentence(entry["field_note"]) or None},
        "strip": [(index, sheets.pack(region)) for index, region in strip],
    }


class PhotoRanks:
    """Gathers, over all layers, which filters rank each photo highest."""

    def __init__(self) -> None:
        self._ranks: dict[int, list[PhotoRank]] = {}

    def add(self, layer: int, filters: Sequence[FilterRecord]) -> None:
        """Add the rankings of a layer's filters, the layer by its place in the model's list."""
        for item in filters:
            for place, best in enumerate(item.get("top_max", [])):
                score = round_floats(best["score"])
                self._add_rank(best["image"], (layer, item["index"], place, "max", score, best["box"]))
            for place, mean in enumerate(item.get("top_avg", [])):
                self._add_rank(mean["image"], (layer, item["index"], place, "avg", round_floats(mean["score"])))

    def best(self) -> dict[int, list[PhotoRank]]:
        """Return up to 48 ranks per photo, higher ranks first, deeper layers first among equals.

        The layers take turns, so that none is left out while another one has several.
        """
        return {image: _choose_ranks(ranks) for image, ranks in sorted(self._ranks.items())}

    def _add_rank(self, image: int, rank: PhotoRank) -> None:
        if rank[4] > 0:
            self._ranks.setdefault(image, []).append(rank)


def _choose_ranks(ranks: Sequence[PhotoRank]) -> list[PhotoRank]:
    turns: list[tuple[int, int, PhotoRank]] = []
    seen: Counter[int] = Counter()
    for place, rank in enumerate(sorted(ranks, key=_rank_order)):
        turns.append((seen[rank[0]], place, rank))
        seen[rank[0]] += 1
    chosen = sorted(turns, key=lambda turn: turn[:2])[:_MAX_RANKS_PER_PHOTO]
    return [rank for _, _, rank in sorted(chosen, key=lambda turn: turn[1])]


def _rank_order(rank: PhotoRank) -> tuple[int, int, bool, int]:
    layer, index, position, ranking = rank[:4]
    return position, -layer, ranking != "max", index


def pictures_script(model: PublishedModel, best: Mapping[int, list[PhotoRank]]) -> PicturesData:
    """Make ``pictures.js`` of the best ranks of each photo."""
    entries = model.record["layers"]
    names: dict[str, dict[str, str]] = {}
    for layer, index in sorted({rank[:2] for ranks in best.values() for rank in ranks}):
        if (name := model.names.name(entries[layer]["name"], index)) is not None:
            names.setdefault(str(layer), {})[str(index)] = name
    return {"best": {str(image): ranks for image, ranks in best.items()}, "names": names}
