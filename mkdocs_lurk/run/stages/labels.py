"""Labels: the classes that each filter responds to, confirmed on pictures that did not choose them.

Computed from the responses that are kept, without a pass through the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.filter_labels import FoundLabel, LabelFinder
from mkdocs_lurk.images.groups import class_groups
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.records.response_records import LabelRecord
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.responses import class_numbers

_POOL_LAYERS = 4
"""Layers whose responses the searches of the shuffles use."""
_MOST_VALUES = 50_000_000
"""Responses that are held at once: 200 MB."""
_DIGITS = 4


class Labels(AfterResponses):
    """Finds labels by the kept mean responses; computes nothing of its own."""

    name = "labels"

    def collect(self, draft: RecordDraft) -> None:
        """Write each filter's label, or why there can be none."""
        images = self.session.images
        if not self.session.config.labels or not images.labels:
            return
        finder: LabelFinder | None = None
        for layers in self._layers_at_once():
            responses = self._read(layers)
            finder = finder or self._make_finder(responses)
            for layer in layers:
                filters = self.session.filters(layer)
                if finder.problem is not None:
                    for index in filters:
                        draft.filter(layer.name, index)["label"] = {"skipped": finder.problem}
                    continue
                for index, found in zip(filters, finder.find(responses[layer.name]), strict=True):
                    draft.filter(layer.name, index)["label"] = _record(found, finder.n_proving)

    def _layers_at_once(self) -> list[list[Layer]]:
        """Cut the layers with chosen filters into runs whose responses fit into memory: one run, as a rule."""
        runs: list[list[Layer]] = []
        n_values = 0
        for layer in filter(self.session.filters, self.session.layers):
            own = layer.filters * len(self._responses.found.kept)
            if not runs or n_values + own > _MOST_VALUES:
                runs.append([])
                n_values = 0
            runs[-1].append(layer)
            n_values += own
        return runs

    def _read(self, layers: Sequence[Layer]) -> dict[str, NDArray[np.float32]]:
        """Read the mean responses of the layers' chosen filters, each ``(n_kept, n_chosen)``."""
        means = self._responses.means_of([layer.name for layer in layers])
        return {layer.name: means[layer.name][:, list(self.session.filters(layer))] for layer in layers}

    def _make_finder(self, responses: Mapping[str, NDArray[np.float32]]) -> LabelFinder:
        """Split the pictures and shuffle them, with the searches on the responses of some layers."""
        return make_finder(self.session, self._responses.found.kept, pool_layers(responses))


def make_finder(session: Session, pictures: NDArray[np.int64], pool: NDArray[np.float32]) -> LabelFinder:
    """Return what finds labels by responses to some pictures; ``pool`` is for the searches of the shuffles."""
    return LabelFinder(
        class_numbers(session.images, pictures.tolist()),
        session.images.labels,
        class_groups(session.config, session.images.entries),
        session.config.seed,
        pool,
    )


def pool_layers(responses: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Join the responses of some layers, evenly spaced among all."""
    names = list(responses)
    places = np.linspace(0, len(names) - 1, min(_POOL_LAYERS, len(names))).round().astype(int)
    return np.concatenate([responses[names[place]] for place in places], axis=1)


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
