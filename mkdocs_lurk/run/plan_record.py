"""What ``mkdocs-lurk plan`` says of a model, as data and as lines of text."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypedDict

from mkdocs_lurk.named_warnings import WarningRecord, describe_warning
from mkdocs_lurk.run.progress import duration

_TOLD_OPENING_S = 10.0


class MissingWork(TypedDict):
    """What an analysis still takes.

    Attributes:
        seconds: Elapsed time on this machine when it does nothing else.
        stages: The same for each stage.
        bytes: The size of all results.
        busy: What shows that the machine is busy; None if it is not.
        opening_seconds: How long it took to load the network and to rehearse its analysis.
    """

    seconds: float
    stages: dict[str, float]
    bytes: float
    busy: str | None
    opening_seconds: float


class ModelPlan(TypedDict):
    """A model's results: complete, or what is missing.

    Attributes:
        name: The model.
        complete: Whether its results are there.
        reason: Why they are missing; empty if they are there.
        units: The stored units of complete results; 0 if results are missing.
        bytes: Their size.
        unseen: In words, files that the results were made from and that are not at hand; empty if there are none.
        missing: What an analysis still takes; None if it is complete, or not estimated.
        not_estimated: Why there is no estimate of missing results; empty if there is one, or nothing is missing.
        warnings: What may mislead in the results, as far as it is known before an analysis; empty for complete ones,
            whose warnings the build gives.
        notes: What else an author should know: that the weights are published, or why they are not.
    """

    name: str
    complete: bool
    reason: str
    units: int
    bytes: int
    unseen: str
    missing: MissingWork | None
    not_estimated: str
    warnings: list[WarningRecord]
    notes: list[str]


def live_notes(is_live: bool, reason: str | None) -> list[str]:
    """Return what is to be known of a network that should run in browsers.

    Args:
        is_live: Whether it is declared so.
        reason: Why it does not run there; None if it does, or if nothing was computed yet.
    """
    if not is_live:
        return []
    if reason is not None:
        return [f"it does not run in browsers: {reason}"]
    return ["live publishes its weights with the site"]


def describe_plan(plan: ModelPlan, ignored: Collection[str]) -> list[str]:
    """Return the lines about a model; ``ignored`` are the warnings that its author accepts."""
    work, name = plan["missing"], plan["name"]
    notes = [f"note: {name}: {note}" for note in plan["notes"]]
    if plan["not_estimated"]:
        return [f"{name}: missing, {plan['reason']}; {plan['not_estimated']}", *notes]
    if work is None:
        units = f"{plan['units']:,} {'unit' if plan['units'] == 1 else 'units'}"
        line = f"{name}: complete, {units}, {plan['bytes'] / 1e6:.1f} MB"
        return [line + (f"; {plan['unseen']}" if plan["unseen"] else ""), *notes]
    time = "less than 1 s" if work["seconds"] < 1 else f"about {duration(work['seconds'])}"
    size = f"{work['bytes'] / 1e6:.3g} MB"
    left = f"{time} on this machine and {size}"
    if work["busy"] is not None:
        left = f"the machine is busy ({work['busy']}): {time} when it is free, and {size}"
    if work["opening_seconds"] > _TOLD_OPENING_S:
        left += f"; to load the network and to rehearse took {duration(work['opening_seconds'])}"
    warnings = (describe_warning(name, one, ignored=one["name"] in ignored) for one in plan["warnings"])
    return [f"{name}: missing, {plan['reason']}; {left}", *(f"warning: {warning}" for warning in warnings), *notes]
