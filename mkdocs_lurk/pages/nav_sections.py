"""The layers of a large network as sections of a navigation: stages, and the blocks of long stages.

The dotted names say what lies together: layers whose names begin alike form a section, as in ``layer3.7.conv2``. The
sections have titles in words, like the layers: "Bottleneck 4 to 11", and "Bottleneck 9" inside it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from mkdocs_lurk.pages.highlights.stages import column_title

MOST_UNFOLDED = 12
"""The layers that a section lists without sections inside it."""
MOST_IN_RUN = 20
"""The layers in a section where their names say nothing of what lies together."""
_NUMBER_OF_EQUALS = re.compile(r" \(\d+ of \d+\)$")


@dataclass(frozen=True)
class ListedLayer:
    """A layer's page in a navigation.

    Attributes:
        title: The layer's title in words.
        name: Its dotted name.
        folder: The folder of its page in the model's own.
    """

    title: str
    name: str
    folder: str


@dataclass(frozen=True)
class LayerSection:
    """A section of a navigation, with layers and sections in the order in which the network runs them."""

    title: str
    children: tuple[ListedLayer | LayerSection, ...]


def fold_layers(layers: Sequence[ListedLayer]) -> tuple[ListedLayer | LayerSection, ...]:
    """Divide layers into sections by what their names begin with, and these again while they are long.

    Args:
        layers: In the order in which they run. Every one of them is in what is returned, once, and in this order.
    """
    return _fold(layers, 0)


def _fold(layers: Sequence[ListedLayer], shared_words: int) -> tuple[ListedLayer | LayerSection, ...]:
    """Fold layers whose titles share their first ``shared_words`` parts."""
    runs = _runs(layers) if len(layers) > MOST_UNFOLDED else []
    if len(runs) <= 1:
        return tuple(layers)
    items: list[ListedLayer | LayerSection] = []
    for run in runs:
        if len(run) == 1:
            items.append(run[0])
            continue
        titles = [_words(layer, shared_words) for layer in run]
        items.append(LayerSection(column_title(titles), _fold(run, _count_shared(run))))
    return tuple(items)


def _runs(layers: Sequence[ListedLayer]) -> list[list[ListedLayer]]:
    """Return runs of layers whose names begin alike, by as few parts as tell two runs from each other.

    Where names tell none, or each layer from every other, the runs are as long as each other.
    """
    parts = [layer.name.split(".") for layer in layers]
    for depth in range(1, max(len(name) for name in parts)):
        keyed = groupby(zip(parts, layers, strict=True), key=lambda pair: pair[0][:depth])
        runs = [[layer for _, layer in run] for _, run in keyed]
        if 1 < len(runs) < len(layers):
            return runs
    size = math.ceil(len(layers) / math.ceil(len(layers) / MOST_IN_RUN))
    return [list(layers[start : start + size]) for start in range(0, len(layers), size)]


def _words(layer: ListedLayer, shared: int) -> str:
    """Return what a layer's title says beyond its first ``shared`` parts, with a capital letter."""
    rest = ", ".join(_parts(layer)[shared:]) or layer.title
    return rest[:1].upper() + rest[1:]


def _parts(layer: ListedLayer) -> list[str]:
    return _NUMBER_OF_EQUALS.sub("", layer.title).split(", ")


def _count_shared(layers: Sequence[ListedLayer]) -> int:
    """Return how many parts at the beginning of all titles are the same."""
    columns = zip(*(_parts(layer) for layer in layers), strict=False)
    count = 0
    for words in columns:
        if len(set(words)) > 1:
            break
        count += 1
    return count
