"""What the values of a picture mean: from any range or normalisation to pixels, uint8 or float32 in 0..1.

Without a declaration, the usual ranges count: 0 to 255, 0 to 1, the whole range of an unsigned type, true and false.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkdocs_lurk.config.transform import TransformSpec
from mkdocs_lurk.errors import ImageError, RangeError
from mkdocs_lurk.images.arrays import Values, check_shape, check_type

Pixels = NDArray[np.uint8 | np.float32]
"""Pixels ``(h, w, c)``: uint8, or float32 in 0..1."""

_LEVEL_TOLERANCE = 1e-3
"""Of one of 256 levels: how far values may lie from them that were 8-bit pixels before a normalisation in float32."""
_USUAL_NORMALISED = 12
"""A larger magnitude is no value of a normalised picture."""


@dataclass(frozen=True, slots=True)
class ValueScale:
    """A declared meaning of a picture's values: ``pixel = value * gain + offset``.

    Attributes:
        gain: One for all channels, or one value per channel.
        offset: One for all channels, or one value per channel, on the scale of pixels, 0..1.
        value_range: The declared range; None if only a normalisation was declared.
        normalised: Whether the values are normalised.
    """

    gain: tuple[float, ...]
    offset: tuple[float, ...]
    value_range: tuple[float, float] | None
    normalised: bool

    @classmethod
    def of(cls, transform: object) -> ValueScale | None:
        """Return the scale that a model's declared transform has; None where the usual ranges count."""
        if not isinstance(transform, TransformSpec):
            return None
        if transform.normalised:
            return cls(transform.std, transform.mean, transform.value_range, normalised=True)
        if transform.value_range is None:
            return None
        low, high = transform.value_range
        return cls((1 / (high - low),), (-low / (high - low),), transform.value_range, normalised=False)

    @property
    def identity(self) -> list[object]:
        """Everything that the pixels depend on but the values."""
        return [list(self.gain), list(self.offset), self.normalised]

    def pixels(self, values: Values, name: str) -> Pixels:
        """Return values ``(h, w, c)`` as pixels, which lie outside 0..1 where the values leave the declared range.

        Raises:
            ImageError: The scale does not fit the values; the message begins with ``name``.
        """
        channels = values.shape[2]
        if len(self.gain) not in (1, channels):
            raise ImageError(
                f"has {channels} channels where the transform's mean and std have {len(self.gain)}; "
                "give one value per channel",
                of=name,
            )
        if values.dtype == np.uint8 and self.normalised:
            raise ImageError(
                "has whole numbers of 8 bits, which are not normalised; leave out 'normalised' in the "
                "model's transform",
                of=name,
            )
        pixels = restore_8_bits(values * np.array(self.gain, np.float64) + np.array(self.offset, np.float64))
        if not np.isfinite(pixels).all():
            raise ImageError(
                "has values that are too large for 32 bits on the scale of its pixels; replace them, or give another "
                "value_range",
                of=name,
            )
        return pixels


def restore_8_bits(pixels: Values) -> Pixels:
    """Return pixels in 0..1 as uint8 if all of them are 8-bit values but for rounding; else as float32."""
    levels = np.rint(pixels * 255)
    if levels.min() >= 0 and levels.max() <= 255 and np.abs(pixels * 255 - levels).max() < _LEVEL_TOLERANCE:
        return np.ascontiguousarray(levels.astype(np.uint8))
    return np.ascontiguousarray(pixels.astype(np.float32))


def values_of_8_bits(picture: Image.Image, scale: ValueScale, name: str) -> Pixels:
    """Return the values of a picture of 8 bits per channel, for a declared scale: ``(h, w, c)``, uint8.

    Raises:
        ImageError: The picture has no such values.
    """
    if picture.mode not in ("L", "RGB"):
        raise ImageError(
            f"has mode {picture.mode}, whose values have no range; with value_range, give grey or RGB pictures", of=name
        )
    if scale.value_range is not None and scale.value_range[1] > 255:
        raise ImageError(
            f"was read with 8 bits per channel, 0 to 255, where value_range ends at {scale.value_range[1]:g} "
            "(16-bit colour loses its lower bits); give grey 16-bit pictures or .npy",
            of=name,
        )
    values = np.asarray(picture)
    return values[:, :, None] if values.ndim == 2 else values


def to_pixels(values: Values, name: str, scale: ValueScale | None = None) -> Pixels:
    """Return an array ``(h, w)`` or ``(h, w, c)`` as pixels ``(h, w, c)``, uint8 or float32.

    Args:
        values: The picture's values.
        name: What messages call the picture.
        scale: What the values mean; None for the usual ranges, which give float32 in 0..1.

    Raises:
        ImageError: The array's shape or its range of values is not a picture's.
    """
    check_type(values.dtype, name)
    check_shape(values.shape, name)
    if values.ndim == 2:
        values = values[:, :, None]
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise ImageError("has values that are not finite; replace them before the pictures are shown", of=name)
    if scale is not None:
        return scale.pixels(values, name)
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    if values.dtype == np.bool_:
        return np.ascontiguousarray(values) * np.uint8(255)
    if values.dtype.kind == "u":
        highest = np.iinfo(cast("np.dtype[np.unsignedinteger]", values.dtype)).max
        return np.asarray(values / highest, np.float32)
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind == "i" and low >= 0 and high <= 255:
        return values.astype(np.uint8)
    if values.dtype.kind == "f" and low >= 0 and high <= 1:
        return _restore_uint8(values.astype(np.float32))
    raise RangeError(describe_range("has", low, high), name, low, high)


_USUAL_TOPS = (255, 4095)
"""What 8 and 12 bits reach: values that use more than half of one of these are likely to be such."""


def describe_range(subject: str, low: float, high: float) -> str:
    """Return the message for values of no usual range: what was seen, and the key that says what they are.

    Args:
        subject: Whose values they are, with its verb.
        low: The smallest of them.
        high: The largest of them.
    """
    top = next((top for top in _USUAL_TOPS if low >= 0 and top / 2 < high <= top), _rounded_out(high, 1))
    ranged = f"transform: {{value_range: [{_rounded_out(low, -1):g}, {top:g}]}}, for example"
    normalised = "transform: {normalised: true, mean, std}, with the mean and std that they were normalised with"
    looks_normalised = low < 0 and max(-low, high) <= _USUAL_NORMALISED
    first, second = (normalised, ranged) if looks_normalised else (ranged, normalised)
    return (
        f"{subject} values from {low:g} to {high:g}, which are neither 0..1 nor 8-bit whole numbers; "
        f"say what they are by {first}; or by {second}"
    )


def _rounded_out(value: float, direction: int) -> float:
    """Round away from the range, to one digit; what is 0 or more begins at 0."""
    if value == 0 or (direction < 0 and value > 0):
        return 0.0
    unit = 10.0 ** math.floor(math.log10(abs(value)))
    return direction * math.ceil(direction * value / unit) * unit


def _restore_uint8(values: NDArray[np.float32]) -> Pixels:
    """Return values in 0..1 as uint8 if they are exactly 8-bit values divided by 255."""
    rounded = np.rint(values * 255)
    return rounded.astype(np.uint8) if np.array_equal(rounded / np.float32(255), values) else values
