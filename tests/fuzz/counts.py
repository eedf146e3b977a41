"""Count the hostile inputs that did no harm, per channel."""

from __future__ import annotations

from collections.abc import Sequence

Outcome = tuple[str, str, float]
"""The channel, ``accepted`` or ``refused``, and the seconds that it took."""


def describe(outcomes: Sequence[Outcome]) -> list[str]:
    """Return one line per channel, and one for all of them; no lines if there was no input."""
    channels = sorted({channel for channel, _, _ in outcomes})
    rows = [(channel, [outcome for outcome in outcomes if outcome[0] == channel]) for channel in channels]
    return [_row(name, chosen) for name, chosen in [*rows, ("all", list(outcomes))] if chosen]


def _row(name: str, outcomes: Sequence[Outcome]) -> str:
    refused = sum(outcome == "refused" for _, outcome, _ in outcomes)
    longest = max(seconds for _, _, seconds in outcomes)
    return (
        f"{name:14}{len(outcomes):5} inputs: {len(outcomes) - refused:4} accepted, {refused:4} refused in one line, "
        f"the longest {longest:.1f} s"
    )
