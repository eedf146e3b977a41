"""The network's structure as a graph to draw: operations, edges between them, and modules that nest and fold.

It is read from the trace, so that branches, residual sums and functional calls are all in it, for any network that
runs. Operations that only move elements (views, permutations, dropout in evaluation) are left out, and edges pass
through them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from torch import nn

from mkdocs_lurk.models.graph.nodes import Group, Node
from mkdocs_lurk.models.graph.repeats import fold_repeats
from mkdocs_lurk.models.tracing.call_recorder import TracedCall
from mkdocs_lurk.models.tracing.macs import count_macs
from mkdocs_lurk.models.tracing.operations import Constant, Op, Ref, references
from mkdocs_lurk.models.tracing.trace import Trace
from mkdocs_lurk.records.graph_record import GraphRecord

_MOVES_ELEMENTS = frozenset(
    [
        *["view", "_unsafe_view", "reshape", "permute", "transpose", "t", "split", "split_with_sizes", "chunk"],
        *["slice", "select", "narrow", "unbind", "squeeze", "unsqueeze", "expand", "clone", "alias", "detach"],
        *["_to_copy", "contiguous", "lift_fresh", "roll", "constant_pad_nd", "read", "write", "copy", "fill", "zero"],
        *["as_strided", "index", "index_select", "repeat", "flip", "stack", "native_dropout", "masked_fill"],
        *["movedim", "diagonal", "slice_scatter", "select_scatter", "index_put"],
    ]
)
_ARITHMETIC = frozenset(["add", "sub", "rsub", "mul", "div", "clamp_min", "ne", "eq"])
_TYPE_NAMES = {
    "max_pool2d_with_indices": "max_pool2d",
    "native_layer_norm": "layer_norm",
    "native_batch_norm": "batch_norm",
    "native_group_norm": "group_norm",
    "_adaptive_avg_pool2d": "adaptive_avg_pool2d",
}


def build_graph(trace: Trace) -> GraphRecord:
    """Return the graph of a network, to be drawn.

    Returns:
        ``nodes`` in the order in which they run, the first of type ``input`` and the last of type ``output``;
        ``edges`` as pairs of node ids; ``groups``, each after its parent. A group with a ``count`` holds that many
        repeated blocks, so that a drawing can show one in place of all.
    """
    builder = _GraphBuilder(trace)
    for index, op in enumerate(trace.ops):
        builder.add(index, op)
    builder.add_output()
    edges = sorted(builder.edges)
    groups = fold_repeats(builder.nodes, edges, builder.used_groups())
    return {
        "nodes": [node.as_record() for node in builder.nodes],
        "edges": [list(edge) for edge in edges],
        "groups": [group.as_record() for group in groups],
    }


@dataclass(slots=True)
class _GraphBuilder:
    """Nodes, edges and groups while the trace is read.

    Attributes:
        trace: One forward pass.
        nodes: In the order in which they run.
        edges: Pairs of node ids.
        sources: By value, the ids of the nodes that it comes from.
        module_nodes: By module call, the node of a call that is drawn without its inside.
        groups: By module call, the group of a call that is drawn with its inside.
        closed_calls: The module calls that are drawn without their inside.
        counted_parameters: Names of the parameters that some node has counted.
        layer_calls: Convolution and linear calls by operation.
    """

    trace: Trace
    nodes: list[Node] = field(default_factory=list)
    edges: set[tuple[int, int]] = field(default_factory=set)
    sources: dict[int, tuple[int, ...]] = field(default_factory=dict)
    module_nodes: dict[int, Node] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    closed_calls: set[int] = field(default_factory=set)
    counted_parameters: set[str] = field(default_factory=set)
    layer_calls: dict[int, TracedCall] = field(default_factory=dict)

    def __post_init__(self) -> None:
        trace = self.trace
        self.layer_calls = {call.op: call for call in trace.layer_calls}
        self.closed_calls = _find_closed_calls(trace)
        calls: Counter[str] = Counter()
        for index, call in enumerate(trace.module_calls):
            calls[call.name] += 1
            id_ = call.name if calls[call.name] == 1 else f"{call.name}:{calls[call.name]}"
            if index and index not in self.closed_calls:
                self.groups[index] = Group(id_, self._group_id(call.parent), call.name, call.type)
        self.nodes.append(Node(0, "input", "input", None, trace.values[trace.input].shape[1:]))
        self.sources[trace.input] = (0,)

    def add(self, index: int, op: Op) -> None:
        """Add one operation: to its module's node, as a node of its own, or to the edges alone."""
        reads = tuple(dict.fromkeys(node for value in references(op) for node in self.sources.get(value, ())))
        if _is_left_out(op):
            self.sources.update(dict.fromkeys(op.outputs, reads))
            if op.module_call in self.module_nodes:
                self._set_output(self.module_nodes[op.module_call], op.outputs)
            return
        node = self._node_of(index, op)
        self.edges.update((source, node.id) for source in reads if source != node.id)
        self._set_output(node, op.outputs)
        node.macs += count_macs(self.trace, op)
        for name in op.parameters:
            if name not in self.counted_parameters:
                self.counted_parameters.add(name)
                node.parameters += self.trace.parameters.get(name, 0)
        if index in self.layer_calls:
            node.layer = self.layer_calls[index].name
        if op.name == "convolution" and isinstance(op.args[1], Constant):
            node.convolution = (*op.args[1].tensor.shape[2:], *op.args[3], op.args[8] > 1)
        self.sources.update(dict.fromkeys(op.outputs, (node.id,)))

    def add_output(self) -> None:
        """Add the node of the network's output."""
        values = list(dict.fromkeys(self.trace.outputs))
        node = Node(len(self.nodes), "output", "output", None, self.trace.values[values[0]].shape[1:])
        self.nodes.append(node)
        self.edges.update((source, node.id) for value in values for source in self.sources.get(value, ()))

    def used_groups(self) -> list[Group]:
        """Return the groups that hold a node, each after its parent."""
        by_id = {group.id: group for group in self.groups.values()}
        used: set[str] = set()
        for node in self.nodes:
            parent = node.parent
            while parent is not None and parent not in used:
                used.add(parent)
                parent = by_id[parent].parent
        return [group for group in self.groups.values() if group.id in used]

    def _node_of(self, index: int, op: Op) -> Node:
        """Return the node that an operation is drawn in, a new one if need be."""
        if op.module_call in self.module_nodes:
            return self.module_nodes[op.module_call]
        if op.module_call in self.closed_calls:
            call = self.trace.module_calls[op.module_call]
            node = Node(len(self.nodes), call.type, call.name, self._group_id(call.parent))
            self.module_nodes[op.module_call] = node
        else:
            layer = self.layer_calls.get(index)
            type_ = layer.kind if layer else _type_of(op)
            name = layer.name if layer else ""
            node = Node(len(self.nodes), type_, name or type_, self._group_id(op.module_call))
        self.nodes.append(node)
        return node

    def _group_id(self, module_call: int) -> str | None:
        group = self.groups.get(module_call)
        return group.id if group else None

    def _set_output(self, node: Node, outputs: Sequence[int]) -> None:
        """Take an operation's output for the node's; the last operation of a node decides."""
        if outputs:
            node.output = self.trace.values[outputs[0]].shape[1:]


