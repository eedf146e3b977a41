"""Nodes of the network's graph, and the groups that hold them."""

from __future__ import annotations

from dataclasses import dataclass

from mkdocs_lurk.records.graph_record import GraphGroup, GraphNode


@dataclass(slots=True)
class Node:
    """One node: an operation, or a module that is drawn without its inside.

    Attributes:
        id: Its index in the list of nodes.
        type: A module's class, or the operation's name.
        name: Dotted name of the module; the operation's name if it belongs to none.
        parent: Id of the group that holds it.
        output: Shape without the batch axis.
        parameters: Number of elements of the parameters that it is the first to read.
        macs: Multiply-accumulates for one picture.
        layer: Name of the layer, if it is one.
        convolution: Kernel, stride and whether it has groups, if it is a convolution; repeated blocks agree in these.
    """

    id: int
    type: str
    name: str
    parent: str | None
    output: tuple[int, ...] = ()
    parameters: int = 0
    macs: int = 0
    layer: str | None = None
    convolution: tuple[object, ...] = ()

    def as_record(self) -> GraphNode:
        """Return the node as JSON stores it, without numbers that are zero."""
        record: GraphNode = {
            "id": self.id,
            "type": self.type,
            "name": self.name,
            "parent": self.parent,
            "output": list(self.output),
        }
        if self.parameters:
            record["parameters"] = self.parameters
        if self.macs:
            record["macs"] = self.macs
        if self.layer:
            record["layer"] = self.layer
        return record


@dataclass(slots=True)
class Group:
    """A module that holds nodes and groups, or a fold of repeated modules.

    Attributes:
        id: Its dotted name, with ``:2`` for the second call of the same module.
        parent: Id of the group that holds it.
        name: Dotted name; for a fold, those of its first and last member.
        type: Class name.
        count: How many repeated blocks a fold holds; 0 for a module.
    """

    id: str
    parent: str | None
    name: str
    type: str
    count: int = 0

    def as_record(self) -> GraphGroup:
        """Return the group as JSON stores it, with ``count`` only if it is a fold."""
        record: GraphGroup = {"id": self.id, "parent": self.parent, "name": self.name, "type": self.type}
        if self.count:
            record["count"] = self.count
        return record
