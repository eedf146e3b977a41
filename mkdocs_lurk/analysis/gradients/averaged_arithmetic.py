"""Tell arithmetic that makes up a pooling or a normalisation from arithmetic that is an activation.

``x ** 2`` between two convolutions is an activation. In ``x.pow(3).mean((2, 3)).pow(1 / 3)`` (generalised-mean pooling)
and in ``x / (x ** 2).mean(1, keepdim=True).sqrt()`` it is none: a power is averaged and taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from torch.autograd.graph import Node

from mkdocs_lurk.analysis.gradients.graph_nodes import nodes_read_by, operation_of
from mkdocs_lurk.analysis.gradients.unknown_functions import reduces
from mkdocs_lurk.models.tracing.functions import ARITHMETIC_NODES, CLAMP_NODES, JOINING_NODES, LINEAR_NODES, SHAPE_NODES

_REDUCTIONS = frozenset(
    {"Mean", "Sum", "Prod", "Var", "Std", "VarMean", "StdMean", "Amax", "Amin", "Max", "Min", "Logsumexp", "Cumsum"}
    | {"LinalgVectorNorm", "Norm", "AdaptiveAvgPool2D"}
)
_OF_ONE_TOO = frozenset({"Sum", "Mean"})
"""Reductions that change nothing where they are taken of one value."""
_LOCAL_REDUCTIONS = frozenset({"AvgPool2D", "AvgPool3D"})
_PASSED = ARITHMETIC_NODES | CLAMP_NODES | JOINING_NODES | LINEAR_NODES | SHAPE_NODES | {"ConstantPadNd", "Abs"}
_TAKEN_BACK = frozenset({"Pow", "Sqrt", "Rsqrt", "Log", "Log2", "Log10", "Reciprocal"})
Neighbours = Callable[[Node], Iterable[Node]]


def is_part_of_statistic(node: Node, consumers: Mapping[Node, Sequence[Node]]) -> bool:
    """Whether a node's result is averaged and then taken back or divided by, or is computed from averages alone.

    Args:
        node: A node of an autograd graph that works element by element.
        consumers: Every node of the graph, with the nodes that read what it computed.
    """
    averages = _REDUCTIONS | _LOCAL_REDUCTIONS
    ends = set(_reached(node, nodes_read_by))
    if ends and all(operation_of(end) in _REDUCTIONS for end in ends):
        return True
    if ends and all(_averages_powers(end) for end in ends):
        return True
    ends = set(_reached(node, consumers.__getitem__))
    averaged = [operation_of(end) in averages and _is_taken_back(end, consumers) for end in ends]
    in_softmax = operation_of(node) == "Exp" and any(averaged)  # divided by the sum of itself
    return in_softmax or (bool(averaged) and all(averaged))


def _averages_powers(node: Node) -> bool:
    """Whether a node averages what is a power of a value, as the first half of a local normalisation does."""
    waiting = list(nodes_read_by(node)) if operation_of(node) in _LOCAL_REDUCTIONS else []
    while waiting:
        other = waiting.pop()
        if operation_of(other) == "Pow" or (operation_of(other) == "Mul" and len(set(nodes_read_by(other))) == 1):
            return True
        if operation_of(other) in _PASSED:
            waiting += nodes_read_by(other)
    return False


def _is_taken_back(reduction: Node, consumers: Mapping[Node, Sequence[Node]]) -> bool:
    """Whether an average goes into a root, a logarithm or the like, or others are divided by it."""
    waiting, met = [(reduction, after) for after in consumers[reduction]], set[Node]()
    while waiting:
        before, node = waiting.pop()
        name = operation_of(node)
        divides = name == "Div" and len(node.next_functions) > 1 and node.next_functions[1][0] is before
        if name in _TAKEN_BACK or divides:
            return True
        if name in _PASSED and node not in met:
            met.add(node)
            waiting += [(node, after) for after in consumers[node]]
    return False


def _reached(node: Node, neighbours: Neighbours) -> Iterable[Node]:
    """Yield the first nodes in one direction that neither work element by element nor change shapes alone."""
    waiting, met = [*neighbours(node)], set[Node]()
    while waiting:
        other = waiting.pop()
        if other in met:
            continue
        met.add(other)
        if operation_of(other) in _PASSED or (operation_of(other) in _OF_ONE_TOO and not reduces(other)):
            waiting += neighbours(other)
        else:
            yield other
