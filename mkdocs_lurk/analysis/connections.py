"""Say which filters each filter reads most, and which read it most: the weights, in units of typical responses.

The wire from filter ``i`` of one layer to filter ``f`` of another has the strength ::

    sum over the kernel's places of |w[f, i]|  *  typical response of i

and the sign of ``sum of w[f, i]`` (of a sum of zero: plus), turned round where a normalisation on the way has a
negative scale. The typical response is the mean, over pictures, of ``max(0, scale * peak + shift)``: the filter's
maximum in the picture, before any activation, with the normalisation on the way, and rectified. Where the scale is
negative, the mean of the map stands for the peak, since the smallest response is not kept. So a wire is what the
filter's sum gains or loses at most when its source is as strong as it usually gets, at every place of the kernel at
once. What activations do beyond rectifying is not in it, nor are gates.

A wire's weight is its strength as a share of the strongest wire that leads to the same filter: the strongest input of a
filter weighs 1 or -1, and among its readers a weight says how much each of them leans on it.

Walking from filter to filter by weights: Olah et al. 2020, "Zoom In: An Introduction to Circuits", Distill,
doi:10.23915/distill.00024.001; weights as pictures: Voss et al. 2021, doi:10.23915/distill.00024.007.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.models.connections.inputs import PICTURE, Reads, Wires

ALGORITHM = 1
SHOWN = 6
_MOST_DRAWN = 4
_MOST_NUMBERS = 1 << 19

Array = NDArray[np.float64]
Peaks = tuple[NDArray[np.float32], NDArray[np.float32]]
"""One layer's spatial means and maxima, ``(n_pictures, n_filters)`` each."""


@dataclass(frozen=True, slots=True, eq=False)
class Wiring:
    """The strongest wires of every filter, numbered as in ``Wires``.

    Attributes:
        inputs: ``(n_filters, 6)`` int64: what a filter reads, the strongest first; -1 where there are fewer.
        input_weights: ``(n_filters, 6)`` float32, -1..1.
        outputs: ``(n_filters, 6)`` int64: what reads it, likewise.
        output_weights: ``(n_filters, 6)`` float32, -1..1.
        why: Why a layer's inputs are not known, by layer.
    """

    inputs: NDArray[np.int64]
    input_weights: NDArray[np.float32]
    outputs: NDArray[np.int64]
    output_weights: NDArray[np.float32]
    why: Mapping[str, str]


def wire(wires: Wires, peaks: Mapping[str, Peaks]) -> Wiring:
    """Find the strongest wires between the layers whose responses are known.

    Args:
        wires: What each layer reads.
        peaks: Responses of the layers to show; any others are left out, and what reads them has no inputs told.
    """
    total = int(wires.starts[-1])
    inputs, outputs = _Best(total), _Best(total)
    why = {}
    for name in wires.names:
        reads = wires.reads.get(name)
        if reads is None or name not in peaks:
            continue
        reason = reads.why or _unseen(wires, reads, peaks)
        if reason:
            why[name] = reason
            continue
        first = wires.span(name).start
        for filters, sources, weights in _weigh(reads, gains(wires, reads, peaks)):
            inputs.offer(first + filters, sources, weights)
            outputs.offer(sources, first + filters, weights.T)
    return Wiring(inputs.places, inputs.weights, outputs.places, outputs.weights, why)


def gains(wires: Wires, reads: Reads, peaks: Mapping[str, Peaks]) -> Array:
    """The typical response of what each channel carries, with the scale's sign: ``(n_strands, n_channels)``.

    That of the picture itself is 0: it is no filter.
    """
    found = np.zeros(reads.sources.shape)
    layers = np.where(reads.sources < 0, -1, wires.layer_of(reads.sources))
    for place in np.unique(layers[layers > 0]):
        means, maxima = peaks[wires.names[place]]
        for strand, own in enumerate(layers == place):
            columns = reads.sources[strand, own] - wires.starts[place]
            scale, shift = reads.scale[strand, own], reads.shift[strand, own]
            peak = np.where(scale < 0, means[:, columns], maxima[:, columns]).astype(np.float64)
            found[strand, own] = np.sign(scale) * np.maximum(0, scale * peak + shift).mean(0)
    return found


