"""Read one picture, from a file or from what a dataset yields, upright and with its values right.

What comes out is a PIL picture of mode ``L``, ``RGB``, ``RGBA``, ``CMYK`` or the like in 8 bits, or an array
``(h, w, c)``: uint8, or float32 in 0..1 where there is no 8-bit form (16-bit greyscale, say).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mkdocs_lurk.errors import ImageError

Picture = Image.Image | NDArray[Any]

_NOT_READ = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}  # Pillow knows them but cannot, or only elsewhere, read them


@cache
def _suffixes() -> frozenset[str]:
    known = Image.registered_extensions()
    return frozenset(suffix for suffix, form in known.items() if form in Image.OPEN and form not in _NOT_READ)


def is_picture(path: Path) -> bool:
    """Say by its suffix whether a file is a picture: all that Pillow reads, and ``.npy``."""
    return path.suffix.lower() in _suffixes() or path.suffix.lower() == ".npy"


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except ImageError:
        raise
    except Exception as reason:  # Pillow's decoders raise whatever a damaged file makes them stumble over
        said = " ".join(str(reason).split())[:120]
        raise ImageError(f"{name} cannot be read ({type(reason).__name__}: {said}); replace or remove it") from reason


def read_picture(path: Path, name: str) -> Picture:
    """Read a file, turn it as its EXIF orientation says, and keep the first frame.

    Raises:
        ImageError: The file is damaged; the message begins with ``name``.
    """
    with _translated(name):
        if path.suffix.lower() == ".npy":
            return _array(np.load(path, allow_pickle=False), name)
        with Image.open(path) as file:
            file.load()
            upright = ImageOps.exif_transpose(file)
            return _deep(upright, name) if upright.mode[0] in "IF" else upright.copy()


def as_picture(item: Any, name: str) -> Picture:
    """Take what a dataset yields: a PIL picture, an array ``(h, w)`` or ``(h, w, c)``, or a tensor ``(c, h, w)``.

    Raises:
        ImageError: It is none of these, or its values are no picture's.
    """
    with _translated(name):
        if isinstance(item, Image.Image):
            item.load()
            upright = ImageOps.exif_transpose(item)
            return _deep(upright, name) if upright.mode[0] in "IF" else upright
        if isinstance(item, np.ndarray):
            return _array(item, name)
        if hasattr(item, "detach") and hasattr(item, "numpy"):
            values = item.detach().cpu().numpy()
            return _array(np.moveaxis(values, 0, -1) if values.ndim == 3 else values, name)
    raise ImageError(f"{name} is a {type(item).__name__}; a dataset must yield a PIL picture, an array or a tensor")


def _deep(picture: Image.Image, name: str) -> NDArray[Any]:
    """Scale a picture of more than 8 bits to 0..1."""
    values = np.asarray(picture)
    if values.dtype.kind == "i" and values.dtype.itemsize == 4 and values.min() >= 0 and values.max() <= 0xFFFF:
        values = values.astype(np.uint16)  # Pillow's mode I holds what were 16 bits in the file
    return _array(values, name)


def _array(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Bring an array to ``(h, w, c)``, uint8 or float32 in 0..1."""
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
        return _eight_bit(values.astype(np.float32))
    raise ImageError(
        f"{name} has values from {low:g} to {high:g}; give 0..255 or 0..1, before any normalisation "
        "(the model's transform does that)"
    )


def _eight_bit(values: NDArray[np.float32]) -> NDArray[Any]:
    """Give 0..1 back its 8 bits where they are exactly what it was made from."""
    rounded = np.rint(values * 255)
    return rounded.astype(np.uint8) if np.array_equal(rounded / np.float32(255), values) else values
