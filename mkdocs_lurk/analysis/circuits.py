"""Circuits: the filters through which a network makes one output, and what flows from one to the next.

At a few depths, the levels, the filters with the largest contributions to the output are the nodes. A contribution is
that of ``contributions.py``: value minus mean, times the gradient of the output. An edge is the part of it that flows
through a later filter: the same product, with the gradient of the output restricted to what comes back through that
filter's map. By the chain rule the edges from a filter to all filters of a level that every way to the output passes
add up to its contribution. So an edge says what one filter does by means of another on given pictures, which a weight
between the two does not. Following a network from filter to filter is an idea of Olah et al. 2020,
doi:10.23915/distill.00024.001.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.analysis.contributions import Run, chosen_outputs, class_scores, output_errors
from mkdocs_lurk.analysis.gradients.single import with_copies_if_needed
from mkdocs_lurk.analysis.probe import Probe

MOST_LEVELS = 6
FEWEST_LEVELS = 2
RESAMPLES = 50
"""Draws of pictures, with replacement, in which edges are looked for again."""
LEAST_EDGE = 0.05
"""An edge counts if it is at least so large a share of the largest between the same two levels."""

Floats = NDArray[np.float64]
Node = tuple[str, int]
"""A layer and one of its filters."""


def choose_levels(cuts: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Choose the sets of layers whose filters may be nodes, from the picture to the output.

    Args:
        cuts: By layer, in the order in which they run, the set of layers with it that every way from the picture to the
            output passes exactly once; empty where a way leads around.

    Returns:
        Such sets, evenly spaced, without a layer in common; where there are fewer than three, single layers instead.
    """
    sets: list[tuple[str, ...]] = []
    for cut in cuts.values():
        if cut and not any(layer in own for own in sets for layer in cut):
            sets.append(tuple(cut))
    if len(sets) < FEWEST_LEVELS + 1:
        sets = [(layer,) for layer in cuts]
    places = np.linspace(0, len(sets) - 1, min(MOST_LEVELS, len(sets))).round().astype(int)
    return [sets[place] for place in places]


def level_contributions(
    probe: Probe,
    x: Tensor,
    targets: Sequence[int],
    levels: Sequence[Sequence[str]],
    means: Mapping[str, Floats],
    *,
    probabilities: bool,
) -> list[Floats]:
    """Return what every filter of each level contributes to one output of each picture.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised.
        targets: The output of each.
        levels: The layers of each level.
        means: By layer the mean of each filter's maps, ``(n_filters,)``.
        probabilities: Whether the outputs are probabilities, whose logarithms count.

    Returns:
        For each level ``(n, n_filters)``, the filters of its layers side by side.
    """

    def differentiate() -> list[Floats]:
        run = Run(probe, x, probabilities=probabilities)
        gradients = run.gradients(chosen_outputs(run.scores, targets))
        return [
            np.concatenate([_contributions(run.maps[one], gradients[one], means[one]) for one in level], axis=1)
            for level in levels
        ]

    with output_errors():
        return with_copies_if_needed(differentiate)


def flows(
    probe: Probe,
    x: Tensor,
    targets: Sequence[int],
    nodes: Sequence[Sequence[Node]],
    means: Mapping[str, Floats],
    *,
    probabilities: bool,
) -> list[Floats]:
    """Return what of the contribution of each node flows through each node of the next level.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised.
        targets: The output of each.
        nodes: The nodes of each level.
        means: By layer the mean of each filter's maps, ``(n_filters,)``.
        probabilities: Whether the outputs are probabilities, whose logarithms count.

    Returns:
        For each level but the last ``(n, n_nodes, n_nodes_of_next)``.
    """

    def differentiate() -> list[Floats]:
        run = Run(probe, x, probabilities=probabilities, keeps_graph=True)
        outputs = chosen_outputs(run.scores, targets)
        gradients = run.gradients(outputs)
        found = []
        for here, after in pairwise(nodes):
            edges = np.zeros((len(x), len(here), len(after)))
            for place, (layer, index) in enumerate(after):
                through = run.gradients_through(layer, index, gradients[layer], sorted({one for one, _ in here}))
                for row, (one, own) in enumerate(here):
                    values = run.maps[one][:, own] - float(means[one][own])
                    edges[:, row, place] = (values * through[one][:, own]).sum((1, 2), dtype=torch.float64).cpu()
            found.append(edges)
        return found

    with output_errors():
        return with_copies_if_needed(differentiate)


