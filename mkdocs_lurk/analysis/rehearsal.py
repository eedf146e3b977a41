"""A rehearsal: a few forward passes before the analysis, which show what it cannot cope with, or must allow for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from mkdocs_lurk.analysis.counters import KeptNumbers, counted_ahead
from mkdocs_lurk.analysis.forward_passes import (
    OUTPUT,
    ForwardPass,
    RepeatedPass,
    difference_of,
    first_difference,
    is_same,
    run_alone,
    run_pass,
)
from mkdocs_lurk.analysis.gradients.differentiable import check_gradients
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.errors import ModelError, describe_error, join_first, name_error

log = logging.getLogger("mkdocs.plugins.lurk")

_SAME = 1e-5
"""The largest difference, as a share of the layer's largest response, between two passes of the same picture."""
_SAME_IN_BATCH = 1e-3
"""The same between a picture alone and in a batch, which is computed by other algorithms."""
_CONTRAST = 5.0


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the rehearsal showed.

    Attributes:
        mixes: What happens to pictures of one batch that would not to a single one; None if nothing does.
        outputs: The network's output for each picture alone, ``(n, n_outputs)``; None if it does not classify.
        first: The first picture's pass, which can be repeated while the analysis runs.
    """

    mixes: str | None
    outputs: Tensor | None
    first: RepeatedPass


def rehearse(network: ProbedNetwork, x: Tensor, names: Sequence[str], batches: Sequence[int] = ()) -> Rehearsal:
    """Run a network on a few pictures, twice and in batches, and look for what would spoil an analysis.

    Args:
        network: The network.
        x: Pictures, ``(n, c, h, w)``, normalised, on the network's device; one at least.
        names: The pictures' names, for messages.
        batches: How many pictures the analysis will show to the network at once, beside one and two.

    Raises:
        ModelError: The network fails on a picture, gives another output for the same picture the second time, or
            changes its own state.
        LayerError: A layer does not run, gives NaN or infinity, or has no gradient.
    """
    single = [run_alone(network, one, name) for one, name in zip(torch.split(x, 1), names, strict=True)]
    again = run_alone(network, x[:1], names[0])
    _refuse_another_output(single[0], again, names[0])
    _refuse_own_changes(network, x[:1], names[0])
    _refuse_counting(network, x[:1], names[0], single[0])
    check_gradients(network, x[:1])
    outputs = [one.output for one in single if one.output is not None]
    mixes = _mixing_place(network, x, single)
    for size in batches:
        mixes = mixes or _mixing_in_batch(network, x, single, size)
    first = RepeatedPass(network, x[:1], names[0], single[0])
    return Rehearsal(mixes, torch.cat(outputs) if len(outputs) == len(single) else None, first)


def _refuse_another_output(first: ForwardPass, second: ForwardPass, name: str) -> None:
    """Raise a ``ModelError`` if two passes of one picture differ."""
    found = first_difference(first, second, _SAME)
    if found is not None:
        place, before, difference = found
        raise ModelError(
            f"the network gives something else for {name} the second time, first in {place} (by {difference:.2g} of "
            f"its largest value): something between {before} and it draws random numbers (F.dropout without "
            "training=self.training, noise) or keeps count; let 'source' name a factory that turns it off"
        )


def _refuse_own_changes(network: ProbedNetwork, x: Tensor, name: str) -> None:
    """Raise a ``ModelError`` if a second pass over the same picture changes the state of a network.

    What it keeps of the last picture alone, such as a mask of its size, is the same then; what it counts is not.
    """
    before = _state(network.probe.module)
    run_alone(network, x, name)
    for (kind, place), value in _state(network.probe.module).items():
        kept = before.get((kind, place))
        if kept is not None and kept.shape == value.shape and not bool(is_same(kept, value).all()):
            raise ModelError(
                f"the network changes its own {kind} {place!r} with every picture, though in evaluation mode, so that "
                "results would depend on what ran before; let 'source' name a factory that turns this off"
            )


def _refuse_counting(network: ProbedNetwork, x: Tensor, name: str, before: ForwardPass) -> None:
    """Raise a ``ModelError`` if a network keeps count outside its buffers and gives something else far ahead."""
    kept = KeptNumbers(network.probe.module)
    run_alone(network, x, name)
    counters = KeptNumbers(network.probe.module).counters_since(kept)
    for number in range(len(counters[0].far_ahead) if counters else 0):
        try:
            with counted_ahead(counters, number):
                found = first_difference(before, run_pass(network, x), _SAME)
        except Exception as error:  # whatever the author's forward method raises for numbers that it never reaches
            log.debug("a network that counts is not tried far ahead (%s)", describe_error(error))
            continue
        if found is not None:
            counted = join_first([counter.name for counter in counters], 3)
            raise ModelError(
                f"the network counts in {counted}, and gives something else for {name} after many pictures, first in "
                f"{found[0]}; let 'source' name a factory that turns this off"
            )


def _state(module: nn.Module) -> dict[tuple[str, str], Tensor]:
    """Return copies of a network's buffers, parameters and other tensors that its modules keep, on the CPU."""
    named = [(("buffer", name), value) for name, value in module.named_buffers()]
    for path, child in module.named_modules():
        own = ((f"{path}.{name}".lstrip("."), value) for name, value in vars(child).items())
        named += [(("attribute", name), value) for name, value in own if isinstance(value, Tensor)]
    named += [(("parameter", name), value) for name, value in module.named_parameters()]
    return {
        key: value.detach().to("cpu", copy=True)
        for key, value in named
        if not is_lazy(value) and value.layout == torch.strided and not value.is_quantized
    }


