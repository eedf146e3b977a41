"""A network with the layers that are analysed, their receptive fields, and probes that read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

import torch

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.models.receptive_field.field import ReceptiveField
from mkdocs_lurk.models.tracing.layers import Layer


@dataclass(frozen=True)
class ProbedNetwork:
    probe: Probe
    fast_probe: Probe
    fast_dtype: torch.dtype
    layers: tuple[Layer, ...]
    fields: Mapping[str, ReceptiveField]
    input_size: tuple[int, int, int]

    @property
    def device(self) -> torch.device:
        return next(iter(self.probe.module.parameters()), torch.zeros(())).device

    def layer(self, name: str) -> Layer:
        return next(layer for layer in self.layers if layer.name == name)

    @cached_property
    def columns(self) -> Mapping[str, slice]:
        ends = [0, *accumulate(layer.filters for layer in self.layers)]
        return {layer.name: slice(start, end) for layer, (start, end) in zip(self.layers, pairwise(ends), strict=True)}

    @cached_property
    def macs_up_to(self) -> Mapping[str, float]:
        macs = accumulate(float(layer.macs) for layer in self.layers)
        return {layer.name: cost for layer, cost in zip(self.layers, macs, strict=True)}