def strongest_nodes(
    contributions: Floats, level: Sequence[str], counts: Mapping[str, int], width: int
) -> list[tuple[Node, float]]:
    """Return the filters of a level with the largest mean contributions above zero, the largest first, and these.

    Args:
        contributions: ``(n, n_filters)``, the filters of the level's layers side by side.
        level: Its layers.
        counts: The number of filters of each layer.
        width: Nodes at most.
    """
    filters = [(layer, index) for layer in level for index in range(counts[layer])]
    means = contributions.mean(0)
    order = np.argsort(-means, kind="stable")[:width].tolist()
    return [(filters[place], float(means[place])) for place in order if means[place] > 0]


def kept_edges(edges: Floats, seed: int) -> tuple[Floats, Floats]:
    """Return the mean of each edge over the pictures, zero where it does not count, and how often it counts.

    Args:
        edges: ``(n, n_nodes, n_nodes_of_next)``.
        seed: Of the draws.

    Returns:
        Both ``(n_nodes, n_nodes_of_next)``; the second is the share of the ``RESAMPLES`` in which the edge counts.
    """
    random = np.random.default_rng(seed)
    drawn = random.integers(len(edges), size=(RESAMPLES, len(edges)))
    resampled = np.stack([edges[rows].mean(0) for rows in drawn])
    means = edges.mean(0)
    return np.where(_counts(means), means, 0.0), _counts(resampled).mean(0)


def _counts(means: Floats) -> NDArray[np.bool_]:
    largest = means.max((-2, -1), keepdims=True)
    counts: NDArray[np.bool_] = (means > 0) & (means >= LEAST_EDGE * largest)
    return counts


def scores_with(
    probe: Probe,
    x: Tensor,
    kept: Mapping[str, Sequence[int]],
    means: Mapping[str, Floats],
    *,
    probabilities: bool,
) -> Tensor:
    """Return the outputs for pictures with only some filters of some layers; the maps of the others are their means.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised.
        kept: By layer the filters that stay; layers that are not named are as they are.
        means: By layer the mean of each filter's maps, ``(n_filters,)``.
        probabilities: Whether the outputs are probabilities, whose logarithms are returned.

    Returns:
        ``(n, n_outputs)`` float32.
    """

    def replace(name: str, output: object) -> Tensor | None:
        if name not in kept or not isinstance(output, Tensor):
            return None
        changed = output.clone()
        maps = probe.as_maps(name, changed)
        others = [index for index in range(maps.shape[1]) if index not in set(kept[name])]
        maps[:, others] = torch.from_numpy(means[name][others]).to(maps)[:, None, None]
        return changed

    with torch.inference_mode():
        return class_scores(probe.read_outputs(x, replace), probabilities=probabilities)


def random_nodes(
    nodes: Sequence[Sequence[Node]], levels: Sequence[Sequence[str]], counts: Mapping[str, int], seed: int, draws: int
) -> Iterator[list[Node]]:
    """Draw as many filters of each level as there are nodes, all of them others where there are enough."""
    random = np.random.default_rng(seed)
    for _ in range(draws):
        drawn: list[Node] = []
        for own, level in zip(nodes, levels, strict=True):
            others = [(one, index) for one in level for index in range(counts[one]) if (one, index) not in set(own)]
            drawn += [others[place] for place in random.permutation(len(others))[: len(own)]]
        yield drawn


def _contributions(maps: Tensor, gradients: Tensor, means: Floats) -> Floats:
    """Return value minus mean, times gradient, added up over the places, ``(n, n_filters)``."""
    centred = maps - torch.from_numpy(means).to(maps)[:, None, None]
    summed: Floats = (centred * gradients).sum((2, 3), dtype=torch.float64).cpu().numpy()
    return summed
