"""The contribution of every filter to a network's outputs, for all filters of all layers together.

Of a picture with the output ``z`` of one class, a filter's contribution is the sum over the places of its map of value
minus baseline, times the gradient of ``z`` with respect to the value: how much ``z`` would change, to first order, if
the map were replaced by the baseline. The value is the layer's output before any activation, as everywhere else.

Two forms. The estimate takes the gradient at the picture, and one number for each filter as its baseline: the mean of
its maps. The integrated form is the conductance of Dhamdhere, Sundararajan and Yan 2018, arXiv:1805.12233: the network
runs on pictures along a straight line from a baseline picture, and value times gradient is added up over its pieces, by
the trapezoidal rule. Over a set of layers that every way from the picture to the output passes exactly once, these
contributions add up to the difference of ``z`` between both ends, but for the coarseness of the steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.analysis.gradients.single import errors_of_author, with_copies_if_needed
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.loading.label_map import NO_OUTPUT

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """What one forward pass and one backward pass show of all filters.

    With the mean ``m`` of a filter's maps, its contribution is ``weighted - m * plain``; so the parts of a set of
    pictures can be measured before ``m`` is known.

    Attributes:
        outputs: ``(n,)`` int64, the output of each picture: the right one, or the largest where none is known to be.
        scores: ``(n,)`` float32, its value.
        weighted: By layer ``(n, n_filters)`` float32, the sum over the map of value times gradient.
        plain: By layer ``(n, n_filters)`` float32, the sum of the gradient.
        means: By layer ``(n, n_filters)`` float32, the means of the maps.
        cut_off: The layers to which no gradient leads; all their contributions are zero.
    """

    outputs: NDArray[np.int64]
    scores: NDArray[np.float32]
    weighted: Mapping[str, NDArray[np.float32]]
    plain: Mapping[str, NDArray[np.float32]]
    means: Mapping[str, NDArray[np.float32]]
    cut_off: frozenset[str]


def class_scores(output: object, *, probabilities: bool) -> Tensor:
    """Return the outputs to which filters contribute, ``(n, n_outputs)`` float32: logits; of probabilities, their logs.

    Args:
        output: What the network returned.
        probabilities: Whether that is probabilities already.

    Raises:
        ModelError: It is no row of outputs for each picture.
    """
    if not isinstance(output, Tensor) or output.dim() != 2:
        raise ModelError("the network gives no row of outputs for each picture; leave effect out: effect: false")
    scores = output.float()
    return scores.clamp_min(torch.finfo(scores.dtype).tiny).log() if probabilities else scores


@dataclass(frozen=True, slots=True, eq=False)
class Conductances:
    """What forward and backward passes along a line of pictures show of all filters.

    Attributes:
        outputs: ``(n,)`` int64, the output of each picture: the right one, or the largest where none is known to be.
        scores: ``(n,)`` float32, its value.
        differences: ``(n,)`` float32, that minus the same output for the baseline picture.
        contributions: By layer ``(n, n_filters)`` float32.
        means: By layer ``(n, n_filters)`` float32, the means of the maps.
        cut_off: The layers to which no gradient leads; all their contributions are zero.
    """

    outputs: NDArray[np.int64]
    scores: NDArray[np.float32]
    differences: NDArray[np.float32]
    contributions: Mapping[str, NDArray[np.float32]]
    means: Mapping[str, NDArray[np.float32]]
    cut_off: frozenset[str]


def estimate_contributions(
    probe: Probe, x: Tensor, targets: Sequence[int], *, probabilities: bool = False
) -> Estimates:
    """Measure the parts of every filter's contribution to one output of each picture: the right or the largest one.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised.
        targets: The output that is right for each, or -1.
        probabilities: Whether the network's outputs are probabilities, whose logarithms count.

    Raises:
        ModelError: The network's output cannot be differentiated.
    """

    def differentiate() -> Estimates:
        run = Run(probe, x, probabilities=probabilities)
        outputs = chosen_outputs(run.scores, targets)
        gradients = run.gradients(outputs)
        weighted = {layer: _summed(maps * gradients[layer]) for layer, maps in run.maps.items()}
        plain = {layer: _summed(own) for layer, own in gradients.items()}
        scores, cut_off = run.scores_of(outputs), frozenset(run.cut_off)
        return Estimates(outputs, scores, _arrays(weighted), _arrays(plain), run.means(), cut_off)

    with output_errors():
        return with_copies_if_needed(differentiate)


def integrate_contributions(
    probe: Probe, x: Tensor, baseline: Tensor, targets: Sequence[int], steps: int, *, probabilities: bool = False
) -> Conductances:
    """Integrate every filter's contribution along the line from a baseline picture to each picture.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised.
        baseline: ``(1, c, h, w)``, normalised.
        targets: The output that is right for each picture, or -1.
        steps: Pieces of the line, all of one length; each end of a piece takes a forward and a backward pass.
        probabilities: Whether the network's outputs are probabilities, whose logarithms count.

    Raises:
        ModelError: The network's output cannot be differentiated.
    """

    def run_at(share: float) -> Run:
        return Run(probe, baseline + share * (x - baseline), probabilities=probabilities)

    def pass_at(share: float, outputs: NDArray[np.int64]) -> tuple[Run, dict[str, Tensor]]:
        run = run_at(share)
        return run, run.gradients(outputs)

    def integrate() -> Conductances:
        outputs = chosen_outputs(with_copies_if_needed(lambda: run_at(1.0)).scores, targets)
        run, before = with_copies_if_needed(lambda: pass_at(0.0, outputs))
        start, cut_off, maps = run.scores_of(outputs), frozenset(run.cut_off), run.maps
        sums = {layer: torch.zeros(len(x), own.shape[1], device=own.device) for layer, own in maps.items()}
        for step in range(1, steps + 1):
            run, after = with_copies_if_needed(partial(pass_at, step / steps, outputs))
            for layer, own in sums.items():
                own += _summed((run.maps[layer] - maps[layer]) * (before[layer] + after[layer]) / 2)
            before, maps = after, run.maps
        end = run.scores_of(outputs)
        return Conductances(outputs, end, end - start, _arrays(sums), run.means(), cut_off)

    with output_errors():
        return integrate()


class Run:
    """One forward pass whose graph is kept: the layers' maps, and the scores that gradients are taken of.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised.
        probabilities: Whether the network's outputs are probabilities, whose logarithms count.
        keeps_graph: Whether more gradients will be taken after those of the scores.

    Attributes:
        maps: By layer ``(n, n_filters, h, w)``, without a graph.
        scores: ``(n, n_outputs)``, as ``class_scores`` gives them.
        cut_off: The layers to which no gradient was found to lead.
    """

    def __init__(self, probe: Probe, x: Tensor, *, probabilities: bool, keeps_graph: bool = False) -> None:
        self._probe, self._keeps_graph = probe, keeps_graph
        self._outputs: dict[str, Tensor] = {}
        output = probe.read_outputs(x.detach().requires_grad_(), self._keep)
        self.scores = class_scores(output, probabilities=probabilities)
        self.maps = {name: probe.as_maps(name, own.detach()) for name, own in self._outputs.items()}
        self.cut_off: set[str] = set()

    def _keep(self, name: str, output: object) -> Tensor | None:
        """Keep a layer's output, and let the network go on with a copy, which it may overwrite."""
        if not isinstance(output, Tensor):
            return None
        own = output if output.requires_grad else output.detach().requires_grad_()
        self._outputs[name] = own
        return own.clone()

    def gradients(self, outputs: NDArray[np.int64]) -> dict[str, Tensor]:
        """Return the gradient of one output of each picture by layer, as maps ``(n, n_filters, h, w)``."""
        if not self.scores.requires_grad:
            raise ModelError("no gradient leads from the network's output to its layers")
        chosen = self.scores[range(len(outputs)), outputs.tolist()].sum()
        found = torch.autograd.grad(
            chosen, list(self._outputs.values()), retain_graph=self._keeps_graph, allow_unused=True
        )
        gradients: dict[str, Tensor] = {}
        for (name, own), gradient in zip(self._outputs.items(), found, strict=True):
            if gradient is None:
                self.cut_off.add(name)
            gradients[name] = self._probe.as_maps(name, torch.zeros_like(own) if gradient is None else gradient)
        return gradients

    def gradients_through(self, layer: str, index: int, gradient: Tensor, before: Sequence[str]) -> dict[str, Tensor]:
        """Return what of the gradient of the chosen outputs comes back to earlier layers through one filter's map.

        Args:
            layer: The filter's layer.
            index: The filter.
            gradient: What ``gradients`` gave of that layer, ``(n, n_filters, h, w)``.
            before: The earlier layers.

        Returns:
            By earlier layer ``(n, n_filters, h, w)``; zero where no gradient leads back to it.
        """
        through = (self._probe.as_maps(layer, self._outputs[layer])[:, index] * gradient[:, index]).sum()
        inputs = [self._outputs[name] for name in before]
        found = torch.autograd.grad(through, inputs, retain_graph=True, allow_unused=True)
        return {
            name: self._probe.as_maps(name, torch.zeros_like(own) if part is None else part)
            for name, own, part in zip(before, inputs, found, strict=True)
        }

    def means(self) -> dict[str, NDArray[np.float32]]:
        """Return the means of the maps by layer, ``(n, n_filters)``."""
        return _arrays({layer: maps.mean((2, 3), dtype=torch.float32) for layer, maps in self.maps.items()})

    def scores_of(self, outputs: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the score of one output of each picture, ``(n,)``."""
        scores: NDArray[np.float32] = self.scores.detach().cpu().numpy()[range(len(outputs)), outputs]
        return scores


def chosen_outputs(scores: Tensor, targets: Sequence[int]) -> NDArray[np.int64]:
    """Return the output of each picture that counts, ``(n,)``: the right one, or the largest if that is -1."""
    right = np.array(targets, np.int64)
    return np.where(right == NO_OUTPUT, scores.detach().argmax(1).cpu().numpy(), right)


def _summed(values: Tensor) -> Tensor:
    """Add up maps ``(n, n_filters, h, w)`` over their places."""
    return values.sum((2, 3), dtype=torch.float32)


def _arrays(tensors: Mapping[str, Tensor]) -> dict[str, NDArray[np.float32]]:
    return {layer: own.cpu().numpy() for layer, own in tensors.items()}


def output_errors() -> AbstractContextManager[None]:
    """Translate what the network raises while it is differentiated.

    Raises:
        ModelError: On exit, with what stands in the way.
    """
    return errors_of_author(
        lambda reason: ModelError(
            f"the network's output cannot be differentiated ({reason}); change the step that the message is about, or "
            "leave the effect of filters out: effect: false"
        )
    )
