"""What a filter does to the network's output, in words."""

from __future__ import annotations

from collections.abc import Sequence

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.definitions import DEFINITIONS
from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.records.effect_record import AblationSummary, ClassContribution, CutSum, EffectRecord, LayerEffect
from mkdocs_lurk.records.model_record import FilterRecord, Skipped

_SHOWN = 3


def effect_words(effect: EffectRecord | Skipped | None) -> str:
    """Return the classes that a filter raises and lowers most; empty if that was not measured."""
    if not is_computed(effect):
        return ""
    sides = (("raises", effect["raises"]), ("lowers", effect["lowers"]))
    return "; ".join(f"{verb} {_list(classes)}" for verb, classes in sides if classes) or "no class clearly"


def _list(classes: Sequence[ClassContribution]) -> str:
    return ", ".join(f"{name} ({formatting.score(abs(value))})" for name, value, _ in classes[:_SHOWN])


def effect_meaning(filters: Sequence[FilterRecord]) -> str:
    """Return the sentence that says how contributions were computed."""
    integrated = any(is_computed(effect := item.get("effect")) and effect["steps"] for item in filters)
    return DEFINITIONS["conductance" if integrated else "contribution"]


def layer_sentences(effect: LayerEffect | None, name: str) -> list[str]:
    """Say what the contributions of a layer add up to, and how well they foretell what happens without a filter.

    Args:
        effect: What is known of the layer; None for nothing.
        name: The layer's name.
    """
    sentences = []
    if effect is not None and "sum" in effect:
        sentences.append(_sum_sentence(effect["sum"], name))
    if effect is not None and "exact" in effect:
        sentences.append(_exact_sentence(effect["exact"]))
    return sentences


def _sum_sentence(found: CutSum, name: str) -> str:
    own, wanted = formatting.score(found["own"]), formatting.score(found["difference"])
    start = f"Between the mean picture and a picture the output for its class rises by {wanted} on average."
    if not found["layers"]:
        share = formatting.percent(found["own"] / found["difference"]) if found["difference"] else "no share"
        return f"{start} The contributions of this layer add up to {own} of that ({share}): other ways lead around it."
    others = ", ".join(layer for layer in found["layers"] if layer != name)
    through = f"this layer or {others}; their" if others else "this layer; its"
    text = f"{start} Every way leads through {through} contributions add up to {formatting.score(found['sum'])}"
    text += f", of which {own} are this layer's" if others else ""
    error = found["error"]
    off = "" if error is None else f"; for a single picture they are off by {formatting.percent(error)}"
    return f"{text}{off}."


def _exact_sentence(found: AblationSummary) -> str:
    correlation = found["correlation"]
    known = "cannot be told" if correlation is None else f"is {formatting.fixed(correlation)} (Spearman)"
    text = (
        f"The network was run without each of {found['filters']} filters. Over {found['pairs']:,} pairs of a filter "
        f"and a picture the rank correlation of the contribution and what the output loses {known}. Without one of the "
        f"filters with the most effect the output changes by {formatting.score(found['strongest'])} on average"
    )
    drawn = found["random"]
    return text + ("." if drawn is None else f", without one drawn at random by {formatting.score(drawn)}.")
