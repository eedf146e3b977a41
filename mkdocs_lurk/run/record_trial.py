"""How long it takes to write the records of filters: seen by writing those of a few, of made-up responses."""

from __future__ import annotations

import json
from typing import cast

import numpy as np

from mkdocs_lurk.analysis.connections import CONNECTIONS_PER_FILTER
from mkdocs_lurk.analysis.filter_statistics import filter_statistics
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.names import RESULTS_SCHEMA
from mkdocs_lurk.records.model_record import Connection, FilterRecord, LayerRecord
from mkdocs_lurk.records.record_check import check_record
from mkdocs_lurk.records.record_format import in_order, round_significant
from mkdocs_lurk.run.draft import describe_layer
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.gradients import RankedPicture, list_pairs, ranked_maximum, ranked_mean
from mkdocs_lurk.run.stages.responses import class_numbers
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.unit_records import GradientsRecord, StoredGradient
from mkdocs_lurk.store.keys import digest

_FILTERS = 32
_STORED: StoredGradient = {
    "box": [0] * 4,
    "field_box": [0] * 4,
    "field": "exact",
    "grad_size": [0] * 2,
    "grad_cosine": 1.0,
}


def seconds_of_records(session: Session, trial: Trial) -> float:
    """Return the seconds that it takes to read what is stored of all filters, and to write their records.

    The time of one filter is that of a few filters of the layer with the most.
    """
    counts = {layer.name: len(session.filters(layer)) for layer in session.layers}
    layer = max(session.layers, key=lambda one: counts[one.name])
    filters = session.filters(layer)[:_FILTERS]
    spent_s = trial.watch.best_of(lambda: _write(session, trial, layer, filters), in_parallel=False)
    return spent_s / max(1, len(filters)) * sum(counts.values())


def _write(session: Session, trial: Trial, layer: Layer, filters: tuple[int, ...]) -> None:
    """Do for some filters what the stages and the pipeline do when all units are stored."""
    pairs = list_pairs(trial.findings, session.network.columns, layer, filters)
    stored: GradientsRecord = {"pairs": [_STORED for _ in pairs]}
    check_record(json.loads(json.dumps(stored)), GradientsRecord, "its record")
    n_images = min(len(session.images.entries), session.sizes.kept_responses)
    means, maxima = np.random.default_rng(0).standard_normal((2, n_images, len(filters)), np.float32)
    names = session.images.labels
    described = filter_statistics(means, maxima, class_numbers(session.images, range(n_images)), tuple(names), filters)
    records: dict[int, FilterRecord] = {}
    for index, stats in zip(filters, described, strict=True):
        connections: list[Connection] = [(layer.name, 0, round_significant(0.5, 4))] * CONNECTIONS_PER_FILTER
        records[index] = {
            "index": index,
            "stats": {**stats, "dead": False, "always_on": False},
            "wiring": {"inputs": connections, "outputs": connections},
            "top_avg": [],
            "top_max": [],
        }
        if names:
            ranked = [(name, round_significant(0.5)) for name in names]
            records[index]["classes"] = {"avg": ranked, "max": ranked}
    for pair in pairs:
        _add(records[pair.filter], pair)
    record: LayerRecord = {
        "schema": RESULTS_SCHEMA,
        "layer": describe_layer(session.network, layer, session.search.addresses[layer.name]),
        "chosen": "all",
        "filters": list(records.values()),
    }
    record = in_order(record, LayerRecord)
    json.dumps([digest("layer record", record), record])


def _add(record: FilterRecord, pair: RankedPicture) -> None:
    mean = ranked_mean(pair, _STORED, "", "")
    if pair.position is None:
        cast(list[object], record["top_avg"]).append(mean)
    else:
        cast(list[object], record["top_max"]).append(ranked_maximum(mean, pair.position, _STORED))
