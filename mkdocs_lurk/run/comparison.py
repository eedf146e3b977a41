"""Compare two analysed models on the same pictures, from what the store holds: no network runs, and no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.cka import FEWEST, cka_map
from mkdocs_lurk.analysis.matching import BestMatches, Matching, match_filters, standardised
from mkdocs_lurk.analysis.mcnemar import mcnemar
from mkdocs_lurk.records.comparison_record import (
    COMPARISON_SCHEMA,
    AccuracyComparison,
    ChangedPicture,
    CkaRecord,
    ComparedLayer,
    ComparisonRecord,
    FilterPair,
)
from mkdocs_lurk.records.model_record import ModelRecord, Skipped
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.run.stored_responses import Column, StoredModel
from mkdocs_lurk.store.store import Store

MOST_CHANGED = 12
"""Filters of each model that are listed as changed most."""
_CKA_PICTURES = 512
_DIGITS = 4


def compare_models(store: Store, first: str, second: str) -> ComparisonRecord | Skipped:
    """Compare two models by the keys of their records.

    Returns:
        The comparison; or why there can be none: other pictures, or responses that are not in the store.

    Raises:
        StoreError: A record or a unit is not what an analysis writes.
    """
    models = [StoredModel(store, key) for key in (first, second)]
    why = _obstacle(models)
    if why:
        return {"skipped": why}
    kept = [model.kept() for model in models]
    shared = np.array(sorted(set(kept[0]) & set(kept[1])), np.int64)
    if len(shared) < 2:
        return {"skipped": "there are no two pictures whose responses are kept of both"}
    rows = [_places(own, shared) for own in kept]
    maxima = [model.responses("maxima", own) for model, own in zip(models, rows, strict=True)]
    joined = [np.concatenate(layers, axis=1) for layers in maxima]
    matching = match_filters(joined[0], joined[1])
    columns = [model.columns for model in models]
    return {
        "schema": COMPARISON_SCHEMA,
        "models": [model.described() for model in models],
        "pictures": len(shared),
        "accuracy": _accuracy(*(model.record for model in models)),
        "chance": round_significant(matching.chance, _DIGITS),
        "layers": _layers(models, maxima, matching),
        "matches": _pairs(matching, columns),
        "changed": [
            _changed(models[0], matching.first, columns, swapped=False),
            _changed(models[1], matching.second, columns, swapped=True),
        ],
        "cka": _cka(models, rows),
    }


def _obstacle(models: Sequence[StoredModel]) -> str:
    """Say why two models cannot be compared; empty if they can."""
    counts = [len(model.record["images"]) for model in models]
    digests = [model.record.get("provenance", {}).get("digests", {}).get("pictures", "") for model in models]
    for model, digest in zip(models, digests, strict=True):
        if not digest or "responses" not in model.record:
            return f"the responses of {model.name} are not at hand: its results were moved without them"
    if digests[0] != digests[1]:
        first, second = (f"{model.name} ({count:,})" for model, count in zip(models, counts, strict=True))
        return f"{first} and {second} were analysed on other pictures; give both the same 'images'"
    return ""


def _places(kept: Sequence[int], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each wanted picture among those that are kept."""
    places = {image: place for place, image in enumerate(kept)}
    return np.array([places[image] for image in wanted.tolist()], np.int64)


def _accuracy(first: ModelRecord, second: ModelRecord) -> AccuracyComparison | Skipped:
    """Compare how often both are right, on the pictures on which both were evaluated."""
    said = [_said(record) for record in (first, second)]
    if not said[0] or not said[1]:
        which = first if not said[0] else second
        return {"skipped": f"{which['model']['name']} is not evaluated"}
    gained: list[ChangedPicture] = []
    lost: list[ChangedPicture] = []
    shared = sorted(said[0].keys() & said[1].keys())
    n_right = [0, 0]
    for image in shared:
        (own, before), (_, after) = said[0][image], said[1][image]
        right = [truth == guess for truth, guess in (said[0][image], said[1][image])]
        n_right = [count + is_right for count, is_right in zip(n_right, right, strict=True)]
        if right[0] != right[1]:
            changed: ChangedPicture = {"image": image, "label": own, "taken": [before, after]}
            (gained if right[1] else lost).append(changed)
    if not shared:
        return {"skipped": "there is no picture on which both are evaluated"}
    p = round_significant(mcnemar(len(gained), len(lost)), _DIGITS)
    return {"n": len(shared), "right": n_right, "gained": gained, "lost": lost, "p": p}


