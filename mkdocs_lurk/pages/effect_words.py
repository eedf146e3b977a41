"""What a filter does to the network's output, in words."""

from __future__ import annotations

from collections.abc import Sequence

from mkdocs_lurk.effect_record import ClassContribution, EffectRecord
from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.records import Skipped

_SHOWN = 3


def effect_words(effect: EffectRecord | Skipped | None) -> str:
    """Return the classes that a filter raises and lowers most; empty if that was not measured."""
    if not is_computed(effect):
        return ""
    sides = (("raises", effect["raises"]), ("lowers", effect["lowers"]))
    return "; ".join(f"{verb} {_list(classes)}" for verb, classes in sides if classes) or "no class clearly"


def _list(classes: Sequence[ClassContribution]) -> str:
    return ", ".join(f"{name} ({formatting.score(abs(value))})" for name, value, _ in classes[:_SHOWN])
