"""The comparison with chance: every figure of the filters beside that of the network with shuffled weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.filter_labels import LabelFinder
from mkdocs_lurk.analysis.filter_statistics import selectivity_indices
from mkdocs_lurk.analysis.shuffled_twin import count_kept_statistics
from mkdocs_lurk.analysis.twin_comparison import compare_figure, independent_filters
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.records.model_record import FilterRecord
from mkdocs_lurk.records.twin_record import FIGURES, FigureName, TwinLayer
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.labels import make_finder, pool_layers
from mkdocs_lurk.run.stages.responses import Responses, class_numbers
from mkdocs_lurk.run.stages.sanity_checks import SanityChecks
from mkdocs_lurk.run.stages.synthesis_paths import SynthesisPaths
from mkdocs_lurk.run.stages.twin_responses import TwinResponses
from mkdocs_lurk.run.stages.twin_tuning import TwinTuning
from mkdocs_lurk.run.twin import Twin

_PROPERTIES: tuple[FigureName, ...] = tuple(name for name in FIGURES if name not in ("selectivity", "label"))
_Figures = dict[FigureName, NDArray[np.float64]]
"""By name, of a layer's chosen filters ``(n_chosen,)``; NaN where a filter has none."""


class TwinComparison(AfterResponses):
    """Compares what other stages found; computes nothing of its own."""

    name = "comparison with the twin"

    def __init__(
        self,
        session: Session,
        responses: Responses,
        twin: Twin,
        twin_responses: TwinResponses,
        twin_tuning: TwinTuning,
        sanity_checks: SanityChecks,
        paths: SynthesisPaths,
    ) -> None:
        super().__init__(session, responses, twin_responses, twin_tuning, sanity_checks, paths)
        self._paths = paths
        self._twin, self._of_twin, self._tuning, self._sanity = twin, twin_responses, twin_tuning, sanity_checks

    def collect(self, draft: RecordDraft) -> None:
        """Write the comparison of every layer, or why the twin has no figures."""
        if not self._of_twin.units and not self._sanity.units:
            return
        problem = self._of_twin.problem
        if problem is not None:
            why = problem.partition("; leave the comparison out")[0]  # what to do is for the author, not for readers
            draft.twin = {"skipped": f"the network with shuffled weights: {why}"}
            return
        twin = self._figures_of_twin() if self._of_twin.units else {}
        checks, paths = self._sanity.found(), self._paths.found()
        layers: list[TwinLayer] = []
        for layer in self.session.layers:
            records = [draft.filter(layer.name, index) for index in self.session.filters(layer)]
            compared = self._layer(layer, records, twin[layer.name]) if twin else None
            own: TwinLayer = compared or {"name": layer.name, "n": len(records), "figures": []}
            if layer.name in checks:
                own["gradients"] = checks[layer.name]
            if layer.name in paths:
                own["paths"] = paths[layer.name]
            layers.append(own)
        draft.twin = {
            "pictures": len(self._responses.found.kept) if twin else 0,
            "normalised": len(self._twin.normalised),
            "kept_statistics": count_kept_statistics(self.session.network.probe.module),
            "layers": layers,
        }

    def _layer(self, layer: Layer, records: list[FilterRecord], twin: _Figures) -> TwinLayer:
        trained = {name: np.array([_figure(record, name) for record in records], np.float64) for name in FIGURES}
        alike = self._independent[layer.name]
        compared = (
            compare_figure(name, trained[name], twin[name], alike["means" if name == "label" else "maxima"])
            for name in FIGURES
            if name in twin
        )
        own: TwinLayer = {
            "name": layer.name,
            "n": len(records),
            "figures": [comparison for comparison in compared if comparison is not None],
        }
        if "label" in twin and records:
            own["labelled"] = (_labelled(records), float(self._labelled_of_twin[layer.name]))
        return own

    def _figures_of_twin(self) -> Mapping[str, _Figures]:
        """Return the figures of the twin's filters by layer."""
        session = self.session
        labels = class_numbers(session.images, self._responses.found.kept.tolist())
        figures: dict[str, _Figures] = {}
        self._independent: dict[str, dict[str, float]] = {}
        for name, maxima in self._of_twin.of_layers("maxima").items():
            figures[name] = {"selectivity": selectivity_indices(maxima, labels)}
            self._independent[name] = {"maxima": independent_filters(maxima)}
        self._labelled_of_twin: dict[str, float] = {}
        if session.config.labels and session.images.labels:
            self._add_labels(figures)
        if self._tuning.units:
            self._add_tuning(figures)
        return figures

    def _add_labels(self, figures: Mapping[str, _Figures]) -> None:
        """Find the labels of the twin's filters, in the same way and with the same split of the pictures."""
        means = {name: own for name, own in self._of_twin.of_layers("means").items() if own.shape[1]}
        finder: LabelFinder | None = None
        for name, own in means.items():
            finder = finder or make_finder(self.session, self._responses.found.kept, pool_layers(means))
            if finder.problem is not None:
                return
            found = finder.find(own)
            self._independent[name]["means"] = independent_filters(own)
            figures[name]["label"] = np.array([label.correlation for label in found])
            self._labelled_of_twin[name] = float(np.mean([bool(label.parts) for label in found]))

    def _add_tuning(self, figures: Mapping[str, _Figures]) -> None:
        found = self._tuning.found()
        for layer in self.session.layers:
            first = self.session.network.columns[layer.name].start
            records = [cast(FilterRecord, {"tuning": found[first + index]}) for index in self.session.filters(layer)]
            for name in _PROPERTIES:
                figures[layer.name][name] = np.array([_figure(record, name) for record in records], np.float64)


def _figure(record: FilterRecord, name: FigureName) -> float:
    """Return a figure of a filter; NaN if it has none."""
    value: float | None = None
    if name == "selectivity":
        selectivity = record["stats"]["selectivity"] if "stats" in record else None
        value = None if selectivity is None else selectivity["index"]
    elif name == "label":
        value = cast("dict[str, float]", record.get("label", {})).get("correlation")
    else:
        depends = cast("dict[str, dict[str, float | None]]", record.get("tuning", {})).get("depends", {})
        value = depends.get(name)
    return float("nan") if value is None else value


def _labelled(records: list[FilterRecord]) -> float:
    """Return the share of filters with a label above chance."""
    return float(
        np.mean([bool(cast("dict[str, object]", record.get("label", {})).get("any_of")) for record in records])
    )
