"""Layers for which a weights file holds nothing, so that their filters are random."""

from __future__ import annotations

from collections.abc import Iterable

from mkdocs_lurk.errors import ModelError, join_first
from mkdocs_lurk.models.loading.network import Network
from mkdocs_lurk.models.tracing.layers import Layer


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


def layers_without_weights(loaded: Network, layers: Iterable[Layer]) -> list[Layer]:
    """Return the layers for whose kernel the weights file holds nothing."""
    parts = set(loaded.parts_without_weights)
    return [layer for layer in layers if (layer.weight or layer.name).partition(".")[0] in parts]
