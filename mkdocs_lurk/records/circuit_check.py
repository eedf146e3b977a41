"""Check that the numbers of a circuit that comes from outside fit together."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.records.circuit_record import CircuitRecord


def check_circuit(circuit: CircuitRecord, counts: Mapping[str, int], where: str) -> None:
    """Check that nodes are filters of the model, and that edges join them.

    Args:
        circuit: A record of the right type.
        counts: The number of filters of each of the model's layers.
        where: What messages call it.

    Raises:
        StoreError: A name or a number in it cannot be right.
    """
    nodes, edges = circuit["nodes"], circuit["edges"]
    for layer, index, _ in (node for level in nodes for node in level):
        if not 0 <= index < counts.get(layer, 0):
            raise StoreError(f"{where}.nodes names a filter that there is not")
    if len(edges) != max(0, len(nodes) - 1) or len(circuit["flow"]) != len(edges):
        raise StoreError(f"{where}.edges are not those between its levels")
    for (here, after), own in zip(pairwise(nodes), edges, strict=True):
        for start, end, value, kept in own:
            if not (0 <= start < len(here) and 0 <= end < len(after) and value > 0 and 0 <= kept <= 1):
                raise StoreError(f"{where}.edges holds one that joins no nodes")
