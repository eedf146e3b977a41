"""Compute gradients directly: one forward and one backward pass for each batch of pictures.

This is the plain definition, with which the replay of recorded passes is compared, and the last resort for networks
that cannot be replayed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor

from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule, hold_gates, set_rule
from mkdocs_lurk.analysis.gradients.requests import GradientRequest, Position
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.errors import LurkError, ModelError, describe_error
from mkdocs_lurk.models.tracing.rectifiers import RectifierMode

Result = TypeVar("Result")

_OVERWRITTEN = "modified by an inplace operation"


def filter_gradients(
    probe: Probe,
    x: Tensor,
    layer: str,
    filters: Sequence[int],
    rule: ReluRule,
    positions: Sequence[Position] | None = None,
) -> tuple[Tensor, Tensor]:
    """Compute the gradient of one filter's score with respect to each picture.

    Without positions the score is the filter's spatial mean, by which ``top_avg`` ranks. With positions it is the
    value of that single unit, by which ``top_max`` ranks.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised. All ``n`` share one forward pass.
        layer: The layer's name.
        filters: The filter of each picture.
        rule: How ReLUs pass gradients, as in ``set_rule``.
        positions: The unit ``(y, x)`` of each picture; None for the mean.

    Returns:
        The gradients, ``(n, c, h, w)``, float32, per unit of the normalised input; and the scores, ``(n,)``.

    Raises:
        ModelError: The layer cannot be differentiated.
    """
    places = [None] * len(filters) if positions is None else positions
    wanted = [GradientRequest(row, layer, *pair) for row, pair in enumerate(zip(filters, places, strict=True))]
    gradients, scores, _ = joint_gradients(probe, x, wanted, rule)
    return gradients, scores


def joint_gradients(
    probe: Probe, x: Tensor, wanted: Sequence[GradientRequest], rule: ReluRule, with_energy: bool = False
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Compute the gradients of filters of any layers, each on its own picture, from one forward pass of all of them.

    One backward pass serves all: a picture's score has no part in another's gradient, and the layers behind a score
    have no part in its own.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised.
        wanted: What the gradient of each picture is taken of, in the order of the pictures.
        rule: How ReLUs pass gradients, as in ``set_rule``.
        with_energy: Whether the energy of the plain gradients is wanted, too, from a second backward pass.

    Returns:
        The gradients, ``(n, c, h, w)``, per unit of the normalised input; the scores, ``(n,)``; and the squared plain
        gradient summed over colours, ``(n, h, w)``, with gates held constant as in ``hold_gates``, whatever the rule.
        All float32.

    Raises:
        ModelError: A layer cannot be differentiated.
    """

    def differentiate() -> tuple[Tensor, Tensor, Tensor | None]:
        leaf = x.detach().requires_grad_()
        with RectifierMode(leaf):
            scores = _scores(probe, leaf, wanted)
        energies = plain_energies(scores, leaf) if with_energy else None
        set_rule(scores, rule)
        (gradients,) = torch.autograd.grad(scores.sum(), leaf)
        return gradients.float(), scores.detach().float(), energies

    return allowing_overwrites(differentiate, wanted[-1].layer)


def _scores(probe: Probe, x: Tensor, wanted: Sequence[GradientRequest]) -> Tensor:
    """Return the score of each picture, ``(n,)``."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, one in enumerate(wanted):
        rows[one.layer].append(row)
    maps = probe.maps_of_rows(x, rows, [one.filter for one in wanted])
    scores: list[Tensor] = []
    for layer, chosen in rows.items():
        for one_map, row in zip(maps[layer], chosen, strict=True):
            position = wanted[row].position
            scores.append(one_map.mean() if position is None else one_map[position])
    order = [row for chosen in rows.values() for row in chosen]
    return torch.stack(scores)[sorted(range(len(order)), key=order.__getitem__)]


def plain_energies(scores: Tensor, x: Tensor) -> Tensor:
    """Return the squared plain gradient of scores summed over colours, ``(n, h, w)``, with gates held constant.

    Args:
        scores: ``(n,)``, from a recorded forward pass on which no rule is set yet. Its graph is retained.
        x: The pictures, ``(n, c, h, w)``.
    """
    with hold_gates(scores):
        (plain,) = torch.autograd.grad(scores.sum(), x, retain_graph=True)
    return plain.float().square().sum(1)


def allowing_overwrites(differentiate: Callable[[], Result], layer: str) -> Result:
    """Differentiate a layer's scores, although the network may overwrite in place what its gradient needs.

    Only then does PyTorch keep copies of what is overwritten, which costs time and memory.

    Args:
        differentiate: Runs a forward and a backward pass, with gradients enabled.
        layer: The layer's name, for messages.

    Raises:
        ModelError: The layer cannot be differentiated.
    """
    with errors_of_author(
        lambda reason: ModelError(
            f"layer {layer!r} cannot be differentiated ({reason}); change the step that the message is about, or leave "
            "the layer out: layers: {exclude: [...]}"
        )
    ):
        return with_copies_if_needed(differentiate)


@contextmanager
def errors_of_author(error: Callable[[str], LurkError]) -> Iterator[None]:
    """Turn what the author's forward or backward methods raise into an error of ours.

    Args:
        error: Makes it, from what was raised in one line.

    Raises:
        LurkError: That error.
    """
    try:
        yield
    except (LurkError, torch.OutOfMemoryError):
        raise
    except Exception as reason:
        raise error(describe_error(reason)) from reason


def with_copies_if_needed(differentiate: Callable[[], Result]) -> Result:
    """Run a forward and a backward pass with gradients enabled; with copies of what is overwritten, if they fail."""
    with torch.enable_grad():
        try:
            return differentiate()
        except RuntimeError as error:
            if _OVERWRITTEN not in str(error):
                raise
        with torch.autograd.graph.allow_mutation_on_saved_tensors():
            return differentiate()


def scores_of(maps: Tensor, positions: Sequence[Position] | None) -> Tensor:
    """Return one score for each map of ``(n, h, w)``: a unit's value, or the spatial mean if positions is None."""
    if positions is None:
        return maps.mean((1, 2))
    rows, columns = zip(*positions, strict=True)
    return maps[torch.arange(len(positions)), list(rows), list(columns)]
