"""Read one picture, from a file (upright) or from a dataset's item (as the dataset gives it), on the right scale.

Every picture file is opened here: a regular file, in one of the formats that photos have, and no larger than the
model's ``max_pixels``, which is compared with the header before anything is decoded.

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
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from mkdocs_lurk.declared_files import is_regular, is_there
from mkdocs_lurk.errors import ImageError, name_error
from mkdocs_lurk.images.arrays import check_size, check_type, read_array
from mkdocs_lurk.images.decoding_cost import refuse_large_file, refuse_many_scans, refuse_many_strips
from mkdocs_lurk.images.values import Pixels, ValueScale, to_pixels, values_of_8_bits
from mkdocs_lurk.limits import MAX_PIXELS

if TYPE_CHECKING:
    from torch import Tensor

Picture = Image.Image | Pixels

FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
"""The formats that photos have, of which no decoder runs another program; Pillow's others are not asked.

Of EPS, for example, Pillow would run Ghostscript, and whatever the file's name says: a format is told by contents.
"""
_opening = Lock()


@cache
def _suffixes() -> frozenset[str]:
    formats = Image.registered_extensions()
    return frozenset(suffix for suffix, name in formats.items() if name in FORMATS and name in Image.OPEN)


def is_picture(path: Path) -> bool:
    """Return whether a file's suffix is a picture's: one of ``FORMATS``, or ``.npy``."""
    return path.suffix.lower() in _suffixes() or path.suffix.lower() == ".npy"


def read_picture(path: Path, name: str, scale: ValueScale | None = None, max_pixels: int = MAX_PIXELS) -> Picture:
    """Read the first frame of a picture file, turned as its EXIF orientation says.

    Args:
        path: The file.
        name: What messages call it.
        scale: What its values mean; None for the usual ranges.
        max_pixels: The most pixels that it may have.

    Raises:
        ImageError: The file is damaged or too large; the message begins with ``name``.
    """
    with _as_image_error(name):
        _refuse_irregular(path, name)
        if path.suffix.lower() == ".npy":
            return to_pixels(read_array(path, name, max_pixels), name, scale)
        with _open_picture(path, name, max_pixels) as file:
            file.load()
            return _read_pil(ImageOps.exif_transpose(file), name, scale)


def _open_picture(file: Path | BytesIO, name: str, max_pixels: int) -> Image.Image:
    """Open a picture of the known formats by its header, without Pillow's own limit, which is the whole process's."""
    refuse_large_file(file, name, max_pixels)
    refuse_many_strips(file, name)
    with _opening:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            picture = Image.open(file, formats=[known for known in FORMATS if known in Image.OPEN])
        finally:
            Image.MAX_IMAGE_PIXELS = limit
    try:
        _refuse_costly(picture, name, max_pixels)
    except BaseException:
        picture.close()
        raise
    return picture


def _refuse_costly(picture: Image.Image, name: str, max_pixels: int) -> None:
    """Refuse a picture without pixels, or whose decoding would take too much memory or time."""
    width, height = picture.size
    if width * height == 0:
        raise ImageError(f"has {width} x {height} pixels; replace or remove it", of=name)
    if width * height > max_pixels:
        raise ImageError(
            f"has {width:,} x {height:,} pixels where max_pixels is {max_pixels:,}; make it smaller, or raise "
            "the model's 'max_pixels'",
            of=name,
        )
    refuse_many_scans(picture, name, max_pixels)


def looks_like_picture(value: object) -> bool:
    """Return whether a value has the form of a picture: one of PIL, pixels, or an encoded file in a mapping."""
    if isinstance(value, Mapping):  # a picture of Hugging Face that is not decoded
        return set(value) == {"bytes", "path"}
    return isinstance(value, Image.Image) or getattr(value, "ndim", 0) in (2, 3)


def as_picture(item: object, name: str, scale: ValueScale | None = None, max_pixels: int = MAX_PIXELS) -> Picture:
    """Convert a dataset's item: a PIL picture, an array ``(h, w)`` or ``(h, w, c)``, or a tensor ``(c, h, w)``.

    Of Hugging Face also ``{"bytes": ..., "path": ...}``, a picture that is not decoded: it is turned as its EXIF
    orientation says, as that library decodes it. A PIL picture is the author's, and is not turned.

    Args:
        item: What the dataset gave.
        name: What messages call it.
        scale: What its values mean; None for the usual ranges.
        max_pixels: The most pixels that it may have.

    Returns:
        A copy: the dataset may use its own again.

    Raises:
        ImageError: It is none of these, is too large, or its values are out of range; the message begins with
            ``name``.
    """
    with _as_image_error(name, "damaged" if isinstance(item, (Image.Image, Mapping)) else ""):
        if isinstance(item, Mapping) and looks_like_picture(item):
            with _open_undecoded(item, name, max_pixels) as file:
                file.load()
                return _read_pil(ImageOps.exif_transpose(file), name, scale)  # as the Hub's library decodes it
        if isinstance(item, Image.Image):
            _refuse_costly(item, name, max_pixels)
            return _read_pil(item.copy(), name, scale)
        check_size(getattr(item, "nbytes", 0), name, max_pixels)
        if isinstance(item, np.ndarray):
            check_type(item.dtype, name)  # of a type without bytes, the size says nothing
            return to_pixels(item.copy(), name, scale)
        if hasattr(item, "detach") and hasattr(item, "numpy"):  # a tensor, without importing torch
            values = _tensor_values(cast("Tensor", item))
            return to_pixels(np.moveaxis(values, 0, -1) if values.ndim == 3 else values, name, scale)
    raise ImageError(f"is a {type(item).__name__}; a dataset must yield a PIL picture, an array or a tensor", of=name)


def _tensor_values(tensor: Tensor) -> NDArray[Any]:
    """Return a copy of a tensor's values; of number formats that NumPy does not have (bfloat16), in float32."""
    tensor = tensor.detach().cpu()
    if tensor.is_floating_point() and tensor.dtype.itemsize < 4:
        tensor = tensor.float()
    values: NDArray[Any] = tensor.numpy().copy()
    return values


