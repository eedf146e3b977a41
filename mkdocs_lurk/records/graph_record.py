"""The record of a network's structure."""

# No postponed annotations here: records.py resolves these types.

from typing import NotRequired, TypedDict


class GraphNode(TypedDict):
    """One box of the network's graph; ``output`` is its shape without the batch axis."""

    id: int
    type: str
    name: str
    parent: str | None
    output: list[int]
    parameters: NotRequired[int]
    macs: NotRequired[int]
    layer: NotRequired[str]


class GraphGroup(TypedDict):
    """A module that holds nodes and groups; ``count`` is the number of repeated blocks that it stands for."""

    id: str
    parent: str | None
    name: str
    type: str
    count: NotRequired[int]


class GraphRecord(TypedDict):
    """The network's structure: nodes in the order in which they run, edges as pairs of their ids, and groups."""

    nodes: list[GraphNode]
    edges: list[list[int]]
    groups: list[GraphGroup]
