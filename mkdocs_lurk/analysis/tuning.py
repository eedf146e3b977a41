"""Tuning: how much of a filter's response is left when the pictures that excite it most are changed.

Every picture is changed in up to eight ways, and each changed picture goes through the network once, for all filters of
all layers. What is compared is the response of a picture, which is the highest of its map, or zero where that is below.
The share that is left of it without colour is the complement of the colour selectivity index of Rafegas and Vanrell
2018, "Color encoding in biologically-inspired convolutional neural networks", Vision Research 151; the other shares are
made in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.records.response_records import CHANGES, Change, TuningIndices

LEAST_SIDE_PX = 16
"""Of smaller pictures half the size, or a patch, shows nothing."""
STRONGEST = 16
"""The pictures that excite a filter most, of which the shares are."""
PATCHES = 4
"""Rows and columns of patches that are shuffled."""
MIDDLE = 0
"""The row of the sums of responses in the middle of unchanged pictures; then come ``CHANGES``."""
N_SUMS = 1 + len(CHANGES)

_FEW = 1 / 16
"""Up to this share of a batch's maps the picked ones are copied; of more, all are reduced where they lie."""

Sums = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PictureChanges:
    """Changes pictures as they are normalised for a network.

    Args:
        mean: Of the normalisation, one value per channel.
        std: Of the normalisation, one value per channel.
        seed: Of the order of the shuffled patches, which is the same for all pictures.
    """

    mean: Sequence[float]
    std: Sequence[float]
    seed: int

    def applicable(self, height: int, width: int) -> tuple[Change, ...]:
        """List the changes that pictures of a size in px allow.

        Only pictures of three channels have a colour, and only a square keeps its size under a rotation by 90 degrees.
        """
        left_out = {*(() if len(self.mean) == 3 else ("grey",)), *(() if height == width else ("rotate90",))}
        return tuple(change for change in CHANGES if change not in left_out)

    def apply(self, x: Tensor, change: Change) -> Tensor:
        """Return pictures ``(n, c, h, w)`` changed in one of the ways that they allow, of the same shape."""
        match change:
            case "grey":
                return self._grey(x)
            case "blur":
                return blur(x)
            case "mirror":
                return x.flip(3)
            case "rotate90":
                return torch.rot90(x, 1, (2, 3))
            case "rotate180":
                return x.flip(2, 3)
            case "half":
                return halve(x)
            case "double":
                return double(x)
            case "shuffled":
                return shuffle_patches(x, self.seed)

    def _grey(self, x: Tensor) -> Tensor:
        """Set every channel to the mean of the channels of the picture, as it was before the normalisation.

        So a kernel that weighs the channels of the picture alike responds as before.
        """
        mean, std = (x.new_tensor(tuple(values))[:, None, None] for values in (self.mean, self.std))
        return ((x * std + mean).mean(1, keepdim=True) - mean) / std


