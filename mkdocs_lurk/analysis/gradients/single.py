"""Project what a filter saw back into the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule, hold_gates, set_rule
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.errors import ModelError

Position = tuple[int, int]


def project(
    probe: Probe,
    x: Tensor,
    layer: str,
    filters: Sequence[int],
    rule: ReluRule,
    positions: Sequence[Position] | None = None,
) -> tuple[Tensor, Tensor]:
    """Compute the gradient of one number of a filter with respect to each picture.

    Without positions the number is the filter's spatial mean, the one that ``top_avg`` ranks by; with positions it is
    the value of that single unit, the one that ``top_max`` ranks by.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised. All ``n`` share one forward pass.
        layer: The layer's name.
        filters: The filter of each picture.
        rule: How rectifiers pass gradients, as in ``set_rule``.
        positions: The unit ``(y, x)`` of each picture, or none for the mean.

    Returns:
        The gradients, ``(n, c, h, w)``, float32, per unit of the normalised input; and the numbers themselves,
        ``(n,)``.
    """
    with torch.enable_grad(), differentiable(layer):
        x = x.detach().requires_grad_()
        scores = scores_of(probe.maps(x, layer, filters), positions)
        set_rule(scores, rule)
        (gradient,) = torch.autograd.grad(scores.sum(), x)
    return gradient.float(), scores.detach().float()


def project_with_energy(
    probe: Probe, x: Tensor, layer: str, filters: Sequence[int], rule: ReluRule, positions: Sequence[Position]
) -> tuple[Tensor, Tensor, Tensor]:
    """Project single units, and say where in each picture their plain gradient lies, from one forward pass.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised.
        layer: The layer's name.
        filters: The filter of each picture.
        rule: How rectifiers pass gradients in the projection.
        positions: The unit ``(y, x)`` of each picture.

    Returns:
        The gradients ``(n, c, h, w)`` and the units' values ``(n,)``, as from ``project``; and the squared plain
        gradient summed over colours, ``(n, h, w)``, with gates held constant as in ``hold_gates``. All float32.
    """
    with torch.enable_grad(), differentiable(layer):
        x = x.detach().requires_grad_()
        scores = scores_of(probe.maps(x, layer, filters), positions)
        with hold_gates(scores):
            (plain,) = torch.autograd.grad(scores.sum(), x, retain_graph=True)
        set_rule(scores, rule)
        (gradient,) = torch.autograd.grad(scores.sum(), x)
    return gradient.float(), scores.detach().float(), plain.float().square().sum(1)


@contextmanager
def differentiable(layer: str) -> Iterator[None]:
    """Say in one line that a network overwrites what its own gradient needs."""
    try:
        yield
    except RuntimeError as error:
        if "modified by an inplace operation" not in str(error):
            raise
        raise ModelError(
            f"layer {layer!r} cannot be differentiated: the network overwrites in place a value that its gradient "
            "needs; replace that in-place step (such as y += x after an in-place ReLU) by an ordinary one"
        ) from error


def scores_of(maps: Tensor, positions: Sequence[Position] | None) -> Tensor:
    """One number of each map ``(n, h, w)``: a unit's value, or the spatial mean where there are no positions."""
    if positions is None:
        return maps.mean((1, 2))
    rows, columns = zip(*positions, strict=True)
    return maps[torch.arange(len(positions)), list(rows), list(columns)]
