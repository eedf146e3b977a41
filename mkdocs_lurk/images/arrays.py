"""Check arrays that come from outside by their type and shape, before any of their values is read."""

from __future__ import annotations

import math
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.declared_files import first_bytes
from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.limits import BYTES_PER_PIXEL, MOST_ARRAY_HEADER

Values = NDArray[np.bool_ | np.integer | np.floating]
"""Real numbers whose meaning is not known yet, of a picture ``(h, w)`` or ``(h, w, c)``."""


def read_array(path: Path, name: str, max_pixels: int) -> Values:
    """Read a file of ``.npy`` whose header says that it is a picture of a size that is allowed.

    Args:
        path: The file; a regular one.
        name: What messages call it.
        max_pixels: The most pixels that it may have.

    Raises:
        ImageError: The header says something else.
        OSError: The file cannot be read.
        ValueError: The header is damaged or too long.
    """
    header = BytesIO(first_bytes(path, MOST_ARRAY_HEADER))
    version = np.lib.format.read_magic(header)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read_header(header)
    check_type(dtype, name)
    check_shape(shape, name)
    check_size(math.prod(shape) * dtype.itemsize, name, max_pixels)
    return np.array(np.load(path, mmap_mode="r", allow_pickle=False))


def check_type(dtype: np.dtype[np.generic], name: str) -> None:
    """Refuse values that are no real numbers: texts, dates, records, objects, complex ones and those without bytes."""
    if dtype.kind not in "buif" or dtype.itemsize == 0:
        raise ImageError(f"has values of the type {dtype}; give whole or real numbers, or true and false", of=name)


def check_shape(shape: tuple[int, ...], name: str) -> None:
    """Refuse a shape that no picture has."""
    if len(shape) not in (2, 3) or min(shape) < 1:
        raise ImageError(f"has the shape {shape}; give (h, w) or (h, w, c)", of=name)


def check_size(size: int, name: str, max_pixels: int) -> None:
    """Refuse an array of more bytes than a picture of ``max_pixels`` with four channels has."""
    if size > max_pixels * BYTES_PER_PIXEL:
        raise ImageError(
            f"has {size:,} bytes where max_pixels allows {max_pixels * BYTES_PER_PIXEL:,} "
            f"({BYTES_PER_PIXEL} a pixel); make it smaller, or raise the model's 'max_pixels'",
            of=name,
        )
