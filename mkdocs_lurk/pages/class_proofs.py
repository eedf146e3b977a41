"""What a class's page shows beside its filters: the picture of its output, and the filters whose label holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mkdocs_lurk.pages.model_records import is_computed, label_name, shows_preference
from mkdocs_lurk.pages.pictures.layer_pictures import LayerPictures, picture_key
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture, svg_picture
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.evaluation_record import EvaluationRecord
from mkdocs_lurk.records.model_record import FilterRecord

SHOWN_LABELLED = 24
_SYNTHESIS_PX = 160


@dataclass(frozen=True)
class OutputUnit:
    """The filter that becomes the output for a class, with its synthesis: what raises that output most."""

    title: str
    slug: str
    index: int
    output: str
    synthesis: SvgPicture


@dataclass(frozen=True)
class LabelledFilter:
    """A filter whose proven label names a class: its layer, its number, the label in words, and the correlation."""

    title: str
    slug: str
    index: int
    label: str
    correlation: float


class ClassProofs:
    """Gathers, over all layers, the outputs' syntheses and the labels that hold on held-out pictures.

    Args:
        model: The model.
    """

    def __init__(self, model: PublishedModel) -> None:
        self._model = model
        self._outputs: dict[str, OutputUnit] = {}
        self._labelled: dict[str, list[LabelledFilter]] = defaultdict(list)

    def add(self, place: int, filters: Sequence[FilterRecord], pictures: LayerPictures) -> None:
        """Add the filters of a layer, given by its place in the model's list; its sheets are written."""
        entry = self._model.record["layers"][place]
        title, slug = self._model.titles[entry["name"]], entry["slug"]
        outputs = self._model.names.classes.get(entry["name"], {})
        for item in filters:
            index, label, synthesis = item["index"], item.get("label"), item.get("max_activ")
            if is_computed(label):
                words = label_name(item) or ""
                for name in label["any_of"]:
                    self._labelled[name].append(LabelledFilter(title, slug, index, words, label["correlation"]))
            if index in outputs and shows_preference(synthesis):
                region = pictures.regions[picture_key(synthesis["picture"])]
                text = f"What raises the output for {outputs[index]} most: filter {index} of {title}, its synthesis"
                view = svg_picture(region, pictures.sizes, text, _SYNTHESIS_PX)
                view = replace(view, src=f"../../{view.src}")
                self._outputs[outputs[index]] = OutputUnit(title, slug, index, outputs[index], view)

    def labelled(self, label: str) -> tuple[LabelledFilter, ...]:
        """Return the filters whose label names a class, the highest correlation first."""
        return tuple(sorted(self._labelled.get(label, []), key=lambda one: -one.correlation)[:SHOWN_LABELLED])

    def output(self, label: str, evaluation: EvaluationRecord | None) -> OutputUnit | None:
        """Return the output that is right for the most pictures of a label, if its synthesis is shown."""
        targets = [] if evaluation is None else evaluation["labels"]
        own = [(count, output) for name, output, count in targets if name == label and output is not None]
        return self._outputs.get(max(own)[1]) if own else None
