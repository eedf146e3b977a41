"""Layers and other parts of a network for which a weights file holds nothing, so that they are random."""

from __future__ import annotations

from collections.abc import Iterable

from mkdocs_lurk.errors import ModelError, join_first
from mkdocs_lurk.models.loading.network import Network
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.models.tracing.operations import references
from mkdocs_lurk.models.tracing.trace import Trace


def refuse_random_layers(loaded: Network, layers: tuple[Layer, ...], subject: str) -> None:
    """Refuse a network whose weights file holds nothing for any analysed layer.

    Raises:
        ModelError: So it is; ``subject`` is named.
    """
    if len(layers_without_weights(loaded, layers)) == len(layers):
        names = join_first([layer.name for layer in layers], 3)
        raise ModelError(
            f"{subject}: the weights file holds nothing for the layers that are analysed ({names}), so that all their "
            "filters would be random; give a file with their weights, or load all weights in a factory"
        )


def parts_without_weights(loaded: Network, trace: Trace, layers: Iterable[Layer]) -> dict[str, list[str]]:
    """Return the parts that run, are not analysed and for which the weights file holds nothing.

    Returns:
        For each, the analysed layers whose output depends on what it computes.
    """
    layers = list(layers)
    analysed = {_part(layer) for layer in layers}
    calls = {number: call.name.partition(".")[0] for number, call in enumerate(trace.module_calls)}
    found: dict[str, list[str]] = {}
    for part in loaded.parts_without_weights:
        reached: set[int] = set()
        for op in trace.ops:
            if calls[op.module_call] == part or not reached.isdisjoint(references(op)):
                reached.update(op.outputs)
        if reached and part not in analysed:
            found[part] = [layer.name for layer in layers if layer.value in reached]
    return found


def layers_without_weights(loaded: Network, layers: Iterable[Layer]) -> list[Layer]:
    """Return the layers for whose kernel the weights file holds nothing."""
    parts = set(loaded.parts_without_weights)
    return [layer for layer in layers if _part(layer) in parts]


def _part(layer: Layer) -> str:
    return (layer.weight or layer.name).partition(".")[0]
