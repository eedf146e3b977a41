"""The rules by which ReLUs pass gradients backwards: guided backpropagation, deconvolution, saliency.

A rule is set on the autograd graph of a recorded forward pass, not on modules: each ReLU node of the graph gets a hook,
whether a module, a function or an in-place call made it. The hooks vanish with the graph; the network is not changed.

Which nodes count is listed in ``models.tracing.functions``: ReLU and what resembles it (ReLU6, leaky, parametric, ELU,
threshold, a clamp from 0 or below), and the smooth activations (GELU, SiLU, Mish, Hardswish, softplus), for which the
papers state no rule. For those the incoming gradient is rectified as for ReLU, and their own derivative takes the place
of ReLU's.
Sigmoids and softmaxes pass their plain gradient.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal

from torch import Tensor
from torch.autograd.graph import Node

from mkdocs_lurk.models.tracing.functions import CLAMP_NODES, PRODUCT_NODES, RELU_LIKE_NODES, SMOOTH_NODES

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
    for node in nodes_behind(output.grad_fn):
        if not is_rectifier(node) and operation_of(node) not in SMOOTH_NODES:
            continue
        if rule == "guided":
            node.register_prehook(_rectify_incoming)
        elif rule == "deconv":
            node.register_hook(_pass_rectified_incoming)


def is_rectifier(node: Node) -> bool:
    """Whether a node of the autograd graph is a ReLU or resembles it.

    A clamp is one if its lower bound is 0 or below. With a bound above 0 it keeps a denominator or a logarithm from
    zero, as a rule, and passes its plain gradient. An upper bound alone belongs to the rectifier that it follows.
    """
    name = operation_of(node)
    if name not in CLAMP_NODES:
        return name in RELU_LIKE_NODES
    lowest = lower_bound(node)
    return any(map(is_rectifier, nodes_read_by(node))) if lowest is None else lowest <= 0


def lower_bound(node: Node) -> float | None:
    """Return the lower bound of a clamp's node, the highest of several; None if it has none."""
    bound = getattr(node, "_saved_min_val", getattr(node, "_saved_min", None))
    if isinstance(bound, Tensor):
        return float(bound.max()) if bound.numel() else None
    return None if bound is None else float(bound)


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


def nodes_behind(output: Node | None, met: set[Node] | None = None) -> Iterator[Node]:
    """Yield every node of the autograd graph that ends in ``output``, once; ``met`` holds those to leave out."""
    met = set() if met is None else met
    if output is None or output in met:
        return
    met.add(output)
    waiting = [output]
    while waiting:
        node = waiting.pop()
        yield node
        for before in nodes_read_by(node):
            if before not in met:
                met.add(before)
                waiting.append(before)


def nodes_read_by(node: Node) -> Iterator[Node]:
    """Yield the nodes that a node passes gradients to; a tensor that was overwritten whole gets none."""
    for before, _ in node.next_functions[operation_of(node) == "CopyBackwards" :]:
        if before is not None:
            yield before


def operation_of(node: Node) -> str:
    """Return a node's name as in the tables: ``Relu`` for ``ReluBackward0``."""
    return node.name().split("::")[-1].rstrip("0123456789").removesuffix("Backward")


def _rectify_incoming(incoming: Gradients) -> Gradients:
    return tuple(None if gradient is None else gradient.clamp(min=0) for gradient in incoming)


def _pass_rectified_incoming(outgoing: Gradients, incoming: Gradients) -> Gradients:
    first = incoming[0]
    if first is None or not outgoing:
        return outgoing
    return (first.clamp(min=0), *outgoing[1:])


def _zero_gate_gradient(outgoing: Gradients, _incoming: Gradients) -> Gradients:
    areas = [
        0 if gradient is None or gradient.dim() != 4 else gradient.shape[-1] * gradient.shape[-2]
        for gradient in outgoing
    ]
    return tuple(
        None if gradient is None else gradient.mul(0.0) if area == 1 and max(areas) > 1 else gradient
        for gradient, area in zip(outgoing, areas, strict=True)
    )
