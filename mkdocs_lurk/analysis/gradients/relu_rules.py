"""The rules by which ReLUs pass gradients backwards: guided backpropagation, deconvolution, saliency.

A rule is set on the autograd graph of a recorded forward pass, not on modules: each ReLU node of the graph gets a hook,
whether a module, a function or an in-place call made it. The hooks vanish with the graph; the network is not changed.

Which nodes count is listed in ``models.tracing.functions``: ReLU and what resembles it (ReLU6, leaky, parametric, ELU,
threshold, a clamp from 0 or below), and the smooth activations (GELU, SiLU, Mish, Hardswish, softplus), for which the
papers state no rule. For those the incoming gradient is rectified as for ReLU, and their own derivative takes the place
of ReLU's. So it is for activations that are written out as a value times a gate of this value, as
``x * torch.tanh(F.softplus(x))`` (``composed_activations``). What else is written out of several operations passes its
plain gradient as a whole, and so do sigmoids and softmaxes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal

import torch
from torch import Tensor
from torch.autograd.graph import Node

from mkdocs_lurk.analysis.gradients.composed_activations import ComposedActivation, find_composed_activations
from mkdocs_lurk.analysis.gradients.graph_nodes import is_rectifier, nodes_behind, operation_of
from mkdocs_lurk.models.tracing.functions import PRODUCT_NODES, SMOOTH_NODES

ReluRule = Literal["guided", "deconv", "saliency"]
Gradients = tuple[Tensor | None, ...]


def set_rule(output: Tensor, rule: ReluRule) -> None:
    """Make every ReLU between ``output`` and the leaves follow a rule in the next backward passes.

    Args:
        output: The result of a recorded forward pass.
        rule: ``guided`` (Springenberg et al. 2015, arXiv:1412.6806) passes the positive part of the gradient where the
            input was positive. ``deconv`` (Zeiler and Fergus 2014, arXiv:1311.2901) passes the positive part of the
            gradient everywhere. ``saliency`` (Simonyan et al. 2014, arXiv:1312.6034) is the plain gradient.
    """
    if rule == "saliency":
        return
    nodes = list(nodes_behind(output.grad_fn))
    covered: set[Node] = set()
    for composed in find_composed_activations(nodes):
        covered |= {composed.output, *composed.inner}
        if composed.kind == "gated" and rule == "guided":
            composed.output.register_prehook(_rectify_incoming)
        elif composed.kind == "gated":
            _pass_around(composed)
    for node in nodes:
        if node in covered or not (is_rectifier(node) or operation_of(node) in SMOOTH_NODES):
            continue
        if rule == "guided":
            node.register_prehook(_rectify_incoming)
        else:
            node.register_hook(_pass_rectified_incoming)


@contextmanager
def hold_gates(output: Tensor) -> Iterator[None]:
    """Treat gates as constants in backward passes, for as long as the context lasts.

    A gate is a factor that is one number for a whole map, as in squeeze-and-excitation (Hu et al. 2018,
    arXiv:1709.01507).

    Args:
        output: The result of a recorded forward pass.
    """
    with ExitStack() as stack:
        for node in nodes_behind(output.grad_fn):
            if operation_of(node) in PRODUCT_NODES:
                stack.callback(node.register_hook(_zero_gate_gradient).remove)
        yield


def _rectify_incoming(incoming: Gradients) -> Gradients:
    return tuple(None if gradient is None else gradient.clamp(min=0) for gradient in incoming)


def _pass_rectified_incoming(outgoing: Gradients, incoming: Gradients) -> Gradients:
    first = incoming[0]
    if first is None or not outgoing:
        return outgoing
    return (first.clamp(min=0), *outgoing[1:])


def _pass_around(composed: ComposedActivation) -> None:
    """Pass the positive part of the gradient from an activation's result to its source, past all that is between."""
    source, place = composed.source
    passed: list[Tensor] = []

    def keep(outgoing: Gradients, incoming: Gradients) -> Gradients:
        passed[:] = [gradient.clamp(min=0) for gradient in incoming[:1] if gradient is not None]
        return tuple(None if gradient is None else torch.zeros_like(gradient) for gradient in outgoing)

    def add(incoming: Gradients) -> Gradients:
        if not passed:
            return incoming
        before = incoming[place]
        gradient = passed.pop() if before is None else passed.pop().sum_to_size(before.shape) + before
        return (*incoming[:place], gradient, *incoming[place + 1 :])

    composed.output.register_hook(keep)
    source.register_prehook(add)


def _zero_gate_gradient(outgoing: Gradients, _incoming: Gradients) -> Gradients:
    areas = [
        0 if gradient is None or gradient.dim() != 4 else gradient.shape[-1] * gradient.shape[-2]
        for gradient in outgoing
    ]
    return tuple(
        None if gradient is None else gradient.mul(0.0) if area == 1 and max(areas) > 1 else gradient
        for gradient, area in zip(outgoing, areas, strict=True)
    )
