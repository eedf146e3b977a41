"""Make the data scripts of a model: ``model.js`` for the map, ``pictures.js`` for the photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.data.script_records import (
    ImageItem,
    ModelData,
    ModelLayer,
    PhotoRank,
    PicturesData,
)
from mkdocs_lurk.pages.data.scripts import SheetList, label_place
from mkdocs_lurk.pages.pictures.strips import PackedStrip
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.record_format import round_floats
from mkdocs_lurk.records import FilterRecord, LayerEntry, RankedMaximum, RankedMean

_MAX_RANKS_PER_PHOTO = 40


def model_script(model: PublishedModel, strips: Sequence[PackedStrip]) -> ModelData:
    """Make ``model.js``: the map, the layers, and the photos with the network's predictions."""
    record, labels, sheets = model.record, model.labels, SheetList()
    items: list[ImageItem] = [
        (image["path"], label_place(labels, image["label"]), sheets.pack_optional(region), image.get("predictions"))
        for image, region in zip(record["images"], model.photos.regions, strict=True)
    ]
    layers = [
        _layer(entry, model.titles[entry["name"]], strip, sheets)
        for entry, strip in zip(record["layers"], strips, strict=True)
    ]
    return {
        "name": model.declared.name,
        "title": model.declared.title,
        "images": {"labels": list(labels), "items": items},
        "layers": layers,
        "graph": record["graph"],
        "sheets": sheets.names,
    }


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
            for rank, maximum in enumerate(item.get("top_max", [])):
                self._add_rank(maximum, (layer, item["index"], rank, "max", round_floats(maximum["score"])))
            for rank, mean in enumerate(item.get("top_avg", [])):
                self._add_rank(mean, (layer, item["index"], rank, "avg", round_floats(mean["score"])))

    def best(self) -> dict[int, list[PhotoRank]]:
        """Return up to 40 ranks per photo, higher ranks first, deeper layers first among equals."""

        def order(rank: PhotoRank) -> tuple[int, int, bool, int]:
            layer, index, position, ranking, _ = rank
            return position, -layer, ranking != "max", index

        return {image: sorted(ranks, key=order)[:_MAX_RANKS_PER_PHOTO] for image, ranks in sorted(self._ranks.items())}

    def _add_rank(self, ranked: RankedMean | RankedMaximum, rank: PhotoRank) -> None:
        if ranked["score"] > 0:
            self._ranks.setdefault(ranked["image"], []).append(rank)


def pictures_script(best: Mapping[int, list[PhotoRank]]) -> PicturesData:
    """Make ``pictures.js`` of the best ranks of each photo."""
    return {"best": {str(image): ranks for image, ranks in best.items()}}
