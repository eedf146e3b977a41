"""What pages say of the tuning of filters, and the bands of the network with shuffled weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.records.model_record import FilterRecord, ModelRecord
from mkdocs_lurk.records.record_format import round_floats
from mkdocs_lurk.records.response_records import TuningIndices

PROPERTIES = tuple(TuningIndices.__annotations__)
"""What a filter may depend on, in the order in which pages list it."""


def tuning_columns(filters: Sequence[FilterRecord]) -> dict[str, list[float | None]]:
    """Return by property how much each filter depends on it; empty where no picture was changed."""
    found = [tuning_index_of(item) for item in filters]
    if all(indices is None for indices in found):
        return {}
    return {
        name: [None if own is None else cast("dict[str, float | None]", own)[name] for own in round_floats(found, 3)]
        for name in PROPERTIES
    }


def tuning_index_of(item: FilterRecord) -> TuningIndices | None:
    """Return how much a filter depends on each property; None if that is not known."""
    tuning = item.get("tuning")
    return tuning["depends"] if is_computed(tuning) else None


def twin_bands(record: ModelRecord, layer: str) -> dict[str, list[float]]:
    """Return by figure the band that holds 90 % of a layer's filters in the twin; empty where there is none."""
    twin = record.get("twin")
    own = [entry for entry in twin["layers"] if entry["name"] == layer] if is_computed(twin) else []
    return {figure["figure"]: [figure["twin"][0], figure["twin"][-1]] for entry in own for figure in entry["figures"]}
