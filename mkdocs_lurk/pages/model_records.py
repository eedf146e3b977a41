"""Read a model's records from the store, typed.

The store holds JSON and does not know what it means: this is the one place where its records get their types.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard, TypeVar, cast

from mkdocs_lurk.records.model_record import (
    FilterFigures,
    FilterRecord,
    LayerRecord,
    ModelRecord,
    PictureReference,
    Skipped,
    SynthesisRecord,
)
from mkdocs_lurk.store import ModelReader

Result = TypeVar("Result")


def read_model(reader: ModelReader) -> ModelRecord:
    """Return the record of the model."""
    return cast("ModelRecord", reader.record)


def read_layer(reader: ModelReader, name: str) -> LayerRecord:
    """Return the record of a layer, by its dotted name.

    Raises:
        StoreError: The model has no results for such a layer.
    """
    return cast("LayerRecord", reader.layer(name))


def is_computed(result: Result | Skipped | None) -> TypeGuard[Result]:
    """Whether a result is there: neither absent nor skipped."""
    return result is not None and skip_reason(result) is None


def skip_reason(result: object) -> str | None:
    """Return why a result was skipped; None if it is there, or was not asked for."""
    return str(result["skipped"]) if isinstance(result, dict) and "skipped" in result else None


def is_picture_reference(value: object) -> TypeGuard[PictureReference]:
    """Whether a value of a record refers to a stored picture."""
    return isinstance(value, dict) and "unit" in value and "blob" in value


def picture_references(value: object) -> Iterator[PictureReference]:
    """Yield every reference to a stored picture inside a value of a record, in the record's order."""
    if is_picture_reference(value):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from picture_references(item)


def is_dead(item: FilterFigures) -> bool:
    """Whether a filter is known to respond to no picture."""
    stats = item.get("stats")
    return stats is not None and stats["dead"]


def preferred_class(item: FilterFigures) -> str | None:
    """Return the class that a filter responds most to; None if none stands out, or the pictures have no classes."""
    selectivity = item["stats"]["selectivity"] if "stats" in item else None
    return selectivity["class"] if selectivity is not None and selectivity["clear"] else None


def label_name(item: FilterFigures) -> str | None:
    """Return a filter's label in words: ``dog, fox or wolf``; empty if none is proven, None if none was looked for.

    A name that an author gives to a filter will come before it, here.
    """
    label = item.get("label")
    if not is_computed(label):
        return None
    *first, last = label["any_of"] or [""]
    return f"{', '.join(first)} or {last}" if first else last


def label_correlation(item: FilterFigures) -> float | None:
    """Return the correlation of a filter's label; None if there is none, or none is proven."""
    label = item.get("label")
    return label["correlation"] if is_computed(label) and label["any_of"] else None


def effect_share(item: FilterRecord) -> float | None:
    """Return a filter's share of its layer's effect on the output; None if it was not measured."""
    effect = item.get("effect")
    return effect["share"] if is_computed(effect) else None


def polysemanticity(item: FilterRecord) -> float | None:
    """Return how unlike the kinds of a filter's crops are; None if that is not known."""
    facets = item.get("facets")
    return facets["polysemanticity"] if is_computed(facets) else None


def shows_preference(synthesis: SynthesisRecord | Skipped | None) -> TypeGuard[SynthesisRecord]:
    """Whether a synthesis is there, and wins neither by the picture's border nor by a flat colour."""
    return is_computed(synthesis) and synthesis["won_by"] is None


def synthesis_ratio(item: FilterRecord) -> float | None:
    """Return the ratio of the synthesis's score to the best photo's; None if there is none."""
    synthesis = item.get("max_activ")
    return synthesis["ratio"] if is_computed(synthesis) else None
