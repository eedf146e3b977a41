"""A rehearsal: a few forward passes before the analysis, which show what it cannot cope with, or must allow for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from mkdocs_lurk.analysis.gradients.differentiable import check_gradients
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.analysis.responses import reduce_maps
from mkdocs_lurk.errors import LayerError, LurkError, ModelError, describe_error, name_error
from mkdocs_lurk.models.tracing.failures import remedy_for

_SAME = 1e-5
"""The largest difference, as a share of the layer's largest response, between two passes of the same picture."""
_SAME_IN_BATCH = 1e-3
"""The same between a picture alone and in a batch, which is computed by other algorithms."""
_CONTRAST = 5.0
_OUTPUT = "the network's output"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the rehearsal showed.

    Attributes:
        mixes: What happens to pictures of one batch that would not to a single one; None if nothing does.
        outputs: The network's output for each picture alone, ``(n, n_outputs)``; None if it does not classify.
    """

    mixes: str | None
    outputs: Tensor | None


@dataclass(frozen=True, slots=True)
class _Pass:
    """One forward pass: for every layer, and for the output, what tells its values from others', ``(n, c, 4)``."""

    layers: Mapping[str, Tensor]
    output: Tensor | None


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
    single = [_run_alone(network, one, name) for one, name in zip(torch.split(x, 1), names, strict=True)]
    again = _run_alone(network, x[:1], names[0])
    _refuse_another_output(single[0], again, names[0])
    _refuse_own_changes(network, x[:1], names[0])
    check_gradients(network, x[:1])
    outputs = [one.output for one in single if one.output is not None]
    mixes = _mixing_place(network, x, single)
    for size in batches:
        mixes = mixes or _mixing_in_batch(network, x, single, size)
    return Rehearsal(mixes, torch.cat(outputs) if len(outputs) == len(single) else None)


def _run_alone(network: ProbedNetwork, x: Tensor, name: str) -> _Pass:
    """Run one picture through the network.

    Raises:
        ModelError: The network fails.
        LayerError: A layer does not run, or gives NaN or infinity.
    """
    try:
        found = _run(network, x)
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


def _run(network: ProbedNetwork, x: Tensor) -> _Pass:
    layers: dict[str, Tensor] = {}

    def receive(name: str, maps: Tensor) -> None:
        layers[name] = _describe(maps)

    with torch.inference_mode():
        output = network.probe.read(x, receive)
    if isinstance(output, Tensor) and output.dim() == 2 and len(output) == len(x):
        return _Pass(layers, output.float())
    return _Pass(layers, None)


def _describe(maps: Tensor) -> Tensor:
    """Return the mean, maximum, minimum and a position-weighted mean of feature maps, ``(n, c, 4)``."""
    means, maxima, minima, _ = reduce_maps(maps)
    ramp = torch.linspace(0, 1, maps[0, 0].numel(), device=maps.device).view(maps.shape[2:])
    return torch.stack([means, maxima, minima, (maps.float() * ramp).mean((2, 3))], -1)


def _refuse_another_output(first: _Pass, second: _Pass, name: str) -> None:
    """Raise a ``ModelError`` if two passes of one picture differ."""
    before = "the picture"
    for layer, values in first.layers.items():
        difference = _difference(values, second.layers[layer])
        if difference > _SAME:
            raise ModelError(_describe_another(f"layer {layer!r}", before, name, difference))
        before = f"layer {layer!r}"
    if first.output is not None and second.output is not None:
        difference = _difference(first.output, second.output)
        if difference > _SAME:
            raise ModelError(_describe_another(_OUTPUT, before, name, difference))


def _describe_another(place: str, before: str, name: str, difference: float) -> str:
    return (
        f"the network gives something else for {name} the second time, first in {place} (by {difference:.2g} of its "
        f"largest value): something between {before} and it draws random numbers (F.dropout without "
        "training=self.training, noise) or keeps count; let 'source' name a factory that turns it off"
    )


def _refuse_own_changes(network: ProbedNetwork, x: Tensor, name: str) -> None:
    """Raise a ``ModelError`` if a network that just saw a picture changes its own state when it sees it once more.

    What it keeps of the last picture alone, such as a mask of its size, is the same then; what it counts is not.
    """
    before = _state(network.probe.module)
    _run_alone(network, x, name)
    for (kind, place), value in _state(network.probe.module).items():
        kept = before.get((kind, place))
        if kept is not None and kept.shape == value.shape and not bool(_is_same(kept, value).all()):
            raise ModelError(
                f"the network changes its own {kind} {place!r} with every picture, though in evaluation mode, so that "
                "results would depend on what ran before; let 'source' name a factory that turns this off"
            )


def _state(module: nn.Module) -> dict[tuple[str, str], Tensor]:
    """Return copies of a network's buffers and parameters, on the CPU."""
    named = [(("buffer", name), value) for name, value in module.named_buffers()]
    named += [(("parameter", name), value) for name, value in module.named_parameters()]
    return {
        key: value.detach().to("cpu", copy=True)
        for key, value in named
        if not is_lazy(value) and value.layout == torch.strided and not value.is_quantized
    }


def _mixing_place(network: ProbedNetwork, x: Tensor, single: Sequence[_Pass]) -> str | None:
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


def _mixing_in_batch(network: ProbedNetwork, x: Tensor, single: Sequence[_Pass], size: int) -> str | None:
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


def _compare_batch(network: ProbedNetwork, x: Tensor, single: Sequence[_Pass], size: str) -> str | None:
    """Return where pictures of a batch differ from what the first of them gave alone; None if they do not."""
    try:
        together = _run(network, x)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # a network may raise anything for a batch, or for values that it was not made for
        return f"a batch of {size} fails: {name_error(error)}"
    for row, alone in enumerate(single):
        place = _first_changed(alone, together, row, len(x))
        if place is not None:
            return f"{place} changes in a batch of {size}"
    return None


def _first_changed(alone: _Pass, batch: _Pass, row: int, size: int) -> str | None:
    """Return the first layer, or the output, that is another one for a picture in a batch; None if none is."""
    for layer, values in alone.layers.items():
        in_batch = batch.layers.get(layer)
        if in_batch is None or len(in_batch) != size or _difference(values, in_batch[row : row + 1]) > _SAME_IN_BATCH:
            return f"layer {layer!r}"
    if alone.output is None:
        return None
    changed = batch.output is None or _difference(alone.output, batch.output[row : row + 1]) > _SAME_IN_BATCH
    return _OUTPUT if changed else None


def _difference(one: Tensor, other: Tensor) -> float:
    """Return the largest difference as a share of the largest finite value.

    NaN equals NaN, and infinity equals infinity of the same sign; where only one is finite, the difference is infinite.
    """
    if one.shape != other.shape:
        return float("inf")
    finite = one.isfinite() & other.isfinite()
    if not bool((finite | _is_same(one, other)).all()):
        return float("inf")
    if not bool(finite.any()):
        return 0.0
    a, b = one[finite], other[finite]
    scale = torch.maximum(a.abs().max(), b.abs().max())
    return float((a - b).abs().max() / scale.clamp(min=torch.finfo(one.dtype).tiny))


def _is_same(one: Tensor, other: Tensor) -> Tensor:
    """Return where two tensors hold the same value, or both NaN."""
    return (one == other) | ((one != one) & (other != other))
