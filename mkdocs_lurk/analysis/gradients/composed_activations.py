"""Find activations that a network writes out of several operations, in the autograd graph of a forward pass.

``x * torch.tanh(F.softplus(x))`` is Mish, and ``x * F.relu6(x + 3) / 6`` is Hardswish, but the graph holds a product
and what is within it. Where a product, a quotient, a sum or a difference joins values that were all computed from one
value, element by element, the whole is one activation of that value. A sum of a value and its ReLUs is none: it is
linear in them, and each follows its rule. A gate that is computed from a mean, and attention, are none: their factors
depend on other elements, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from torch.autograd.graph import Node

from mkdocs_lurk.analysis.gradients.graph_nodes import is_rectifier, nodes_read_by, operation_of
from mkdocs_lurk.models.tracing.functions import (
    ARITHMETIC_NODES,
    GATE_NODES,
    JOINING_NODES,
    LINEAR_NODES,
    NODES_WITHOUT_RULE,
    PRODUCT_NODES,
    RELU_LIKE_NODES,
    SHAPE_NODES,
    SMOOTH_NODES,
    SUM_NODES,
)

Edge = tuple[Node, int]
_ACTIVATIONS = RELU_LIKE_NODES | SMOOTH_NODES | GATE_NODES | NODES_WITHOUT_RULE
_POINTWISE = (_ACTIVATIONS | ARITHMETIC_NODES | LINEAR_NODES | JOINING_NODES) - {"Glu"}
_ODD = frozenset({"Tanh", "Erf"})
"""Activations from -1 to 1, which gate when 1 is added, or when what they are taken of is not below 0."""
_NOT_NEGATIVE = frozenset({"Softplus", "Relu"})


@dataclass(frozen=True, slots=True, eq=False)
class ComposedActivation:
    """An activation of one value, written out of several operations.

    Attributes:
        output: The node that joins the others.
        inner: The other nodes between the source and ``output``.
        source: The node that computed the value, and which of its results it is.
        kind: ``gated``: the value times a gate that is computed from it, as in Mish. ``other``: anything else.
    """

    output: Node
    inner: tuple[Node, ...]
    source: Edge
    kind: Literal["gated", "other"]

    @property
    def name(self) -> str:
        """The operations' names: ``Mul of Softplus, Tanh``."""
        within = sorted({operation_of(node) for node in self.inner} & (_ACTIVATIONS | ARITHMETIC_NODES))
        name = operation_of(self.output)
        return f"{name} of {', '.join(within)}" if within else name

    @property
    def holds_activation(self) -> bool:
        """Whether it is written out of activations, rather than of arithmetic alone."""
        return any(operation_of(node) in _ACTIVATIONS for node in self.inner)


def find_composed_activations(nodes: Iterable[Node]) -> list[ComposedActivation]:
    """Return the activations that are written out of several operations; none lies within another.

    Args:
        nodes: All nodes of an autograd graph.
    """
    found: list[ComposedActivation] = []
    covered: set[Node] = set()
    for node in sorted((node for node in nodes if operation_of(node) in JOINING_NODES), key=_order, reverse=True):
        composed = None if node in covered else _composed(node)
        if composed is not None:
            found.append(composed)
            covered |= {node, *composed.inner}
    return found


def _composed(join: Node) -> ComposedActivation | None:
    """Return the activation that ends in a node; None if its operands have no common source, or are linear in it."""
    frontier = {_value(edge): edge for edge in _edges(join)}
    inner: list[Node] = []
    if len(_edges(join)) < 2:
        return None
    while len(frontier) > 1:
        latest = max((node for node, _ in frontier.values()), key=_order)
        if operation_of(latest) not in _POINTWISE:
            return None
        inner.append(latest)
        frontier = {value: edge for value, edge in frontier.items() if edge[0] is not latest}
        frontier |= {_value(edge): edge for edge in _edges(latest)}
    if not frontier:
        return None
    (source,) = frontier.values()
    is_product = operation_of(join) not in SUM_NODES
    if not is_product and all(is_rectifier(node) for node in inner if is_nonlinear(node)):
        return None
    return ComposedActivation(join, tuple(inner), source, "gated" if _is_gated(join, set(inner), source) else "other")


def _is_gated(join: Node, inner: set[Node], source: Edge) -> bool:
    """Whether a node multiplies a value that is linear in the source with a gate."""
    if operation_of(join) not in PRODUCT_NODES or len(_edges(join)) != 2:
        return False
    one, other = _edges(join)
    return any(
        not any(map(is_nonlinear, _within(value, inner))) and _is_gate(factor[0], inner) and factor != source
        for value, factor in ((one, other), (other, one))
    )


def _is_gate(factor: Node, inner: set[Node]) -> bool:
    """Whether a factor that is computed from the source has no negative values, as far as the operations tell."""
    shifted = False
    while operation_of(factor) in LINEAR_NODES | JOINING_NODES and len(_edges(factor)) == 1 and factor in inner:
        shifted |= operation_of(factor) in SUM_NODES
        factor = _edges(factor)[0][0]
    if factor not in inner:
        return False
    name = operation_of(factor)
    if name in _ODD:
        return shifted or any(operation_of(before) in _NOT_NEGATIVE for before in nodes_read_by(factor))
    return name in GATE_NODES or is_rectifier(factor) or name == "Softplus"


def is_nonlinear(node: Node) -> bool:
    """Whether a node that works element by element is not linear in what it reads."""
    name, edges = operation_of(node), _edges(node)
    if name == "Pow":
        return len(edges) > 1 or getattr(node, "_saved_exponent", None) != 1
    if name in LINEAR_NODES:
        return False
    if name == "Div":
        return node.next_functions[-1][0] is not None and len(node.next_functions) > 1
    return name not in JOINING_NODES or (name not in SUM_NODES and len(edges) > 1)


def is_arithmetic_activation(node: Node) -> bool:
    """Whether a node is a power, an exponential or the like of a value, or a constant divided by it."""
    name = operation_of(node)
    return (name in ARITHMETIC_NODES or (name == "Div" and len(_edges(node)) == 1)) and is_nonlinear(node)


def _within(edge: Edge, inner: set[Node]) -> Iterator[Node]:
    """Yield the nodes of an activation from which a value is computed."""
    waiting, met = [edge[0]], set[Node]()
    while waiting:
        node = waiting.pop()
        if node in inner and node not in met:
            met.add(node)
            yield node
            waiting += nodes_read_by(node)


def _edges(node: Node) -> Sequence[Edge]:
    """Return what a node passes gradients to; constants are left out."""
    return [(before, place) for before, place in node.next_functions if before is not None]


def _value(edge: Edge) -> tuple[object, ...]:
    """Return what tells values apart: ``x[:, :3]``, written twice, is one value."""
    node, place = edge
    if operation_of(node) not in SHAPE_NODES:
        return edge
    settings = [str(getattr(node, name)) for name in dir(node) if name.startswith("_saved_")]
    shape = tuple(node._input_metadata[place].shape)
    return (operation_of(node), node.next_functions, *settings, shape)


def _order(node: Node) -> int:
    """Return a number that grows in the order in which nodes arose; leaves come first."""
    return -1 if operation_of(node) == "AccumulateGrad" else node._sequence_nr()