def blur(x: Tensor) -> Tensor:
    """Blur pictures ``(n, c, h, w)`` by a Gaussian of 1/112 of their short side, at least 1 px; the border reflects."""
    sigma = max(1.0, min(x.shape[2:]) / 112)
    radius = int(np.ceil(3 * sigma))
    offsets = torch.arange(-radius, radius + 1, dtype=x.dtype, device=x.device)
    kernel = torch.exp(-(offsets**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(x.shape[1], 1, 1, -1)
    padded = F.pad(x, (radius,) * 4, "reflect")
    return F.conv2d(F.conv2d(padded, kernel, groups=x.shape[1]), kernel.transpose(2, 3), groups=x.shape[1])


def halve(x: Tensor) -> Tensor:
    """Shrink pictures ``(n, c, h, w)`` to half the size in the middle, and reflect them all around."""
    height, width = x.shape[2:]
    small = F.interpolate(x, (height // 2, width // 2), mode="bilinear", antialias=True)
    top, left = (height - height // 2) // 2, (width - width // 2) // 2
    bottom, right = height - height // 2 - top, width - width // 2 - left
    return F.pad(small, (left, right, top, bottom), "reflect")


def double(x: Tensor) -> Tensor:
    """Enlarge the middle of pictures ``(n, c, h, w)`` to twice the size."""
    height, width = x.shape[2:]
    return F.interpolate(middle(x), (height, width), mode="bilinear")


def middle(maps: Tensor) -> Tensor:
    """Return the middle half of rows and of columns of pictures or maps ``(n, c, h, w)``."""
    height, width = maps.shape[2:]
    return maps[:, :, height // 4 : height - height // 4, width // 4 : width - width // 4]


def shuffle_patches(x: Tensor, seed: int) -> Tensor:
    """Move each of 4 x 4 patches of pictures ``(n, c, h, w)`` to another place; what is left of a side stays."""
    height, width = (side // PATCHES for side in x.shape[2:])
    shuffled = x.clone()
    for place, source in enumerate(derangement(PATCHES * PATCHES, seed)):
        (to_y, to_x), (from_y, from_x) = divmod(place, PATCHES), divmod(source, PATCHES)
        rows, columns = (slice(to_y * height, (to_y + 1) * height), slice(to_x * width, (to_x + 1) * width))
        part = x[:, :, from_y * height : (from_y + 1) * height, from_x * width : (from_x + 1) * width]
        shuffled[:, :, rows, columns] = part
    return shuffled


def derangement(n: int, seed: int) -> list[int]:
    """Draw an order of ``n`` things, two or more, in which none keeps its place."""
    random = np.random.default_rng(seed)
    while True:
        order = random.permutation(n)
        if (order != np.arange(n)).all():
            return [int(place) for place in order]


def sum_responses(
    probe: Probe,
    x: Tensor,
    picked: NDArray[np.bool_],
    columns: Mapping[str, slice],
    changes: PictureChanges,
    enlarged: NDArray[np.bool_],
) -> Sums:
    """Add up the responses of all filters to some pictures after each change, each rectified.

    Args:
        probe: The network.
        x: Pictures, ``(n, c, h, w)``, normalised.
        picked: ``(n, n_filters)``, whether a picture counts for a filter; all layers side by side.
        columns: The columns of each layer's filters.
        changes: How pictures are changed.
        enlarged: ``(n,)``, the pictures that are shown at twice the size: each takes a pass to compare with, too.

    Returns:
        ``(N_SUMS, n_filters)``: of the middle of the ``enlarged`` pictures unchanged, and of each of ``CHANGES``; NaN
        where a change does not apply, or where a layer gives no number or does not run.
    """
    sums = np.full((N_SUMS, picked.shape[1]), np.nan)
    part = x[torch.from_numpy(np.flatnonzero(enlarged)).to(x.device)]
    with torch.inference_mode():
        for change in changes.applicable(x.shape[2], x.shape[3]):
            pictures, counted = (part, picked[enlarged]) if change == "double" else (x, picked)
            row = 1 + CHANGES.index(change)
            sums[row] = _picked_responses(probe, changes.apply(pictures, change), counted, columns, lambda maps: maps)
        sums[MIDDLE] = _picked_responses(probe, part, picked[enlarged], columns, middle)
    return sums


def _picked_responses(
    probe: Probe,
    x: Tensor,
    picked: NDArray[np.bool_],
    columns: Mapping[str, slice],
    part: Callable[[Tensor], Tensor],
) -> NDArray[np.float64]:
    """Return the sums of the picked responses of one pass, ``(n_filters,)``, in a part of the maps."""
    if not len(x):
        return np.zeros(picked.shape[1])
    sums = np.full(picked.shape[1], np.nan)

    def receive(layer: str, maps: Tensor) -> None:
        rows, filters = np.nonzero(picked[:, columns[layer]])
        own = np.zeros(maps.shape[1])
        if len(rows):
            places = torch.from_numpy(rows).to(maps.device), torch.from_numpy(filters).to(maps.device)
            if len(rows) < _FEW * maps.shape[0] * maps.shape[1]:
                maxima = part(maps)[places].amax((1, 2))
            else:
                maxima = part(maps).amax((2, 3))[places]
            np.add.at(own, filters, maxima.float().clamp_min(0).cpu().double().numpy())
        sums[columns[layer]] = own

    probe.read(x, receive)
    return sums


def kept_shares(before: NDArray[np.float64], sums: Sums) -> dict[Change, NDArray[np.float64]]:
    """Return by change the share of each filter's response that is left, ``(n_filters,)``; NaN where it has none.

    Of enlarged pictures only the middle was shown, so that only the response there is compared.

    Args:
        before: ``(n_filters,)``, the sums of the rectified responses to the unchanged pictures.
        sums: As ``sum_responses`` returns them.
    """
    shares: dict[Change, NDArray[np.float64]] = {}
    for row, change in enumerate(CHANGES, 1):
        whole = sums[MIDDLE] if change == "double" else before
        shares[change] = np.divide(sums[row], whole, out=np.full_like(whole, np.nan), where=whole > 0)
    return shares


def tuning_indices(kept: dict[Change, float]) -> TuningIndices:
    """Return how much a filter depends on each property, 0 to 1, from the shares that are left."""

    def lost(*changes: Change) -> float | None:
        shares = [kept[change] for change in changes if change in kept]
        return None if len(shares) < len(changes) else 1 - sum(min(1.0, share) for share in shares) / len(shares)

    return {
        "colour": lost("grey"),
        "detail": lost("blur"),
        "mirror": lost("mirror"),
        "orientation": lost("rotate90"),
        "scale": lost("half", "double"),
        "shape": lost("shuffled"),
    }
