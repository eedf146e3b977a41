"""Read the autograd graph of a recorded forward pass: its nodes, what they read, and which of them are rectifiers."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor
from torch.autograd.graph import Node

from mkdocs_lurk.models.tracing.functions import CLAMP_NODES, RELU_LIKE_NODES


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