def _refuse_irregular(path: Path, name: str) -> None:
    """Refuse a folder, a device or a pipe, which may never end; a file that is missing is left to who opens it."""
    if is_there(path) and not is_regular(path):
        raise ImageError("is no regular file; replace or remove it", of=name)


def _open_undecoded(item: Mapping[str, object], name: str, max_pixels: int) -> Image.Image:
    """Open a picture of Hugging Face that is not decoded."""
    if isinstance(item["bytes"], bytes):
        return _open_picture(BytesIO(item["bytes"]), name, max_pixels)
    path = Path(str(item["path"]))
    _refuse_irregular(path, name)
    return _open_picture(path, name, max_pixels)


@contextmanager
def _as_image_error(name: str, otherwise: str = "damaged") -> Iterator[None]:
    """Turn every exception of a decoder into an ``ImageError`` that begins with a picture's name.

    Numbers that overflow are no warning of NumPy's, which would name a file of a library: they are checked for.
    """
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            yield
    except ImageError:
        raise
    except MemoryError as reason:
        raise ImageError("does not fit into memory; make it smaller", of=name) from reason
    except Exception as reason:  # a damaged file can make Pillow's decoders raise any kind
        raise ImageError(f"cannot be read ({name_error(reason, otherwise)}); replace or remove it", of=name) from reason


def _read_pil(picture: Image.Image, name: str, scale: ValueScale | None) -> Picture:
    """Return an upright picture as it is if it has 8 bits per channel and a usual range, else as an array."""
    if picture.mode[0] in "IF":  # more than 8 bits
        values = np.asarray(picture)
        if values.dtype.kind == "i" and values.dtype.itemsize == 4 and values.min() >= 0 and values.max() <= 0xFFFF:
            values = values.astype(np.uint16)  # Pillow's mode I holds the 16 bits of a file in 32
        return to_pixels(values, name, scale)
    return picture if scale is None else to_pixels(values_of_8_bits(picture, scale, name), name, scale)