def _said(record: ModelRecord) -> dict[int, tuple[str, str]]:
    """Return for each evaluated picture its class and the class that the model takes it for."""
    evaluation = record["evaluation"]
    if "skipped" in evaluation:
        return {}
    names = [one["name"] for one in evaluation["classes"]]
    return {image: (names[own], names[taken]) for image, own, taken, _ in evaluation["pictures"]}


def _pairs(matching: Matching, columns: Sequence[Sequence[Column]]) -> list[FilterPair]:
    """List the filters that are each other's best match, the highest correlation first."""
    own = np.flatnonzero(matching.mutual)
    order = own[np.argsort(-matching.first.correlations[own], kind="stable")]
    return [_pair(place, matching.first, columns, swapped=False) for place in order.tolist()]


def _pair(place: int, best: BestMatches, columns: Sequence[Sequence[Column]], *, swapped: bool) -> FilterPair:
    """Describe a filter and its best match; ``swapped`` if the filter is one of the second model."""
    own, other = (columns[1], columns[0]) if swapped else (columns[0], columns[1])
    one, match = own[place], other[int(best.places[place])]
    first, second = (match, one) if swapped else (one, match)
    value = round_significant(best.correlations[place], _DIGITS)
    return first.layer, first.index, second.layer, second.index, value


def _changed(
    model: StoredModel, best: BestMatches, columns: Sequence[Sequence[Column]], *, swapped: bool
) -> list[FilterPair]:
    """List the analysed filters of a model that nothing in the other model is like, those with the least first."""
    analysed = model.analysed()
    own = columns[1] if swapped else columns[0]
    order = np.argsort(best.correlations, kind="stable").tolist()  # NaN comes last
    places = [place for place in order if best.places[place] >= 0 and own[place].index in analysed[own[place].layer]]
    return [_pair(place, best, columns, swapped=swapped) for place in places[:MOST_CHANGED]]


def _layers(
    models: Sequence[StoredModel], maxima: Sequence[Sequence[NDArray[np.float32]]], matching: Matching
) -> list[list[ComparedLayer]]:
    """Describe every layer of both models."""
    mutual = matching.mutual
    matched_second = np.zeros(len(matching.second.places), bool)
    matched_second[matching.first.places[mutual]] = True
    by_name = [
        {layer["name"]: own for layer, own in zip(model.layers, layers, strict=True)}
        for model, layers in zip(models, maxima, strict=True)
    ]
    sides = ((models[0], matching.first, mutual, by_name), (models[1], matching.second, matched_second, by_name[::-1]))
    return [_layers_of(model, best, matched, own) for model, best, matched, own in sides]


def _layers_of(
    model: StoredModel,
    best: BestMatches,
    matched: NDArray[np.bool_],
    by_name: Sequence[Mapping[str, NDArray[np.float32]]],
) -> list[ComparedLayer]:
    found: list[ComparedLayer] = []
    start = 0
    for layer in model.layers:
        span = slice(start, start + layer["filters"])
        start = span.stop
        correlations = best.correlations[span]
        found.append(
            {
                "name": layer["name"],
                "filters": layer["filters"],
                "constant": int(np.isnan(correlations).sum()),
                "matched": int(matched[span].sum()),
                "best": _median(correlations),
                "same": _same(by_name[0][layer["name"]], by_name[1].get(layer["name"])),
            }
        )
    return found


def _same(own: NDArray[np.float32], other: NDArray[np.float32] | None) -> float | None:
    """Return the median correlation of filters with those of the same number; None if there are none."""
    if other is None or own.shape != other.shape:
        return None
    return _median((standardised(own) * standardised(other)).sum(0, dtype=np.float64))


def _median(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values)]
    return round_significant(float(np.median(known)), _DIGITS) if len(known) else None


def _cka(models: Sequence[StoredModel], rows: Sequence[NDArray[np.int64]]) -> CkaRecord | Skipped:
    """Compare every layer with every layer, on evenly spaced pictures."""
    if len(rows[0]) < FEWEST:
        return {"skipped": f"it takes {FEWEST} pictures, and there are {len(rows[0])}"}
    step = -(-len(rows[0]) // _CKA_PICTURES)
    means = [model.responses("means", own[::step]) for model, own in zip(models, rows, strict=True)]
    values = [
        [None if value is None else round_significant(value, _DIGITS) for value in row]
        for row in cka_map(means[0], means[1])
    ]
    return {"pictures": len(means[0][0]), "values": values}