def drawn(wires: Wires, reads: Reads) -> NDArray[np.float32] | None:
    """The kernels of a layer that reads the picture itself, to be looked at.

    Returns:
        ``(n_filters, 3, h, w)`` in the order of the picture's channels where a filter reads three; otherwise
        ``(n_filters, 1, h, n * w)``: the planes of one to four channels side by side. None for any other layer.
    """
    sources = reads.sources
    if len(sources) != 1 or not 1 <= sources.size <= _MOST_DRAWN or not (wires.layer_of(sources) == 0).all():
        return None
    kernel = reads.kernel.to("cpu").float().numpy()
    n_filters, n_channels, height, width = kernel.shape
    if sorted(sources[0].tolist()) == [0, 1, 2] and reads.groups == 1:
        return np.ascontiguousarray(kernel[:, np.argsort(sources[0])])
    return kernel.transpose(0, 2, 1, 3).reshape(n_filters, 1, height, n_channels * width)


def _unseen(wires: Wires, reads: Reads, peaks: Mapping[str, Peaks]) -> str:
    """Name a layer that is read and not shown."""
    places = np.unique(wires.layer_of(reads.sources[reads.sources >= 0]))
    missing = [wires.names[place] for place in places if wires.names[place] not in {PICTURE, *peaks}]
    if not missing:
        return ""
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return f"it reads {missing[0]}{more}, which layers.include does not show"


def _weigh(reads: Reads, typical: Array) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Array]]:
    """Weigh all wires that lead to a few filters at a time.

    Yields:
        The filters, ``(n,)``; the numbers of what they read, ``(m,)``, each once; and the weights ``(n, m)``, 0 for
        none.
    """
    kernel = reads.kernel
    n_rows, n_columns = kernel.shape[0] // reads.groups, kernel.shape[1]
    for group in range(reads.groups):
        columns = slice(group * n_columns, (group + 1) * n_columns)
        gain, numbers = typical[:, columns].ravel(), reads.sources[:, columns].ravel()
        order = np.flatnonzero(gain)
        order = order[np.argsort(numbers[order], kind="stable")]
        sources, starts = np.unique(numbers[order], return_index=True)
        if not len(sources):
            continue
        step = max(1, _MOST_NUMBERS // max(len(order), kernel[0].numel()))
        for start in range(0, n_rows, step):
            rows = np.arange(group * n_rows + start, group * n_rows + min(start + step, n_rows))
            places = kernel[int(rows[0]) : int(rows[-1]) + 1].to("cpu").double().flatten(2)
            sums, sizes = places.sum(2).numpy(), places.abs().sum(2).numpy()
            channel = order % n_columns
            signed, strength = sums[:, channel] * gain[order], sizes[:, channel] * np.abs(gain[order])
            if len(sources) < len(order):
                signed, strength = (np.add.reduceat(one, starts, axis=1) for one in (signed, strength))
            strength /= np.maximum(strength.max(1, keepdims=True), np.finfo(np.float64).tiny)
            yield rows, sources, np.copysign(strength, signed + 0.0, out=strength)


class _Best:
    """Keeps the strongest of what is offered to each filter; of equals the first.

    Args:
        total: Number of filters.
    """

    def __init__(self, total: int) -> None:
        self.places = np.full((total, SHOWN), -1, np.int64)
        self.weights = np.zeros((total, SHOWN), np.float32)

    def offer(self, to: NDArray[np.int64], places: NDArray[np.int64], weights: Array) -> None:
        """Take in ``weights`` ``(n_to, n_places)``, of which 0 is none; none of ``to`` stands there twice."""
        own = strongest(weights)
        found = np.take_along_axis(weights, own, 1).astype(np.float32)
        all_places = np.concatenate([self.places[to], places[own]], axis=1)
        all_weights = np.concatenate([self.weights[to], found], axis=1)
        best = strongest(all_weights)
        self.places[to] = np.take_along_axis(all_places, best, 1)
        self.weights[to] = np.take_along_axis(all_weights, best, 1)


def strongest(weights: NDArray[np.floating]) -> NDArray[np.int64]:
    """Where each row of ``(n, m)`` is largest in size: up to six columns, falling, of equals the first."""
    left = np.abs(weights, order="C")
    rows = np.arange(len(left))
    found = np.empty((len(left), min(SHOWN, left.shape[1])), np.int64)
    for rank in range(found.shape[1]):
        found[:, rank] = left.argmax(1)
        left[rows, found[:, rank]] = -1
    return found
