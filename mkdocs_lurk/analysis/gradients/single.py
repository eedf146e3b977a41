"""Compute gradients directly: one forward and one backward pass for each batch of pictures.

This is the plain definition, with which the replay of recorded passes is compared, and the last resort for networks
that cannot be replayed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor

from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule, hold_gates, set_rule
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.errors import LurkError, ModelError, describe_error
from mkdocs_lurk.models.tracing.rectifiers import RectifierMode

Position = tuple[int, int]
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

    def differentiate() -> tuple[Tensor, Tensor]:
        leaf = x.detach().requires_grad_()
        with RectifierMode(leaf):
            scores = scores_of(probe.maps(leaf, layer, filters), positions)
        set_rule(scores, rule)
        (gradient,) = torch.autograd.grad(scores.sum(), leaf)
        return gradient.float(), scores.detach().float()

    return allowing_overwrites(differentiate, layer)


def filter_gradients_with_energy(
    probe: Probe, x: Tensor, layer: str, filters: Sequence[int], rule: ReluRule, positions: Sequence[Position]
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the gradients of single units, and the energy of their plain gradients, from one forward pass.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised.
        layer: The layer's name.
        filters: The filter of each picture.
        rule: How ReLUs pass gradients; the energy is that of the plain gradient in any case.
        positions: The unit ``(y, x)`` of each picture.

    Returns:
        The gradients ``(n, c, h, w)`` and the units' values ``(n,)``, as from ``filter_gradients``; and the squared
        plain gradient summed over colours, ``(n, h, w)``, with gates held constant as in ``hold_gates``. All float32.

    Raises:
        ModelError: The layer cannot be differentiated.
    """

    def differentiate() -> tuple[Tensor, Tensor, Tensor]:
        leaf = x.detach().requires_grad_()
        with RectifierMode(leaf):
            scores = scores_of(probe.maps(leaf, layer, filters), positions)
        energies = plain_energies(scores, leaf)
        set_rule(scores, rule)
        (gradient,) = torch.autograd.grad(scores.sum(), leaf)
        return gradient.float(), scores.detach().float(), energies

    return allowing_overwrites(differentiate, layer)


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
    try:
        with torch.enable_grad():
            try:
                return differentiate()
            except RuntimeError as error:
                if _OVERWRITTEN not in str(error):
                    raise
            with torch.autograd.graph.allow_mutation_on_saved_tensors():
                return differentiate()
    except (LurkError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # whatever the author's forward or backward methods raise
        raise ModelError(
            f"layer {layer!r} cannot be differentiated ({describe_error(error)}); change the step that the message "
            "is about, or leave the layer out: layers: {exclude: [...]}"
        ) from error


def scores_of(maps: Tensor, positions: Sequence[Position] | None) -> Tensor:
    """Return one score for each map of ``(n, h, w)``: a unit's value, or the spatial mean if positions is None."""
    if positions is None:
        return maps.mean((1, 2))
    rows, columns = zip(*positions, strict=True)
    return maps[torch.arange(len(positions)), list(rows), list(columns)]
