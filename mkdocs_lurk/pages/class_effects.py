"""The filters that make a class: those that raise the network's output for it most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.class_circuits import ClassCircuits
from mkdocs_lurk.pages.effect_words import effect_meaning
from mkdocs_lurk.pages.picture_cards import PictureCards
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.evaluation_record import EvaluationRecord
from mkdocs_lurk.records.model_record import LayerRecord, ModelRecord
from mkdocs_lurk.records.response_records import BoxList

_CROP_PX = 72


@dataclass(frozen=True)
class _Maker:
    """A filter that raises a class's output, and the box of its best picture."""

    index: int
    value: float
    crop: tuple[int, BoxList] | None


@dataclass(frozen=True)
class MakingFilter:
    """A filter on a class's page, with its mean contribution to the class's output."""

    index: int
    value: str
    crop: SvgPicture | None


@dataclass(frozen=True)
class MakingLayer:
    """A layer with the filters that raise a class's output most, the most first."""

    name: str
    slug: str
    filters: tuple[MakingFilter, ...]


class ClassEffects:
    """Gathers, over all layers, which filters raise the output for which class, by the name of the output.

    Args:
        record: The model's record.

    Attributes:
        meaning: How contributions were computed, as a sentence.
        circuits: Through which filters outputs are made.
    """

    def __init__(self, record: ModelRecord) -> None:
        self.meaning, self.circuits = "", ClassCircuits(record)
        self._found: dict[str, dict[int, list[_Maker]]] = {}

    def add(self, place: int, layer: LayerRecord) -> None:
        """Add a layer, by its place in the model's list."""
        self.circuits.add(layer)
        if "effect" not in layer:
            return
        self.meaning = effect_meaning(layer["filters"])
        best = {item["index"]: item.get("top_max", []) for item in layer["filters"]}
        for name, makers in layer["effect"]["makers"]:
            for index, value in makers:
                crop = next(((own["image"], own["box"]) for own in best.get(index, ())), None)
                self._found.setdefault(name, {}).setdefault(place, []).append(_Maker(index, value, crop))

    def of_label(self, label: str, evaluation: EvaluationRecord | None) -> Mapping[int, Sequence[_Maker]]:
        """Return the filters by layer, in depth order, that raise the output of a label's pictures.

        Pictures of one label may belong to several outputs; the one of most pictures counts.
        """
        if evaluation is None:
            return {}
        own = [(count, output) for name, output, count in evaluation["labels"] if name == label and output is not None]
        by_layer = self._found.get(max(own)[1], {}) if own else {}
        return {place: by_layer[place] for place in sorted(by_layer)}


def making_layers(
    model: PublishedModel, makers: Mapping[int, Sequence[_Maker]], cards: PictureCards
) -> tuple[MakingLayer, ...]:
    """Return what a class's page shows of the filters that make it."""
    found = []
    for place, filters in makers.items():
        entry = model.record["layers"][place]
        shown = []
        for one in filters:
            region = None if one.crop is None else model.photos.crop_region(*one.crop)
            crop = cards.view(region, f"{entry['name']}, filter {one.index}: its best crop", _CROP_PX)
            shown.append(MakingFilter(one.index, formatting.score(one.value), crop))
        found.append(MakingLayer(model.titles[entry["name"]], entry["slug"], tuple(shown)))
    return tuple(found)
