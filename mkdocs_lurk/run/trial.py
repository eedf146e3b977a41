"""A trial of a few pictures, from which stages estimate what they cost on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from mkdocs_lurk.run.findings import Findings


@dataclass(frozen=True)
class Trial:
    """What a few pictures took.

    Attributes:
        images: The pictures that were tried.
        findings: Their responses, as mining would merge them.
        decode_s: Seconds to read one picture.
        forward_s: Seconds of one picture's forward pass with its responses.
        encode_s: Seconds to encode one picture for the store.
        picture_bytes: Its size.
        macs_up_to: For each layer the multiply-adds of one forward pass up to it.
        layers: The layers that are worth trying, by number: early, middle and last ones.
    """

    images: tuple[int, ...]
    findings: Findings
    decode_s: float
    forward_s: float
    encode_s: float
    picture_bytes: float
    macs_up_to: tuple[float, ...]
    layers: tuple[int, ...]

    @property
    def seconds_per_mac(self) -> float:
        """Seconds of one multiply-add of a forward pass."""
        return self.forward_s / max(self.macs_up_to[-1], 1.0)

    def over_layers(self, values: Sequence[float]) -> list[float]:
        """Interpolate values of the tried layers to all layers, linearly in the MACs of the forward pass up to each."""
        costs = np.array(self.macs_up_to)
        return [float(value) for value in np.interp(costs, costs[list(self.layers)], values)]


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = perf_counter()
    work()
    return perf_counter() - began
