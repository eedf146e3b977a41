"""Forward passes of single pictures, told apart by what every layer and the output gives."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.analysis.responses import reduce_maps
from mkdocs_lurk.errors import LayerError, LurkError, ModelError, describe_error
from mkdocs_lurk.models.tracing.failures import remedy_for

log = logging.getLogger("mkdocs.plugins.lurk")

_SAME_LATER = 1e-3
"""The largest difference, as a share of the layer's largest response, between a pass before the analysis and one during
it, when memory lies otherwise."""
OUTPUT = "the network's output"


@dataclass(frozen=True, slots=True)
class ForwardPass:
    """One forward pass: for every layer, and for the output, what tells its values from others', ``(n, c, 4)``."""

    layers: Mapping[str, Tensor]
    output: Tensor | None


def run_alone(network: ProbedNetwork, x: Tensor, name: str) -> ForwardPass:
    """Run one picture through the network.

    Raises:
        ModelError: The network fails.
        LayerError: A layer does not run, or gives NaN or infinity.
    """
    try:
        found = run_pass(network, x)
    except LurkError:
        raise
    except Exception as error:  # whatever the author's forward method raises
        raise ModelError(
            f"the network runs on a blank picture, but fails on {name} ({describe_error(error)}); "
            + (remedy_for(error) or "let 'transform' give the values that it expects")
        ) from error
    for layer in network.layers:
        if layer.name not in found.layers:
            raise LayerError(
                f"layer {layer.name!r} runs on a blank picture, but not on {name}: the network decides by values; "
                f"leave the layer out: layers: {{exclude: [{layer.name!r}]}}"
            )
        if not bool(found.layers[layer.name].isfinite().all()):
            raise LayerError(
                f"layer {layer.name!r} gives NaN or infinity on {name}, the first in the network to do so; check the "
                "weights and the transform"
            )
    return found


def run_pass(network: ProbedNetwork, x: Tensor) -> ForwardPass:
    """Run pictures through the network; whatever its forward method raises goes on."""
    layers: dict[str, Tensor] = {}

    def receive(name: str, maps: Tensor) -> None:
        layers[name] = _describe(maps)

    with torch.inference_mode():
        output = network.probe.read(x, receive)
    if isinstance(output, Tensor) and output.dim() == 2 and len(output) == len(x):
        return ForwardPass(layers, output.float())
    return ForwardPass(layers, None)


def _describe(maps: Tensor) -> Tensor:
    """Return the mean, maximum, minimum and a position-weighted mean of feature maps, ``(n, c, 4)``."""
    means, maxima, minima, _ = reduce_maps(maps)
    ramp = torch.linspace(0, 1, maps[0, 0].numel(), device=maps.device).view(maps.shape[2:])
    return torch.stack([means, maxima, minima, (maps.float() * ramp).mean((2, 3))], -1)


def first_difference(first: ForwardPass, second: ForwardPass, tolerance: float) -> tuple[str, str, float] | None:
    """Return the first place in which two passes differ, the place before it, and by how much; None if they do not."""
    before = "the picture"
    for layer, values in first.layers.items():
        difference = difference_of(values, second.layers[layer])
        if difference > tolerance:
            return f"layer {layer!r}", before, difference
        before = f"layer {layer!r}"
    if first.output is not None and second.output is not None:
        difference = difference_of(first.output, second.output)
        if difference > tolerance:
            return OUTPUT, before, difference
    return None


def difference_of(one: Tensor, other: Tensor) -> float:
    """Return the largest difference as a share of the largest finite value.

    NaN equals NaN, and infinity equals infinity of the same sign; where only one is finite, the difference is infinite.
    """
    if one.shape != other.shape:
        return float("inf")
    finite = one.isfinite() & other.isfinite()
    if not bool((finite | is_same(one, other)).all()):
        return float("inf")
    if not bool(finite.any()):
        return 0.0
    a, b = one[finite], other[finite]
    scale = torch.maximum(a.abs().max(), b.abs().max())
    return float((a - b).abs().max() / scale.clamp(min=torch.finfo(one.dtype).tiny))


def is_same(one: Tensor, other: Tensor) -> Tensor:
    """Return where two tensors hold the same value, or both NaN."""
    return (one == other) | ((one != one) & (other != other))


class RepeatedPass:
    """A picture's forward pass before the analysis, which must give the same whenever it is repeated.

    Args:
        network: The network.
        x: The picture, ``(1, c, h, w)``.
        name: Its name, for messages.
        before: What it gave.
    """

    def __init__(self, network: ProbedNetwork, x: Tensor, name: str, before: ForwardPass) -> None:
        self._network, self._x, self._name, self._before = network, x, name, before

    def require_same(self) -> None:
        """Repeat the pass.

        Raises:
            ModelError: The network fails, or a layer or the output is another one.
            LayerError: A layer does not run, or gives NaN or infinity.
        """
        try:
            now = run_alone(self._network, self._x, self._name)
        except ModelError as error:
            if not isinstance(error.__cause__, torch.OutOfMemoryError):
                raise
            log.info("%s was not shown again, since the memory is full; the scores are still proven", self._name)
            return
        found = first_difference(self._before, now, _SAME_LATER)
        if found is not None:
            place, before, difference = found
            raise ModelError(
                f"the network gives something else for {self._name} than before the analysis, first in {place} (by "
                f"{difference:.2g} of its largest value): what stands between {before} and it changes with the time or "
                "with the number of pictures; let 'source' name a factory that turns it off"
            )
