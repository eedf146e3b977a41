"""Typed records of circuits: the filters through which a network makes its outputs."""

# No postponed annotations here: records.py resolves these types.

from typing import TypedDict

CircuitNode = tuple[str, int, float]
"""A layer, a filter of it, and its mean contribution to the output."""
CircuitEdge = tuple[int, int, float, float]
"""The places of two nodes, of a level and of the next, the mean contribution of the one that flows through the other,
and the share of resamples of the pictures in which the edge counts."""
CircuitScore = tuple[float, int]
"""The mean output for the class, and the number of pictures for which it is the largest."""


class CircuitWorth(TypedDict):
    """What the network gives with parts of itself: the maps of all other filters of the levels are their means.

    Attributes:
        n: Pictures of the class.
        held_out: Whether they are others than those that chose the nodes.
        whole: The network as it is.
        only: Of the levels, the circuit alone.
        without: All but the circuit.
        random: All but as many other filters of each level, drawn at random: the mean of several draws.
        none: Nothing of the levels.
    """

    n: int
    held_out: bool
    whole: CircuitScore
    only: CircuitScore
    without: CircuitScore
    random: tuple[float, float]
    none: CircuitScore


class CircuitRecord(TypedDict):
    """The circuit of one class.

    Attributes:
        name: The class of the output.
        n: Pictures of the class that chose the nodes.
        nodes: For each level, from the picture to the output, its filters with the largest contributions, the largest
            first.
        edges: For each level but the last its edges to the next.
        flow: For each level but the last, of the contributions of its nodes the share that flows through the nodes of
            the next.
        worth: What the circuit does alone, and the network without it.
    """

    name: str
    n: int
    nodes: list[list[CircuitNode]]
    edges: list[list[CircuitEdge]]
    flow: list[float | None]
    worth: CircuitWorth
