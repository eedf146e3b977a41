"""Find the strongest connections between filters: which filters each one reads, and which read it.

A connection leads from a source filter ``i`` of one layer to a filter ``f`` of another. Its strength is ::

    sum over the kernel's positions of |kernel[f, i]|  *  typical response of i

and its sign is that of ``sum of kernel[f, i]`` (a sum of zero counts as positive), inverted if what is in between turns
the filter's output around: a normalisation with a negative scale, say, or a subtraction. The typical response is the
mean over pictures of ``|factor| * max(0, scale * peak + shift)``. The peak is the filter's largest output in the
picture, before any activation; its smallest if the scale is negative. ``scale`` and ``shift`` are what happens to it up
to the first activation, which counts as a ReLU whatever it is; ``factor`` is what scales it afterwards. What is added
after the first activation belongs to no filter. Where there is no activation in between (conv - BN - conv), negative
values reach the reader, too: the typical response is the mean over pictures of
``max(|scale * maximum + shift|, |scale * minimum + shift|)``. So the strength is what the filter's response gains or
loses at most, compared to a silent source filter, when its source filter is as strong as usual at every position of the
kernel at once. Gates, pooling, later activations, and what activations do beyond rectifying are left out.

The weight of a connection is its strength as a share of the strongest connection to the same filter: the strongest
input of a filter has the weight 1 or -1, and the weight of an output says how much that filter depends on this one.

Walking from filter to filter by weights: Olah et al. 2020, "Zoom In: An Introduction to Circuits", Distill,
doi:10.23915/distill.00024.001; weights as pictures: Voss et al. 2021, doi:10.23915/distill.00024.007.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.models.connections.input_channels import PICTURE, LayerInputs, NetworkInputs

CONNECTIONS_PER_FILTER = 6
_MAX_PICTURED_CHANNELS = 4

Array = NDArray[np.float64]
Extremes = tuple[NDArray[np.float32], NDArray[np.float32]]
"""A layer's responses: spatial minima and maxima, ``(n_pictures, n_filters)`` each."""


@dataclass(frozen=True, slots=True, eq=False)
class StrongestConnections:
    """The strongest connections of every filter, numbered as in ``NetworkInputs``.

    Attributes:
        inputs: ``(n_filters, 6)`` int64: source filters of each filter, the strongest first; -1 if there are fewer.
        input_weights: ``(n_filters, 6)`` float32, -1..1: weights of these connections.
        outputs: ``(n_filters, 6)`` int64: filters that read each filter, the strongest first; -1 if there are fewer.
        output_weights: ``(n_filters, 6)`` float32, -1..1: weights of these connections.
        unknown_reasons: Why a layer's inputs are unknown, by layer.
    """

    inputs: NDArray[np.int64]
    input_weights: NDArray[np.float32]
    outputs: NDArray[np.int64]
    output_weights: NDArray[np.float32]
    unknown_reasons: Mapping[str, str]


def strongest_connections(
    network: NetworkInputs, responses: Mapping[str, Extremes], chunk_size: int = 1 << 19
) -> StrongestConnections:
    """Return the strongest connections between the layers whose responses are known.

    Args:
        network: Source filters of every layer.
        responses: Responses of the layers to show. Other layers are left out, and the inputs of layers that read them
            are unknown.
        chunk_size: Number of connections, or of kernel elements, to hold in memory at once.
    """
    n_filters = int(network.starts[-1])
    inputs, outputs = _Strongest(n_filters), _Strongest(n_filters)
    unknown_reasons = {}
    for name in network.names:
        layer = network.layers.get(name)
        if layer is None or name not in responses:
            continue
        reason = layer.unknown_reason or _hidden_source_layers(network, layer, responses)
        if reason:
            unknown_reasons[name] = reason
            continue
        first = network.span(name).start
        typical = typical_response(network, layer, responses)
        for filters, sources, weights in _connection_weights(layer, typical, chunk_size):
            inputs.update(first + filters, sources, weights)
            outputs.update(sources, first + filters, weights.T)
    return StrongestConnections(inputs.others, inputs.weights, outputs.others, outputs.weights, unknown_reasons)


def typical_response(network: NetworkInputs, layer: LayerInputs, responses: Mapping[str, Extremes]) -> Array:
    """Return the typical response of each source filter of a layer; negative if its output is turned around.

    The picture is no filter: its typical response is 0.

    Returns:
        ``(n_summands, n_channels)`` float64.
    """
    typical = np.zeros(layer.source_filters.shape)
    source_layers = np.where(layer.source_filters < 0, -1, network.layer_of(layer.source_filters))
    for index in np.unique(source_layers[source_layers > 0]):
        minima, maxima = responses[network.names[index]]
        for summand, channels in enumerate(source_layers == index):
            filters = layer.source_filters[summand, channels] - network.starts[index]
            scale, shift = layer.scale[summand, channels], layer.shift[summand, channels]
            ends = scale * np.stack((minima[:, filters], maxima[:, filters])).astype(np.float64) + shift
            rectified = np.maximum(0, ends.max(0))
            strongest = np.where(layer.activated[summand, channels], rectified, np.abs(ends).max(0)).mean(0)
            typical[summand, channels] = np.sign(scale) * layer.factor[summand, channels] * strongest
    return typical


