"""Read one picture, from a file or from a dataset's item, upright and on the right scale.

The result is a PIL picture of 8 bits (mode ``L``, ``RGB``, ``RGBA``, ``CMYK`` and the like) or an array ``(h, w, c)``:
uint8, or float32 in 0..1 where there is no 8-bit form (16-bit greyscale, for example).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mkdocs_lurk.errors import ImageError, describe_error

Pixels = NDArray[Any]
"""Pixels ``(h, w, c)``: uint8, or float32 in 0..1."""

Picture = Image.Image | Pixels

_UNREADABLE_FORMATS = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}  # Pillow lists them, but reads none by itself


@cache
def _suffixes() -> frozenset[str]:
    formats = Image.registered_extensions()
    return frozenset(
        suffix for suffix, name in formats.items() if name in Image.OPEN and name not in _UNREADABLE_FORMATS
    )


def is_picture(path: Path) -> bool:
    """Return whether a file's suffix is a picture's: every format that Pillow reads, and ``.npy``."""
    return path.suffix.lower() in _suffixes() or path.suffix.lower() == ".npy"


def read_picture(path: Path, name: str) -> Picture:
    """Read the first frame of a picture file, turned as its EXIF orientation says.

    Raises:
        ImageError: The file is damaged; the message begins with ``name``.
    """
    with _as_image_error(name):
        if path.suffix.lower() == ".npy":
            return _check_pixels(np.load(path, allow_pickle=False), name)
        with Image.open(path) as file:
            file.load()
            upright = ImageOps.exif_transpose(file)
            return _read_deep(upright, name) if _is_deep(upright) else upright.copy()


def looks_like_picture(value: object) -> bool:
    """Return whether a value has the form of a picture: one of PIL, pixels, or an encoded file in a mapping."""
    if isinstance(value, Mapping):  # a picture of Hugging Face that is not decoded
        return set(value) == {"bytes", "path"}
    return isinstance(value, Image.Image) or getattr(value, "ndim", 0) in (2, 3)


def as_picture(item: object, name: str) -> Picture:
    """Convert a dataset's item: a PIL picture, an array ``(h, w)`` or ``(h, w, c)``, or a tensor ``(c, h, w)``.

    Of Hugging Face also ``{"bytes": ..., "path": ...}``, a picture that is not decoded.

    Returns:
        A copy: the dataset may use its own again.

    Raises:
        ImageError: It is none of these, or its values are out of range; the message begins with ``name``.
    """
    with _as_image_error(name):
        if isinstance(item, Mapping) and looks_like_picture(item):
            item = Image.open(item["path"] if item["bytes"] is None else BytesIO(item["bytes"]))
        if isinstance(item, Image.Image):
            item.load()
            upright = ImageOps.exif_transpose(item)
            return _read_deep(upright, name) if _is_deep(upright) else upright
        if isinstance(item, np.ndarray):
            return _check_pixels(item.copy(), name)
        if hasattr(item, "detach") and hasattr(item, "numpy"):  # a tensor, without importing torch
            values = item.detach().cpu().numpy().copy()
            return _check_pixels(np.moveaxis(values, 0, -1) if values.ndim == 3 else values, name)
    raise ImageError(f"{name} is a {type(item).__name__}; a dataset must yield a PIL picture, an array or a tensor")


@contextmanager
def _as_image_error(name: str) -> Iterator[None]:
    """Turn every exception of a decoder into an ``ImageError`` that begins with a picture's name."""
    try:
        yield
    except ImageError:
        raise
    except Exception as reason:  # a damaged file can make Pillow's decoders raise any kind
        raise ImageError(f"{name} cannot be read ({describe_error(reason)}); replace or remove it") from reason


def _is_deep(picture: Image.Image) -> bool:
    """Return whether a picture has more than 8 bits per channel: one of Pillow's modes ``I`` and ``F``."""
    return picture.mode[0] in "IF"


def _read_deep(picture: Image.Image, name: str) -> Pixels:
    """Return a picture of more than 8 bits per channel as float32 in 0..1."""
    values = np.asarray(picture)
    if values.dtype.kind == "i" and values.dtype.itemsize == 4 and values.min() >= 0 and values.max() <= 0xFFFF:
        values = values.astype(np.uint16)  # Pillow's mode I holds the 16 bits of a file in 32
    return _check_pixels(values, name)


def _check_pixels(values: Pixels, name: str) -> Pixels:
    """Return an array as pixels ``(h, w, c)``, uint8 or float32 in 0..1.

    Raises:
        ImageError: The array's shape or its range of values is not a picture's.
    """
    if values.ndim == 2:
        values = values[:, :, None]
    if values.ndim != 3 or 0 in values.shape:
        raise ImageError(f"{name} has the shape {values.shape}; give (h, w) or (h, w, c)")
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    if values.dtype == np.bool_:
        return np.ascontiguousarray(values) * np.uint8(255)
    if values.dtype.kind == "u":
        return (values / np.iinfo(values.dtype).max).astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if values.dtype.kind == "i" and low >= 0 and high <= 255:
        return values.astype(np.uint8)
    if values.dtype.kind == "f" and low >= 0 and high <= 1:
        return _restore_uint8(values.astype(np.float32))
    raise ImageError(
        f"{name} has values from {low:g} to {high:g}; give 0..255 or 0..1, before any normalisation "
        "(the model's transform does that)"
    )


def _restore_uint8(values: NDArray[np.float32]) -> Pixels:
    """Return values in 0..1 as uint8 if they are exactly 8-bit values divided by 255."""
    rounded = np.rint(values * 255)
    return rounded.astype(np.uint8) if np.array_equal(rounded / np.float32(255), values) else values