def _mixing_place(network: ProbedNetwork, x: Tensor, single: Sequence[ForwardPass]) -> str | None:
    """Return where pictures of one batch change each other's responses; None if they do not.

    A picture goes through the network beside another one, and beside one whose values reach far beyond its own.
    """
    far = _CONTRAST * (x[:1].flip(-1) - x[:1].mean())
    for other, alone in ((x[1:2], single[:2]), (far, single[:1])):
        if not len(other):
            continue
        problem = _compare_batch(network, torch.cat([x[:1], other]), alone, "two")
        if problem is not None:
            return problem
    return None


def _mixing_in_batch(network: ProbedNetwork, x: Tensor, single: Sequence[ForwardPass], size: int) -> str | None:
    """Return where a batch of ``size`` pictures, the same few again and again, changes responses; None if nowhere.

    Where memory ends, batches half as large are tried, as the analysis does.
    """
    while size > 2:
        rows = [row % len(x) for row in range(size)]
        try:
            return _compare_batch(network, x[rows], [single[row] for row in rows], str(size))
        except torch.OutOfMemoryError:
            size //= 2
    return None


def _compare_batch(network: ProbedNetwork, x: Tensor, single: Sequence[ForwardPass], size: str) -> str | None:
    """Return where pictures of a batch differ from what the first of them gave alone; None if they do not."""
    try:
        together = run_pass(network, x)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # a network may raise anything for a batch, or for values that it was not made for
        return f"a batch of {size} fails: {name_error(error)}"
    for row, alone in enumerate(single):
        place = _first_changed(alone, together, row, len(x))
        if place is not None:
            return f"{place} changes in a batch of {size}"
    return None


def _first_changed(alone: ForwardPass, batch: ForwardPass, row: int, size: int) -> str | None:
    """Return the first layer, or the output, that is another one for a picture in a batch; None if none is."""
    for layer, values in alone.layers.items():
        in_batch = batch.layers.get(layer)
        if in_batch is None or len(in_batch) != size or difference_of(values, in_batch[row : row + 1]) > _SAME_IN_BATCH:
            return f"layer {layer!r}"
    if alone.output is None:
        return None
    changed = batch.output is None or difference_of(alone.output, batch.output[row : row + 1]) > _SAME_IN_BATCH
    return OUTPUT if changed else None
