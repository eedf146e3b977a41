"""Runs of layers that follow each other: the columns of the network on one screen, and the five stages of the story."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from mkdocs_lurk.records.model_record import LayerInfo

MOST_COLUMNS = 10
"""Columns of the network on one screen: more would be too narrow to see a filter in."""

Run = list[int]
"""Places of layers in the model's list, in order."""


def column_runs(layers: Sequence[LayerInfo]) -> list[Run]:
    """Fold the layers into the most columns that fit, at most ``MOST_COLUMNS``.

    Layers whose names begin alike, up to some dot, form a column, and so do layers with outputs of one size. Of these
    ways to fold the network, the one with the most columns is taken; where all have too many, neighbours are joined.
    """
    depth = max((layer["name"].count(".") + 1 for layer in layers), default=0)
    ways = [_runs([_prefix(layer["name"], parts) for layer in layers]) for parts in range(depth, 0, -1)]
    ways.append(_runs([layer["output"][1:] for layer in layers]))
    fitting = [way for way in ways if len(way) <= MOST_COLUMNS]
    return max(fitting, key=len) if fitting else _joined(min(ways, key=len), MOST_COLUMNS)


def story_runs(layers: Sequence[LayerInfo], n_stages: int) -> list[Run]:
    """Divide the layers into stages: those with outputs of one size, with the longest halved until there are enough.

    Args:
        layers: In the order in which they run.
        n_stages: The number of stages; fewer layers make fewer stages.
    """
    runs = _runs([layer["output"][1:] for layer in layers])
    while len(runs) < min(n_stages, len(layers)):
        longest = max(range(len(runs)), key=lambda place: len(runs[place]))
        run = runs[longest]
        runs[longest : longest + 1] = [run[: len(run) // 2], run[len(run) // 2 :]]
    return _joined(runs, n_stages)


def column_title(titles: Sequence[str]) -> str:
    """Return the title of a column in words: its only layer's, or that of the block that its layers are in.

    Of several blocks, or of layers in no block, the first and the last: "Fire 2 to 4", "Stem to Body".
    """
    if len(titles) == 1:
        return titles[0]
    first, last = (title.partition(", ")[0] for title in (titles[0], titles[-1]))
    if first == last:
        return first
    (kind, _, _), (other, _, number) = first.rpartition(" "), last.rpartition(" ")
    return f"{first} to {number if kind == other and number.isdecimal() else last}"


def column_name(layers: Sequence[LayerInfo]) -> str:
    """Return the dotted name of a column: its only layer's, or the beginning that all its layers' names share.

    Where they share none, the first and the last name.
    """
    names = [layer["name"] for layer in layers]
    shared: list[str] = []
    for parts in zip(*(name.split(".") for name in names), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return ".".join(shared) or f"{names[0]} to {names[-1]}"


def _prefix(name: str, parts: int) -> str:
    return ".".join(name.split(".")[:parts])


def _runs(keys: Sequence[object]) -> list[Run]:
    """Return runs of places with equal keys."""
    return [[place for place, _ in run] for _, run in groupby(enumerate(keys), key=lambda pair: pair[1])]


def _joined(runs: Sequence[Run], most: int) -> list[Run]:
    """Join neighbouring runs, the two shortest together first, until there are ``most`` at most."""
    joined = [list(run) for run in runs]
    while len(joined) > most:
        place = min(range(len(joined) - 1), key=lambda at: len(joined[at]) + len(joined[at + 1]))
        joined[place : place + 2] = [joined[place] + joined[place + 1]]
    return joined
