"""The network's structure as a graph to draw: operations, edges between them, and modules that nest and fold.

It is read from the trace, so that branches, residual sums and functional calls are all there, for any network that
runs. What only moves elements about (views, permutations, dropout in evaluation) is left out, and edges go through it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from mkdocs_lurk.models.graph.nodes import Group, Node
from mkdocs_lurk.models.graph.repeats import fold_repeats
from mkdocs_lurk.models.tracing.dispatch import Constant, Op, Ref
from mkdocs_lurk.models.tracing.macs import macs_of
from mkdocs_lurk.models.tracing.trace import Trace, references

_MOVES = frozenset(
    [
        *[
            "view",
            "_unsafe_view",
            "reshape",
            "permute",
            "transpose",
            "t",
            "split",
            "split_with_sizes",
            "chunk",
            "slice",
        ],
        *["select", "narrow", "unbind", "squeeze", "unsqueeze", "expand", "clone", "alias", "detach", "_to_copy"],
        *["contiguous", "lift_fresh", "roll", "constant_pad_nd", "read", "write", "copy", "fill", "zero", "as_strided"],
        *["index", "index_select", "repeat", "flip", "stack", "native_dropout", "masked_fill", "movedim", "diagonal"],
        *["slice_scatter", "select_scatter", "index_put"],
    ]
)
_WORDS = {
    "max_pool2d_with_indices": "max_pool2d",
    "native_layer_norm": "layer_norm",
    "native_batch_norm": "batch_norm",
    "native_group_norm": "group_norm",
    "_adaptive_avg_pool2d": "adaptive_avg_pool2d",
}


def summarise(trace: Trace) -> dict[str, Any]:
    """Draw up the graph of a network.

    Returns:
        ``nodes`` in the order in which they run, the first of type ``input`` and the last of type ``output``;
        ``edges`` as pairs of node ids; ``groups``, each after its parent. A group with a ``count`` holds so many
        neighbouring modules of one class and one structure, so that a drawing can show one in place of all.
    """
    drawing = _Drawing(trace)
    for index, op in enumerate(trace.ops):
        drawing.add(index, op)
    drawing.finish()
    nodes, groups = drawing.nodes, drawing.used_groups()
    edges = sorted(drawing.edges)
    groups = fold_repeats(nodes, edges, groups)
    return {
        "nodes": [node.as_json() for node in nodes],
        "edges": [list(edge) for edge in edges],
        "groups": [group.as_json() for group in groups],
    }


@dataclass(slots=True)
class _Drawing:
    """Nodes, edges and groups while the trace is read."""

    trace: Trace
    nodes: list[Node] = field(default_factory=list)
    edges: set[tuple[int, int]] = field(default_factory=set)
    sources: dict[int, tuple[int, ...]] = field(default_factory=dict)
    of_run: dict[int, Node] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    boxed: set[int] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)
    call_at: dict[int, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        trace = self.trace
        self.call_at = {call.op: (call.name, call.kind) for call in trace.calls}
        self.boxed = _boxed_runs(trace)
        seen: Counter[str] = Counter()
        for index, run in enumerate(trace.runs):
            seen[run.name] += 1
            key = run.name if seen[run.name] == 1 else f"{run.name}:{seen[run.name]}"
            if index and index not in self.boxed:
                parent = self.groups.get(run.parent)
                self.groups[index] = Group(key, parent.id if parent else None, run.name, run.type)
        picture = Node(0, "input", "input", None, trace.values[trace.input].shape[1:])
        self.nodes.append(picture)
        self.sources[trace.input] = (0,)

    def add(self, index: int, op: Op) -> None:
        """Add one operation: to the box of its module, as a box of its own, or to the edges alone."""
        reads = tuple(dict.fromkeys(node for value in references(op) for node in self.sources.get(value, ())))
        outputs = [value for value in op.outputs if value is not None]
        if _is_cheap(op):
            self.sources.update(dict.fromkeys(outputs, reads))
            if op.run in self.of_run:
                self._settle(self.of_run[op.run], outputs)
            return
        node = self._node(index, op)
        self.edges.update((source, node.id) for source in reads if source != node.id)
        self._settle(node, outputs)
        node.macs += macs_of(self.trace, op)
        for name in op.parameters:
            if name not in self.counted:
                self.counted.add(name)
                node.parameters += self.trace.parameters.get(name, 0)
        if index in self.call_at:
            node.layer = self.call_at[index][0]
        if op.name == "convolution" and isinstance(op.args[1], Constant):
            node.form = (*op.args[1].tensor.shape[2:], *op.args[3], op.args[8] > 1)
        self.sources.update(dict.fromkeys(outputs, (node.id,)))

    def finish(self) -> None:
        """Add the network's output."""
        values = list(dict.fromkeys(self.trace.outputs))
        node = Node(len(self.nodes), "output", "output", None, self.trace.values[values[0]].shape[1:])
        self.nodes.append(node)
        self.edges.update((source, node.id) for value in values for source in self.sources.get(value, ()))

    def used_groups(self) -> list[Group]:
        """The groups that hold something, each after its parent."""
        by_id = {group.id: group for group in self.groups.values()}
        used: set[str] = set()
        for node in self.nodes:
            parent = node.parent
            while parent is not None and parent not in used:
                used.add(parent)
                parent = by_id[parent].parent
        return [group for group in self.groups.values() if group.id in used]

    def _node(self, index: int, op: Op) -> Node:
        if op.run in self.of_run:
            return self.of_run[op.run]
        run = self.trace.runs[op.run]
        if op.run in self.boxed:
            parent = self.groups.get(run.parent)
            node = Node(len(self.nodes), run.type, run.name, parent.id if parent else None)
            self.of_run[op.run] = node
        else:
            name, kind = self.call_at.get(index, ("", ""))
            word = kind or _word(op)
            parent = self.groups.get(op.run)
            node = Node(len(self.nodes), word, name or word, parent.id if parent else None)
        self.nodes.append(node)
        return node

    def _settle(self, node: Node, outputs: list[int]) -> None:
        """The last thing that a box hands on is its output."""
        if outputs:
            node.output = self.trace.values[outputs[0]].shape[1:]


