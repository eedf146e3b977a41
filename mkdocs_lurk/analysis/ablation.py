"""Run a network without a filter: its map replaced by one number, everything behind it computed anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.analysis.contributions import class_scores
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.models.tracing.layer_calls import LayerCall


def scores_without(
    probe: Probe, x: Tensor, layer: str, values: Mapping[int, float], *, probabilities: bool = False
) -> Iterator[Tensor]:
    """Yield the outputs for pictures as they are, and then without each of some filters of a layer.

    What convolutions and linear layers gave before the layer is kept, and not computed again.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised.
        layer: The layer's name.
        values: For each filter the number that stands at every place of its map instead.
        probabilities: Whether the outputs are probabilities, whose logarithms are returned.

    Yields:
        ``(n, n_outputs)`` float32, as ``class_scores`` gives them: once, and once for each filter.
    """
    before: dict[str, Tensor] = {}
    own: list[Tensor] = []
    with torch.inference_mode():
        yield class_scores(_record(probe, x, layer, before, own), probabilities=probabilities)
    for index, value in values.items():
        with torch.inference_mode():
            output = _run_on(probe, x, layer, before, _without(probe, layer, own[0], index, value))
            yield class_scores(output, probabilities=probabilities)


def rank_correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float | None:
    """Return Spearman's rank correlation of two rows of numbers; None if one of them is constant or too short."""
    first, second = _ranks(a), _ranks(b)
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum() / scale) if scale else None


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the rank of each value; equal ones share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    means = np.cumsum(counts) - (counts - 1) / 2
    return np.asarray(means[places.ravel()], np.float64)


def _record(probe: Probe, x: Tensor, layer: str, before: dict[str, Tensor], own: list[Tensor]) -> object:
    """Run the network, and keep copies of the layer's output and of what the calls before it gave."""

    def catch(call: LayerCall) -> Tensor:
        output = call.run()
        if call.name == layer:
            own.append(output.clone())
        elif not own:
            before[call.name] = output.clone()
        return output

    if probe.is_module(layer):
        return probe.read_outputs(x, lambda name, output: _keep(own, output) if name == layer else None)
    return probe.run(x, catch)


def _keep(own: list[Tensor], output: object) -> None:
    if isinstance(output, Tensor):
        own.append(output.clone())


def _run_on(probe: Probe, x: Tensor, layer: str, before: Mapping[str, Tensor], output: Tensor) -> object:
    """Run the network with another output of the layer, and with copies of what the calls before it gave."""

    def catch(call: LayerCall) -> Tensor:
        if call.name == layer:
            return output
        kept = before.get(call.name)
        return call.run() if kept is None else kept.clone()

    if probe.is_module(layer):
        return probe.read_outputs(x, lambda name, _: output if name == layer else None)
    return probe.run(x, catch)


def _without(probe: Probe, layer: str, output: Tensor, index: int, value: float) -> Tensor:
    """Return a copy of a layer's output with one filter's map replaced."""
    changed = output.clone()
    probe.as_maps(layer, changed)[:, index] = value
    return changed
