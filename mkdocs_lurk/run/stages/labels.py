"""Labels: the classes that each filter answers to, as far as pictures that did not choose them bear that out.

Computed from the responses that mining kept, without a pass through the network.
"""

from __future__ import annotations

import numpy as np

from mkdocs_lurk.analysis.filter_labels import FoundLabel, LabelFinder
from mkdocs_lurk.images.groups import class_groups
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.record_format import round_significant
from mkdocs_lurk.records import LabelRecord
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.protocol import Stage
from mkdocs_lurk.run.stages.responses import Responses, class_numbers

_POOL_LAYERS = 4
"""Layers whose responses the searches of the shuffles use."""
_DIGITS = 4


class Labels(Stage):
    """Finds labels by the kept mean responses; computes nothing of its own."""

    name = "labels"

    def __init__(self, session: Session, responses: Responses) -> None:
        super().__init__(session, responses)
        self._responses = responses

    def collect(self, draft: RecordDraft) -> None:
        """Write each filter's label, or why there can be none."""
        images = self.session.images
        if not self.session.config.labels or not images.labels:
            return
        labels = class_numbers(self.session, self._responses.found.kept.tolist())
        layers = [layer for layer in self.session.layers if self.session.filters(layer)]
        pool = np.concatenate([self._means(layer) for layer in _spaced(layers)], axis=1)
        groups = class_groups(self.session.config, images.entries)
        finder = LabelFinder(labels, images.labels, groups, self.session.config.seed, pool)
        for layer in layers:
            filters = self.session.filters(layer)
            if finder.problem is not None:
                for index in filters:
                    draft.filter(layer.name, index)["label"] = {"skipped": finder.problem}
                continue
            for index, found in zip(filters, finder.find(self._means(layer)), strict=True):
                draft.filter(layer.name, index)["label"] = _record(found, finder.n_proving)

    def _means(self, layer: Layer) -> np.ndarray:
        """Read the mean responses of a layer's chosen filters, ``(n_kept, n_chosen)``."""
        means, _ = self._responses.of_layer(layer.name)
        return means[:, list(self.session.filters(layer))]


def _spaced(layers: list[Layer]) -> list[Layer]:
    """Choose up to four layers, evenly spaced."""
    places = np.linspace(0, len(layers) - 1, min(_POOL_LAYERS, len(layers))).round().astype(int)
    return [layers[place] for place in places]


def _record(found: FoundLabel, n_proving: int) -> LabelRecord:
    record: LabelRecord = {
        "any_of": list(found.parts),
        "correlation": round_significant(found.correlation, _DIGITS),
        "threshold": round_significant(found.threshold, _DIGITS),
        "n": n_proving,
    }
    figures = found.figures
    if figures is not None:
        record["members"] = figures.members
        record["mean"] = round_significant(figures.mean, _DIGITS)
        record["rest"] = round_significant(figures.rest, _DIGITS)
        record["coverage"] = round_significant(figures.coverage, _DIGITS)
        record["misses"] = list(figures.misses)
    return record