def _boxed_runs(trace: Trace) -> set[int]:
    """The module runs that are drawn as one box: torch's own layers, and modules of one operation."""
    with_children = {run.parent for run in trace.runs}
    inside: dict[int, list[Op]] = {}
    for op in trace.ops:
        if not _is_cheap(op):
            inside.setdefault(op.run, []).append(op)
    boxed = set()
    for index, run in enumerate(trace.runs):
        ops = inside.get(index, [])
        plain = all(_is_pointwise(op) and not op.parameters for op in ops)
        if index and index not in with_children and (hasattr(nn, run.type) or len(ops) <= 1 or plain):
            boxed.add(index)
    return boxed


def _is_pointwise(op: Op) -> bool:
    return not isinstance(op.target, str) and torch.Tag.pointwise in op.target.tags


def _is_cheap(op: Op) -> bool:
    """Whether an operation only moves elements, or scales and shifts them by constants that nobody has learned."""
    name = op.name if op.name.startswith("__") else op.name.removesuffix("_")
    if name in _MOVES:
        return True
    arithmetic = name in ("add", "sub", "rsub", "mul", "div", "clamp_min", "ne", "eq")
    return arithmetic and len(references(op)) == 1 and not op.parameters and not _squares(op)


def _squares(op: Op) -> bool:
    """Whether both operands are the picture's."""
    return sum(isinstance(argument, Ref) for argument in op.args[:2]) == 2


def _word(op: Op) -> str:
    if op.name in ("mm", "addmm", "bmm", "baddbmm"):
        return "linear" if any(isinstance(argument, Constant) for argument in op.args) else "matmul"
    if "scaled_dot_product" in op.name:
        return "attention"
    return _WORDS.get(op.name, op.name.strip("_"))
