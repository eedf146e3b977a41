"""Look at a few pictures, spread evenly through the set, for what their sizes and values say of the set-up."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.image_set import ImageSet
from mkdocs_lurk.images.reading import Picture
from mkdocs_lurk.images.transforms import ResizeAndCrop, Transform
from mkdocs_lurk.images.unknown_range import refuse_unknown_range

log = logging.getLogger("mkdocs.plugins.lurk.images")

SAMPLED = 32
"""Pictures that are read, at most."""
_ROUNDING = 2e-3
"""Pixels that lie so little outside 0..1 lie there by rounding."""


@dataclass(frozen=True, eq=False)
class Sample:
    """What a few pictures were found to be like; pixels are values on the scale where 0 is black and 1 is white.

    Attributes:
        short_sides_px: ``(n,)``, before the transform.
        resized_px: ``(n,)`` short sides after the transform's resize.
        filled: ``(n,)`` shares of the input that the picture fills, as opposed to a black border.
        brightest: The largest pixel of any of them before the transform.
        mean: ``(c,)`` means of the network's input over all of them.
        std: ``(c,)`` standard deviations of it.
        low: The smallest value of the network's input.
        high: The largest value of it.
        pixel_low: The smallest pixel at the input's size.
        pixel_high: The largest one.
        below: The share of pixels below 0.
        outside: The share of pixels outside 0..1.
    """

    short_sides_px: NDArray[np.float64]
    resized_px: NDArray[np.float64]
    filled: NDArray[np.float64]
    brightest: float
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    low: float
    high: float
    pixel_low: float
    pixel_high: float
    below: float
    outside: float

    @property
    def n(self) -> int:
        """The number of pictures that could be read."""
        return len(self.short_sides_px)


def look_at_sample(images: ImageSet, transform: Transform, at_most: int = SAMPLED) -> Sample | None:
    """Read pictures spread evenly through the set, and measure them.

    Returns:
        None if none of them can be read.

    Raises:
        ImageError: The values of many of them have no usual range.
    """
    count = min(at_most, len(images))
    places = [number * (len(images) - 1) // max(1, count - 1) for number in range(count)]
    rows: list[_Measured] = []
    failed: list[ImageError] = []
    for image in places:
        try:
            rows.append(_measure(images.open(image), transform))
        except ImageError as reason:
            log.debug("a picture is left out of the first look: %s", reason)
            failed.append(reason)
    refuse_unknown_range(failed, len(places))
    return _join(rows) if rows else None


def spread(count: int, wanted: int) -> list[int]:
    """Return ``wanted`` numbers below ``count``, evenly spaced from 0 on; all of them if there are no more."""
    return list(dict.fromkeys(place * count // wanted for place in range(wanted))) if count else []


@dataclass(frozen=True, eq=False)
class _Measured:
    """One picture: sizes, and sums over the pixels of its input by channel."""

    sizes: tuple[float, float, float]
    brightest: float
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]
    ends: tuple[float, float, float, float]
    below: float
    outside: float
    area: int


def _measure(picture: Picture, transform: Transform) -> _Measured:
    height, width = picture.size[::-1] if isinstance(picture, Image.Image) else picture.shape[:2]
    pixels = transform.pixels(picture)
    x = transform.tensor(pixels).numpy().astype(np.float64)
    shown = pixels / 255 if pixels.dtype == np.uint8 else pixels
    return _Measured(
        (min(height, width), *_resized(height, width, transform)),
        _brightest(picture),
        x.sum((1, 2)),
        (x**2).sum((1, 2)),
        (float(x.min()), float(x.max()), float(shown.min()), float(shown.max())),
        float((shown < -_ROUNDING).mean()),
        float(((shown < -_ROUNDING) | (shown > 1 + _ROUNDING)).mean()),
        x.shape[1] * x.shape[2],
    )


def _brightest(picture: Picture) -> float:
    if isinstance(picture, Image.Image):
        return float(np.asarray(picture.convert("RGB")).max()) / 255
    return float(picture.max()) / (255 if picture.dtype == np.uint8 else 1)


def _resized(height: int, width: int, transform: Transform) -> tuple[float, float]:
    """Return a picture's short side after the resize, and the share of the input that it fills.

    An author's own transform does not tell its resize; it counts as filling the input with the whole picture.
    """
    if not isinstance(transform, ResizeAndCrop):
        return min(transform.height, transform.width), 1.0
    resize = transform.resize
    if isinstance(resize, tuple):
        height, width = resize
    elif resize is not None:
        scale = resize / min(height, width)
        height, width = round(height * scale), round(width * scale)
    filled = min(height, transform.height) * min(width, transform.width) / (transform.height * transform.width)
    return min(height, width), filled


def _join(rows: list[_Measured]) -> Sample:
    sizes = np.array([row.sizes for row in rows], np.float64)
    area = sum(row.area for row in rows)
    mean = np.sum([row.sums for row in rows], axis=0) / area
    variance = np.sum([row.squares for row in rows], axis=0) / area - mean**2
    ends = np.array([row.ends for row in rows])
    return Sample(
        short_sides_px=sizes[:, 0],
        resized_px=sizes[:, 1],
        filled=sizes[:, 2],
        brightest=max(row.brightest for row in rows),
        mean=mean,
        std=np.sqrt(np.maximum(variance, 0)),
        low=float(ends[:, 0].min()),
        high=float(ends[:, 1].max()),
        pixel_low=float(ends[:, 2].min()),
        pixel_high=float(ends[:, 3].max()),
        below=float(np.average([row.below for row in rows], weights=[row.area for row in rows])),
        outside=float(np.average([row.outside for row in rows], weights=[row.area for row in rows])),
    )
