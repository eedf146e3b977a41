"""Measure the responses of every filter of every layer to pictures, and summarise them mergeably."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.topk import TopK
from mkdocs_lurk.errors import LayerError


@dataclass(frozen=True, slots=True)
class Responses:
    """The responses of one layer's filters to a batch of pictures, before any activation.

    Attributes:
        means: ``(n_images, n_filters)`` float32, the spatial mean.
        maxima: ``(n_images, n_filters)`` float32, the spatial maximum.
        minima: ``(n_images, n_filters)`` float32, the spatial minimum.
        positions: ``(n_images, n_filters)`` int64, the maximum's flat position ``y * w + x``; the first of equal ones.
    """

    means: NDArray[np.float32]
    maxima: NDArray[np.float32]
    minima: NDArray[np.float32]
    positions: NDArray[np.int64]


def measure_responses(
    probe: Probe, x: Tensor, also: Callable[[str, Tensor], None] | None = None, names: Sequence[str] = ()
) -> tuple[dict[str, Responses], Tensor | None]:
    """Run the network on a batch of pictures and reduce every layer's feature maps.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised.
        also: Called with every layer's name and maps ``(n, c, h, w)``, too, as in ``Probe.read``.
        names: The pictures' names, for messages; empty where they are not at hand.

    Returns:
        The responses by layer, and the network's output as float32 if it is of shape ``(n, n_classes)``, else None.

    Raises:
        LayerError: A layer gives NaN or infinity, or does not run; the message names the first such layer, and
            of the pictures that have a name the first on which it does so.
    """
    reduced: dict[str, tuple[Tensor, Tensor, Tensor, Tensor]] = {}

    def receive(name: str, maps: Tensor) -> None:
        reduced[name] = reduce_maps(maps)
        if also is not None:
            also(name, maps)

    with torch.inference_mode():
        output = probe.read(x, receive)
    for name, (means, maxima, _, _) in reduced.items():
        _check_finite(name, means, maxima, names)
    left_out = next((name for name in probe.shapes if name not in reduced), None)
    if left_out is not None:
        raise LayerError(
            f"layer {left_out!r} does not run on every picture: the network decides by values; leave the layer out: "
            f"layers: {{exclude: [{left_out!r}]}}"
        )
    responses = {name: Responses(*(values.cpu().numpy() for values in of_layer)) for name, of_layer in reduced.items()}
    return responses, output.float().cpu() if isinstance(output, Tensor) and output.dim() == 2 else None


def _check_finite(layer: str, means: Tensor, maxima: Tensor, names: Sequence[str]) -> None:
    """Raise a LayerError if a layer's means or maxima ``(n, n_filters)`` are not finite on one of the pictures."""
    is_finite = (torch.isfinite(means) & torch.isfinite(maxima)).all(1).tolist()
    if not all(is_finite):
        picture = names[is_finite.index(False)] if names else "a picture"
        raise LayerError(
            f"layer {layer!r} gives NaN or infinity on {picture}, the first in the network to do so; "
            "check the weights and the transform"
        )