def kernels_as_pictures(network: NetworkInputs, layer: LayerInputs) -> NDArray[np.float32] | None:
    """Return the kernels of a layer that reads the picture itself, in a form that can be shown.

    Returns:
        ``(n_filters, 3, h, w)``: the picture's first three channels, as photos show them, if a filter reads these, and
        perhaps others; otherwise ``(n_filters, 1, h, n * w)``: the planes of one to four channels side by side. None
        for any other layer.
    """
    if len(layer.source_filters) != 1 or not (network.layer_of(layer.source_filters) == 0).all():
        return None
    places = {channel: place for place, channel in enumerate(layer.source_filters[0].tolist())}
    kernel: NDArray[np.float32] = layer.kernel.to("cpu").float().numpy()
    n_filters, n_channels, height, width = kernel.shape
    if layer.groups == 1 and len(places) == n_channels and all(channel in places for channel in range(3)):
        return np.ascontiguousarray(kernel[:, [places[channel] for channel in range(3)]])
    if not 1 <= layer.source_filters.size <= _MAX_PICTURED_CHANNELS:
        return None
    return kernel.transpose(0, 2, 1, 3).reshape(n_filters, 1, height, n_channels * width)


def hidden_kernels(layer: LayerInputs, pictures: NDArray[np.float32]) -> list[int]:
    """Return the filters all of whose weights lie in channels that ``kernels_as_pictures`` does not show."""
    weights = layer.kernel.to("cpu").flatten(1).any(1).numpy()
    return [int(index) for index in np.flatnonzero(weights & ~pictures.reshape(len(pictures), -1).any(1))]


def _hidden_source_layers(network: NetworkInputs, layer: LayerInputs, shown: Mapping[str, Extremes]) -> str:
    """Return a sentence that names the source layers that are not shown; empty if all are shown."""
    indices = np.unique(network.layer_of(layer.source_filters[layer.source_filters >= 0]))
    hidden = [network.names[index] for index in indices if network.names[index] not in {PICTURE, *shown}]
    if not hidden:
        return ""
    more = f" and {len(hidden) - 1} more" if len(hidden) > 1 else ""
    return f"it reads {hidden[0]}{more}, which layers.include does not show"


def _connection_weights(
    layer: LayerInputs, typical: Array, chunk_size: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Array]]:
    """Yield the weights of all connections to a few filters of a layer at a time.

    Yields:
        The filters ``(n,)``, numbered within the layer; the numbers of their source filters ``(m,)``, each once; and
        the weights ``(n, m)``, 0 for no connection.
    """
    n_rows, n_columns = layer.kernel.shape[0] // layer.groups, layer.kernel.shape[1]
    for group in range(layer.groups):
        channels = slice(group * n_columns, (group + 1) * n_columns)
        response, numbers = typical[:, channels].ravel(), layer.source_filters[:, channels].ravel()
        order = np.flatnonzero(response)
        order = order[np.argsort(numbers[order], kind="stable")]
        sources, starts = np.unique(numbers[order], return_index=True)
        if not len(sources):
            continue
        step = max(1, chunk_size // max(len(order), layer.kernel[0].numel()))
        for start in range(0, n_rows, step):
            rows = np.arange(group * n_rows + start, group * n_rows + min(start + step, n_rows))
            kernel = layer.kernel[int(rows[0]) : int(rows[-1]) + 1].to("cpu").double().flatten(2)
            sums, sizes = kernel.sum(2).numpy(), kernel.abs().sum(2).numpy()
            channel = order % n_columns
            signed, strength = sums[:, channel] * response[order], sizes[:, channel] * np.abs(response[order])
            if len(sources) < len(order):
                signed, strength = (np.add.reduceat(summands, starts, axis=1) for summands in (signed, strength))
            strength /= np.maximum(strength.max(1, keepdims=True), np.finfo(np.float64).tiny)
            yield rows, sources, np.copysign(strength, signed + 0.0, out=strength)


class _Strongest:
    """The strongest connections of each filter so far; the first of equals is kept.

    Args:
        n_filters: Number of filters.
    """

    def __init__(self, n_filters: int) -> None:
        self.others = np.full((n_filters, CONNECTIONS_PER_FILTER), -1, np.int64)
        self.weights = np.zeros((n_filters, CONNECTIONS_PER_FILTER), np.float32)

    def update(self, filters: NDArray[np.int64], others: NDArray[np.int64], weights: Array) -> None:
        """Take in connections of ``filters``, each of which is listed once.

        Args:
            filters: ``(n,)``.
            others: ``(m,)``: filters at the other end.
            weights: ``(n, m)``, 0 for no connection.
        """
        columns = strongest_columns(weights)
        new_weights = np.take_along_axis(weights, columns, 1).astype(np.float32)
        all_others = np.concatenate([self.others[filters], others[columns]], axis=1)
        all_weights = np.concatenate([self.weights[filters], new_weights], axis=1)
        kept = strongest_columns(all_weights)
        self.others[filters] = np.take_along_axis(all_others, kept, 1)
        self.weights[filters] = np.take_along_axis(all_weights, kept, 1)


def strongest_columns(weights: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the up to six columns of ``(n, m)`` weights with the largest absolute values, by row.

    Returns:
        ``(n, min(6, m))`` int64 in falling order; the first of equals comes first.
    """
    remaining = np.abs(weights, order="C")
    rows = np.arange(len(remaining))
    columns = np.empty((len(remaining), min(CONNECTIONS_PER_FILTER, remaining.shape[1])), np.int64)
    for rank in range(columns.shape[1]):
        columns[:, rank] = remaining.argmax(1)
        remaining[rows, columns[:, rank]] = -1
    return columns
