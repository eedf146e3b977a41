"""Read one picture, from a file or from a dataset's item, upright and on the right scale.

The result is a PIL picture of 8 bits (mode ``L``, ``RGB``, ``RGBA``, ``CMYK`` and the like) or an array ``(h, w, c)``:
uint8, or float32 in 0..1 where there is no 8-bit form (16-bit greyscale, for example). ``values`` says which values
are 0 and 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from mkdocs_lurk.errors import ImageError, name_error
from mkdocs_lurk.images.values import Pixels, ValueScale, to_pixels, values_of_8_bits

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


def read_picture(path: Path, name: str, scale: ValueScale | None = None) -> Picture:
    """Read the first frame of a picture file, turned as its EXIF orientation says.

    Args:
        path: The file.
        name: What messages call it.
        scale: What its values mean; None for the usual ranges.

    Raises:
        ImageError: The file is damaged; the message begins with ``name``.
    """
    with _as_image_error(name):
        if path.suffix.lower() == ".npy":
            return to_pixels(np.load(path, allow_pickle=False), name, scale)
        with Image.open(path) as file:
            file.load()
            return _read_pil(ImageOps.exif_transpose(file).copy(), name, scale)


def looks_like_picture(value: object) -> bool:
    """Return whether a value has the form of a picture: one of PIL, pixels, or an encoded file in a mapping."""
    if isinstance(value, Mapping):  # a picture of Hugging Face that is not decoded
        return set(value) == {"bytes", "path"}
    return isinstance(value, Image.Image) or getattr(value, "ndim", 0) in (2, 3)


def as_picture(item: object, name: str, scale: ValueScale | None = None) -> Picture:
    """Convert a dataset's item: a PIL picture, an array ``(h, w)`` or ``(h, w, c)``, or a tensor ``(c, h, w)``.

    Of Hugging Face also ``{"bytes": ..., "path": ...}``, a picture that is not decoded.

    Args:
        item: What the dataset gave.
        name: What messages call it.
        scale: What its values mean; None for the usual ranges.

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
            return _read_pil(ImageOps.exif_transpose(item), name, scale)
        if isinstance(item, np.ndarray):
            return to_pixels(item.copy(), name, scale)
        if hasattr(item, "detach") and hasattr(item, "numpy"):  # a tensor, without importing torch
            values = item.detach().cpu().numpy().copy()
            return to_pixels(np.moveaxis(values, 0, -1) if values.ndim == 3 else values, name, scale)
    raise ImageError(f"{name} is a {type(item).__name__}; a dataset must yield a PIL picture, an array or a tensor")


@contextmanager
def _as_image_error(name: str) -> Iterator[None]:
    """Turn every exception of a decoder into an ``ImageError`` that begins with a picture's name."""
    try:
        yield
    except ImageError:
        raise
    except Exception as reason:  # a damaged file can make Pillow's decoders raise any kind
        raise ImageError(f"{name} cannot be read ({name_error(reason, 'damaged')}); replace or remove it") from reason


def _read_pil(picture: Image.Image, name: str, scale: ValueScale | None) -> Picture:
    """Return an upright picture as it is if it has 8 bits per channel and a usual range, else as an array."""
    if picture.mode[0] in "IF":  # more than 8 bits
        values = np.asarray(picture)
        if values.dtype.kind == "i" and values.dtype.itemsize == 4 and values.min() >= 0 and values.max() <= 0xFFFF:
            values = values.astype(np.uint16)  # Pillow's mode I holds the 16 bits of a file in 32
        return to_pixels(values, name, scale)
    return picture if scale is None else to_pixels(values_of_8_bits(picture, scale, name), name, scale)
