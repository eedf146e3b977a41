"""Encode pixels as WebP files and decode them again.

Pages show WebP; pixels that a score is verified against are packed without loss.
"""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkdocs_lurk.errors import ImageError, ShapeError
from mkdocs_lurk.images.values import Pixels

_WEBP_LIMIT_PX = 16383
STORED_FORMATS = ("WEBP", "PNG")
"""The formats of stored pictures; no other decoder is asked."""
_HEADER = struct.Struct("<4sBBIII")
_MAGIC = b"LPX1"
_WEBP, _DEFLATE = 0, 1
GRADIENT_ZERO, GRADIENT_LARGEST = 128, 127
"""The byte that stands for zero in a gradient's picture, and the distance from it of the largest magnitude."""
_TYPES: tuple[type[np.generic], ...] = (np.uint8, np.float32)


def encode_webp(pixels: NDArray[np.uint8], *, quality: int, lossless: bool, method: int) -> bytes:
    """Encode pixels as a WebP file.

    Args:
        pixels: ``(h, w, 3)``.
        quality: 0 to 100; with ``lossless``, the encoder's effort instead.
        lossless: Whether the very same pixels come back.
        method: 0 to 6; higher takes more time for a smaller file.
    """
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=quality, lossless=lossless, exact=lossless, method=method)
    return file.getvalue()


def encode_picture(pixels: Pixels, quality: int | None = None) -> bytes:
    """Encode pixels as a WebP file, after ``to_rgb``.

    Args:
        pixels: ``(h, w, c)``, uint8, or floats in 0..1.
        quality: 0 to 100 for a smaller file that differs a little; None for the very same pixels.
    """
    rgb = to_rgb(pixels)
    if quality is None:
        # more effort takes ten times as long for two hundredths of a photo's size
        return encode_webp(rgb, quality=20, lossless=True, method=2)
    return encode_webp(rgb, quality=quality, lossless=False, method=4)


def decode_picture(data: bytes) -> NDArray[np.uint8]:
    """Decode a picture file to pixels ``(h, w, 3)``.

    Raises:
        ImageError: The bytes are no picture.
    """
    try:
        with Image.open(io.BytesIO(data), formats=STORED_FORMATS) as picture:
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as reason:
        raise ImageError(f"{len(data)} bytes of the cache are no picture; run analyze --force") from reason


def to_rgb(pixels: Pixels) -> NDArray[np.uint8]:
    """Return pixels in the form that pages show: ``(h, w, 3)``, uint8.

    Args:
        pixels: ``(h, w, c)``, uint8, or floats in 0..1, which are clipped there. Of one or two channels, the first is
            shown as grey; of more than three, the first three are shown.
    """
    if pixels.ndim != 3:
        raise ShapeError(f"pixels have the shape {pixels.shape}; give (h, w, c)")
    if pixels.dtype != np.uint8:
        pixels = np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
    shown = pixels[:, :, : shown_channels(pixels.shape[2])]
    return np.ascontiguousarray(shown if shown.shape[2] == 3 else np.repeat(shown, 3, axis=2))


def shown_channels(n: int) -> int:
    """Return how many of ``n`` channels a picture shows: the first three, or the first."""
    return 3 if n >= 3 else 1


def describe_shown_channels(n: int) -> list[str]:
    """Say which of a network's ``n`` channels pictures show, as a sentence; nothing if they show all."""
    if n == shown_channels(n):
        return []
    if n == 2:
        return ["The network takes 2 channels; photos, gradients and syntheses show the first of them, as grey."]
    which = "the first three of them, as red, green and blue"
    return [f"The network takes {n} channels; photos, gradients, syntheses and kernels show {which}."]


def gradient_pixels(gradient: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Return a gradient ``(c, h, w)`` as pixels ``(h, w, c)``.

    Zero is mid-grey, 128; the largest magnitude of all channels is 127 away from it, on either side. Between them the
    values are rounded, and nothing else is lost.
    """
    values = gradient.astype(np.float64)
    largest = float(np.abs(values).max()) if values.size else 0.0
    scaled = values / largest * GRADIENT_LARGEST if largest > 0 and np.isfinite(largest) else np.zeros_like(values)
    return np.ascontiguousarray(np.moveaxis(GRADIENT_ZERO + np.rint(scaled), 0, -1).astype(np.uint8))


def gradient_cosine(pixels: NDArray[np.uint8], gradient: NDArray[np.floating]) -> float:
    """Return the cosine of a gradient's picture ``(h, w, c)`` to the gradient ``(c, h, w)``, over all ``c`` channels.

    It is 1 if both are zero throughout, and 0 if one of them is or if the gradient has values that are not finite.
    """
    shown, values = np.moveaxis(pixels.astype(np.float64) - GRADIENT_ZERO, -1, 0), gradient.astype(np.float64)
    if not (shown.any() and np.isfinite(values).all()):
        return float(not values.any())
    values /= max(float(np.abs(values).max()), np.finfo(np.float64).tiny)  # squares of tiny values would be zero
    return float((shown * values).sum() / max(np.linalg.norm(shown) * np.linalg.norm(values), 1e-300))


def pack_pixels(pixels: Pixels) -> bytes:
    """Pack pixels ``(h, w, c)``, uint8 or float32, without any loss."""
    if pixels.ndim != 3 or pixels.dtype not in _TYPES:
        raise ShapeError(f"pixels are {pixels.dtype} {pixels.shape}; give (h, w, c) of uint8 or float32")
    height, width, channels = pixels.shape
    kind = _TYPES.index(pixels.dtype.type)
    if pixels.dtype == np.uint8 and channels in (1, 3) and max(height, width) <= _WEBP_LIMIT_PX and pixels.size:
        form, body = _WEBP, encode_picture(pixels)
    else:
        form, body = _DEFLATE, zlib.compress(_shuffle_bytes(pixels), 6)
    return _HEADER.pack(_MAGIC, form, kind, height, width, channels) + body


def unpack_pixels(data: bytes) -> Pixels:
    """Return the pixels that ``pack_pixels`` packed.

    Raises:
        ImageError: The bytes are something else.
    """
    try:
        magic, form, kind, height, width, channels = _HEADER.unpack_from(data)
        if magic != _MAGIC or form not in (_WEBP, _DEFLATE):
            raise ValueError("no packed pixels")
        body, dtype = data[_HEADER.size :], np.dtype(_TYPES[kind])
        if form == _WEBP:
            return np.ascontiguousarray(decode_picture(body)[:, :, :channels]).reshape(height, width, channels)
        planes = np.frombuffer(zlib.decompress(body), np.uint8).reshape(dtype.itemsize, -1)
        values: Pixels = np.ascontiguousarray(planes.T).view(dtype)
        return values.reshape(height, width, channels)
    except (struct.error, zlib.error, ValueError, IndexError) as reason:
        raise ImageError(f"{len(data)} bytes of the cache are no packed pixels ({reason}); analyse again") from reason


def _shuffle_bytes(pixels: Pixels) -> bytes:
    """Return the first byte of every number, then the second of every number and so on: like bytes pack better."""
    values = np.ascontiguousarray(pixels).reshape(-1, 1).view(np.uint8)
    return np.ascontiguousarray(values.T).tobytes()
