"""A network with all that is known of its layers: what every analysis starts from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, chain, pairwise

import torch

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.errors import LayerError
from mkdocs_lurk.models.receptive_field.field import ReceptiveField
from mkdocs_lurk.models.tracing.layers import Layer


@dataclass(frozen=True)
class ProbedNetwork:
    """A trained network whose layers can be read, in one or two number formats.

    Attributes:
        probe: The network in float32, which scores are computed with.
        fast_probe: The network in ``fast_dtype``, for gradients and syntheses; may be ``probe`` itself.
        fast_dtype: ``torch.float32`` or ``torch.bfloat16``.
        layers: In the order in which they run.
        fields: The receptive field of every layer, by its name.
        input_size: ``(c, h, w)`` of the network's input, in px.
        needs_whole_pictures: Whether the network may compute something else from a part of a picture than from all
            of it, and so be led astray by a crop.
    """

    probe: Probe
    fast_probe: Probe
    fast_dtype: torch.dtype
    layers: tuple[Layer, ...]
    fields: Mapping[str, ReceptiveField]
    input_size: tuple[int, int, int]
    needs_whole_pictures: bool = False

    @cached_property
    def device(self) -> torch.device:
        """Where the network runs."""
        module = self.probe.module
        tensor = next(chain(module.parameters(), module.buffers()), None)
        return torch.device("cpu") if tensor is None else tensor.device

    @property
    def picture_size(self) -> tuple[int, int]:
        """``(h, w)`` of the network's input, in px."""
        return self.input_size[1], self.input_size[2]

    def layer(self, name: str) -> Layer:
        """Return a layer by its name.

        Raises:
            LayerError: There is none of that name.
        """
        found = self._by_name.get(name)
        if found is None:
            raise LayerError(f"there is no layer {name!r}")
        return found

    def reading_whole_pictures(self, names: Collection[str], note: str) -> ProbedNetwork:
        """Return the network with some layers, given by name, whose units are taken to read the whole picture."""
        fields = {name: field.covering_picture(note) if name in names else field for name, field in self.fields.items()}
        return replace(self, fields=fields)

    @cached_property
    def columns(self) -> Mapping[str, slice]:
        """For each layer the columns of its filters, where the filters of all layers stand side by side."""
        ends = accumulate((layer.filters for layer in self.layers), initial=0)
        return {layer.name: slice(*bounds) for layer, bounds in zip(self.layers, pairwise(ends), strict=True)}

    @cached_property
    def macs_up_to(self) -> Mapping[str, float]:
        """For each layer the MACs of one picture's forward pass up to it, the layer included."""
        totals = accumulate(float(layer.macs) for layer in self.layers)
        return {layer.name: total for layer, total in zip(self.layers, totals, strict=True)}

    @cached_property
    def _by_name(self) -> Mapping[str, Layer]:
        return {layer.name: layer for layer in self.layers}
