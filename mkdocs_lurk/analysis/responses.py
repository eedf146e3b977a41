"""Mine the pictures that excite each filter most: every layer in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.topk import TopK
from mkdocs_lurk.errors import LayerError

ALGORITHM = 1
"""Raised whenever the same pictures would give other numbers."""


@dataclass(frozen=True, slots=True)
class Responses:
    """What every filter of one layer answers to a batch of pictures, before any activation.

    Attributes:
        means: ``(n_images, n_filters)`` float32, the spatial mean.
        maxima: ``(n_images, n_filters)`` float32, the spatial maximum.
        places: ``(n_images, n_filters)`` int64, where the maximum is: ``y * w + x``, the first where several are equal.
    """

    means: NDArray[np.float32]
    maxima: NDArray[np.float32]
    places: NDArray[np.int64]


def reduce_maps(maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Reduce ``(n, c, h, w)`` maps to their means, maxima and maxima's flat places, each ``(n, c)``."""
    maxima, places = F.adaptive_max_pool2d(maps, 1, return_indices=True)
    return _means(maps), maxima.flatten(1).float(), places.flatten(1)


def _means(maps: Tensor) -> Tensor:
    """The spatial means, float32.

    A processor adds up short numbers slowly; averaging rows first, each rounded to the maps' own format, and then the
    rows in float32 takes a thirtieth of the time.
    """
    if maps.device.type == "cpu" and maps.dtype == torch.bfloat16:
        maps = F.avg_pool2d(maps, (1, maps.shape[3]))
    return maps.mean((2, 3), dtype=torch.float32)


def respond(probe: Probe, x: Tensor) -> tuple[dict[str, Responses], Tensor | None]:
    """Show a batch of pictures to the network and note every layer's answers.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised.

    Returns:
        Each layer's responses, and the network's own output where it is ``(n, n_classes)``, float32.

    Raises:
        LayerError: A layer gives NaN or infinity; the first such layer is named.
    """
    found: dict[str, tuple[Tensor, Tensor, Tensor]] = {}

    def receive(name: str, maps: Tensor) -> None:
        found[name] = reduce_maps(maps)

    with torch.inference_mode():
        output = probe.read(x, receive)
    for name, (means, maxima, _) in found.items():
        if not bool(torch.isfinite(means).all() & torch.isfinite(maxima).all()):
            raise LayerError(
                f"layer {name!r} gives NaN or infinity, the first in the network to do so; "
                "check the weights and the transform"
            )
    responses = {
        name: Responses(means.cpu().numpy(), maxima.cpu().numpy(), places.cpu().numpy())
        for name, (means, maxima, places) in found.items()
    }
    classifies = isinstance(output, Tensor) and output.dim() == 2
    return responses, output.float().cpu() if classifies else None


@dataclass(frozen=True, slots=True, eq=False)
class Mined:
    """What is known of one layer's filters after some of the pictures.

    Attributes:
        avg: Best pictures by spatial mean.
        max: Best pictures by spatial maximum, with their places.
        class_avg: ``(n_classes, n_filters)`` float64, sums of the means by class.
        class_max: ``(n_classes, n_filters)`` float64, sums of the maxima by class.
        counts: ``(n_classes,)`` int64, pictures seen of each class.
        lowest_mean: ``(n_filters,)`` float32, the smallest spatial mean of any picture.
        seen: Pictures seen.
    """

    avg: TopK
    max: TopK
    class_avg: NDArray[np.float64]
    class_max: NDArray[np.float64]
    counts: NDArray[np.int64]
    lowest_mean: NDArray[np.float32]
    seen: int

    @classmethod
    def of(
        cls, responses: Responses, images: NDArray[np.int64], labels: NDArray[np.int64], n_classes: int, k: int
    ) -> Mined:
        """Reduce one batch.

        Args:
            responses: The batch's responses.
            images: ``(n_images,)``, the pictures' ids.
            labels: ``(n_images,)``, their classes; -1 where a picture has none.
            n_classes: How many classes there are.
            k: Length of the lists.
        """
        member = (labels[None, :] == np.arange(n_classes)[:, None]).astype(np.float64)
        return cls(
            TopK.of(responses.means, images, k),
            TopK.of(responses.maxima, images, k, responses.places),
            member @ responses.means.astype(np.float64),
            member @ responses.maxima.astype(np.float64),
            member.sum(1).astype(np.int64),
            responses.means.min(0),
            len(images),
        )

    def merge(self, other: Mined) -> Mined:
        """What one pass over the pictures of both would have given."""
        return Mined(
            self.avg.merge(other.avg),
            self.max.merge(other.max),
            self.class_avg + other.class_avg,
            self.class_max + other.class_max,
            self.counts + other.counts,
            np.minimum(self.lowest_mean, other.lowest_mean),
            self.seen + other.seen,
        )

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """The reducer's state as named arrays."""
        return {
            "avg_scores": self.avg.scores,
            "avg_images": self.avg.images,
            "max_scores": self.max.scores,
            "max_images": self.max.images,
            "max_places": self.max.places,
            "class_avg": self.class_avg,
            "class_max": self.class_max,
            "counts": self.counts,
            "lowest_mean": self.lowest_mean,
            "seen": np.array([self.seen]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Mined:
        """Read back what ``to_arrays`` gave."""
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


def merge_all(parts: Iterable[Mined]) -> Mined:
    """Merge one or more reducers, first to last.

    Raises:
        ValueError: There is none.
    """
    merged: Mined | None = None
    for part in parts:
        merged = part if merged is None else merged.merge(part)
    if merged is None:
        raise ValueError("nothing to merge")
    return merged