def mean_responses(probe: Probe, x: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """Run the network on pictures ``(n, c, h, w)``, and return each layer's spatial means and maxima, ``(n, c)``."""
    reduced: dict[str, tuple[Tensor, Tensor]] = {}

    def receive(name: str, maps: Tensor) -> None:
        reduced[name] = _fast_means(maps), F.max_pool2d(maps, maps.shape[2:]).flatten(1).float()

    with torch.inference_mode():
        probe.read(x, receive)
    return reduced


def reduce_maps(maps: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Reduce feature maps ``(n, c, h, w)`` to means, maxima, minima and the maxima's flat positions, each ``(n, c)``.

    ``amin`` over both axes takes as long as the mean, in either memory format; over one axis after the other it takes
    a multiple, as ``aminmax`` does.
    """
    maxima, positions = F.adaptive_max_pool2d(maps, 1, return_indices=True)
    minima = maps.amin((2, 3)).float()
    return _spatial_means(maps), maxima.flatten(1).float(), minima, positions.flatten(1)


def _fast_means(maps: Tensor) -> Tensor:
    """Return the spatial means ``(n, c)``, float32, added up one after the other.

    Pooling over the whole map takes half of the time of ``mean`` and of ``amax`` where the channels of a place lie side
    by side. The means of large maps have five digits then, and not all.
    """
    if maps.dtype == torch.float32 and maps.is_contiguous(memory_format=torch.channels_last):
        return F.avg_pool2d(maps, maps.shape[2:]).flatten(1)
    return _spatial_means(maps)


def _spatial_means(maps: Tensor) -> Tensor:
    """Return the spatial means ``(n, c)``, float32.

    A CPU adds up bfloat16 numbers slowly. Averaging the rows first, rounded to bfloat16, and then the row means in
    float32 takes a thirtieth of the time.
    """
    if maps.device.type == "cpu" and maps.dtype == torch.bfloat16:
        maps = F.avg_pool2d(maps, (1, maps.shape[3]))
    return maps.mean((2, 3), dtype=torch.float32)


@dataclass(frozen=True, slots=True, eq=False)
class ResponseSummary:
    """A mergeable summary of one layer's responses to some of the pictures.

    Attributes:
        avg: The best pictures by spatial mean.
        max: The best pictures by spatial maximum, with the maxima's positions.
        class_avg: ``(n_classes, n_filters)`` float64, the sums of the means over the pictures of each class.
        class_max: ``(n_classes, n_filters)`` float64, the sums of the maxima over the pictures of each class.
        counts: ``(n_classes,)`` int64, the number of pictures of each class.
        lowest_mean: ``(n_filters,)`` float32, the lowest spatial mean on any picture.
        n_images: The number of pictures.
    """

    avg: TopK
    max: TopK
    class_avg: NDArray[np.float64]
    class_max: NDArray[np.float64]
    counts: NDArray[np.int64]
    lowest_mean: NDArray[np.float32]
    n_images: int

    @classmethod
    def of(
        cls, responses: Responses, images: NDArray[np.int64], labels: NDArray[np.int64], n_classes: int, k: int
    ) -> ResponseSummary:
        """Summarise one batch.

        Args:
            responses: The batch's responses.
            images: ``(n_images,)``, the pictures' ids.
            labels: ``(n_images,)``, their class indices; -1 for a picture without a class.
            n_classes: The number of classes.
            k: The length of the top-k lists.
        """
        is_member = (labels[None, :] == np.arange(n_classes)[:, None]).astype(np.float64)
        return cls(
            TopK.of(responses.means, images, k),
            TopK.of(responses.maxima, images, k, responses.positions),
            is_member @ responses.means.astype(np.float64),
            is_member @ responses.maxima.astype(np.float64),
            is_member.sum(1).astype(np.int64),
            responses.means.min(0),
            len(images),
        )

    def merge(self, other: ResponseSummary) -> ResponseSummary:
        """Return the summary of the pictures of both, as one pass over them would have given it."""
        return ResponseSummary(
            self.avg.merge(other.avg),
            self.max.merge(other.max),
            self.class_avg + other.class_avg,
            self.class_max + other.class_max,
            self.counts + other.counts,
            np.minimum(self.lowest_mean, other.lowest_mean),
            self.n_images + other.n_images,
        )

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the summary as named arrays, for the store."""
        return {
            "avg_scores": self.avg.scores,
            "avg_images": self.avg.images,
            "max_scores": self.max.scores,
            "max_images": self.max.images,
            "max_places": self.max.positions,
            "class_avg": self.class_avg,
            "class_max": self.class_max,
            "counts": self.counts,
            "lowest_mean": self.lowest_mean,
            "seen": np.array([self.n_images]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> ResponseSummary:
        """Return the summary that ``to_arrays`` gave as named arrays."""
        get = {name: np.asarray(value) for name, value in arrays.items()}
        return cls(
            TopK(get["avg_scores"], get["avg_images"], np.full_like(get["avg_images"], -1)),
            TopK(get["max_scores"], get["max_images"], get["max_places"]),
            get["class_avg"],
            get["class_max"],
            get["counts"],
            get["lowest_mean"],
            int(get["seen"][0]),
        )


def merge_all(summaries: Iterable[ResponseSummary]) -> ResponseSummary:
    """Merge one or more summaries, first to last.

    Raises:
        ValueError: There are none.
    """
    merged: ResponseSummary | None = None
    for summary in summaries:
        merged = summary if merged is None else merged.merge(summary)
    if merged is None:
        raise ValueError("nothing to merge")
    return merged