def _find_closed_calls(trace: Trace) -> set[int]:
    """Return the module calls that are drawn without their inside.

    These are torch's own layers, and modules that hold no module and at most one operation, or none but pointwise
    ones without parameters.
    """
    with_children = {call.parent for call in trace.module_calls}
    inside: dict[int, list[Op]] = {}
    for op in trace.ops:
        if not _is_left_out(op):
            inside.setdefault(op.module_call, []).append(op)
    closed = set()
    for index, call in enumerate(trace.module_calls):
        ops = inside.get(index, [])
        pointwise = all(op.is_pointwise and not op.parameters for op in ops)
        if index and index not in with_children and (hasattr(nn, call.type) or len(ops) <= 1 or pointwise):
            closed.add(index)
    return closed


def _is_left_out(op: Op) -> bool:
    """Whether an operation only moves elements, or scales and shifts them by constants that are not learned."""
    name = op.name if op.name.startswith("__") else op.name.removesuffix("_")
    if name in _MOVES_ELEMENTS:
        return True
    # A value that is combined with itself, as in a square, is a single reference, too, but no constant.
    squares = sum(isinstance(argument, Ref) for argument in op.args[:2]) == 2
    return name in _ARITHMETIC and len(references(op)) == 1 and not op.parameters and not squares


def _type_of(op: Op) -> str:
    """Return the type of an operation's node, in the words that users of torch know."""
    if op.name in ("mm", "addmm", "bmm", "baddbmm"):
        return "linear" if any(isinstance(argument, Constant) for argument in op.args) else "matmul"
    if "scaled_dot_product" in op.name:
        return "attention"
    return _TYPE_NAMES.get(op.name, op.name.strip("_"))
