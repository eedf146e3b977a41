"""A trial of a few pictures, from which stages estimate what they cost on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mkdocs_lurk.run.findings import Findings
from mkdocs_lurk.run.stopwatch import Stopwatch


@dataclass(frozen=True)
class Trial:
    """What a few pictures take on a free machine.

    Attributes:
        images: The pictures that were tried.
        findings: Their responses, merged as the stage would merge them.
        decode_s: Seconds to read one picture.
        forward_s: Seconds of one picture's forward pass with its responses.
        encode_s: Seconds to encode one picture for the store.
        picture_bytes: Its size.
        macs_up_to: For each layer the multiply-adds of one forward pass up to it.
        layers: The layers that are worth trying, by number: early, middle and last ones.
        watch: Times what stages try, and says whether there is time to try more.
    """

    images: tuple[int, ...]
    findings: Findings
    decode_s: float
    forward_s: float
    encode_s: float
    picture_bytes: float
    macs_up_to: tuple[float, ...]
    layers: tuple[int, ...]
    watch: Stopwatch

    @property
    def seconds_per_mac(self) -> float:
        """Seconds of one multiply-add of a forward pass."""
        return self.forward_s / max(self.macs_up_to[-1], 1.0)

    def over_layers(self, values: Mapping[int, float], by_cost: bool = True) -> list[float]:
        """Spread values of the layers that were tried, by number, one at least, to all layers.

        They are interpolated linearly in the MACs of the forward pass up to each layer; beyond the last layer that was
        tried they grow in proportion to those, unless ``by_cost`` is false.
        """
        costs, tried = np.array(self.macs_up_to), sorted(values)
        last_cost = max(costs[tried[-1]], 1.0)
        inner = np.interp(costs, costs[tried], [values[number] for number in tried])
        growth = np.maximum(1.0, costs / last_cost) if by_cost else 1.0
        return [float(value) for value in inner * growth]
