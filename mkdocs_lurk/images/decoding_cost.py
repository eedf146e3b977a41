"""Refuse files whose decoding takes much longer than their pixels do, before anything of them is decoded.

Of most formats, decoding takes a time that grows with the pixels, which ``max_pixels`` bounds. A progressive JPEG
goes through all its pixels once for every scan, and a scan may have no more than ten bytes. Decoders of WebP, AVIF and
JPEG 2000 read a file whole when they open it, also one that is large and empty.
"""

from __future__ import annotations

import re
import struct
from io import BytesIO
from pathlib import Path
from typing import IO

from PIL import Image

from mkdocs_lurk.declared_files import first_bytes
from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.limits import BYTES_PER_PIXEL, MAX_PIXELS, MOST_SCANS, MOST_STRIPS

_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""Of JPEG (ITU-T T.81, B.1.1): what is no stuffed zero, no restart between blocks and no filling byte."""
_TIFF = (b"II", b"MM")
_TIFF_PARTS = frozenset({273, 279, 324, 325})
"""Tags of TIFF 6.0 that hold one number for each strip or tile: offsets and sizes."""
_MOST_ENTRIES = 4096
"""Entries of a directory that are read: TIFF has a few dozen tags."""
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN, _TEMPORARY = 0xD8, 0xD9, 0xDA, 0x01


def most_bytes(max_pixels: int) -> int:
    """Return how many bytes of a file may be read at once: as many as a large picture has without compression."""
    return max(max_pixels, MAX_PIXELS) * BYTES_PER_PIXEL


def refuse_large_file(file: Path | BytesIO, name: str, max_pixels: int) -> None:
    """Refuse a file that a decoder would read whole; of TIFF, whose files hold many pages, it reads parts.

    Args:
        file: A regular file, or the contents of one.
        name: What messages call it.
        max_pixels: The most pixels that a picture may have.

    Raises:
        ImageError: It is too large.
        OSError: It cannot be read.
    """
    size = file.stat().st_size if isinstance(file, Path) else file.getbuffer().nbytes
    most = most_bytes(max_pixels)
    if size <= most:
        return
    start = first_bytes(file, 4) if isinstance(file, Path) else bytes(file.getbuffer()[:4])
    if not start.startswith(_TIFF):
        raise ImageError(
            f"has {size:,} bytes where {most:,} of a picture are read; make it smaller, or raise max_pixels", of=name
        )


def refuse_many_strips(file: Path | BytesIO, name: str) -> None:
    """Refuse a TIFF of more strips or tiles than ``MOST_STRIPS``, by the directory of its first page.

    Args:
        file: A regular file, or the contents of one.
        name: What messages call it.

    Raises:
        ImageError: It has more.
        OSError: It cannot be read.
    """
    with file.open("rb") if isinstance(file, Path) else BytesIO(file.getbuffer()) as data:
        head = data.read(16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None or len(head) < 16:
            return
        is_big = head[2:4] in (b"\x2b\x00", b"\x00\x2b")  # BigTIFF, whose numbers have 8 bytes
        (start,) = struct.unpack_from(f"{order}{'Q' if is_big else 'I'}", head, 8 if is_big else 4)
        data.seek(start)
        number, entry = ("Q", struct.Struct(f"{order}HHQ8x")) if is_big else ("H", struct.Struct(f"{order}HHI4x"))
        prefix = data.read(struct.calcsize(number))
        if len(prefix) < struct.calcsize(number):
            return
        (n_entries,) = struct.unpack(f"{order}{number}", prefix)
        entries = data.read(min(n_entries, _MOST_ENTRIES) * entry.size)
    for tag, _kind, count in entry.iter_unpack(entries[: len(entries) // entry.size * entry.size]):
        if tag in _TIFF_PARTS and count > MOST_STRIPS:
            raise ImageError(
                f"is a TIFF of {count:,} strips or tiles, where {MOST_STRIPS:,} are read; save it with larger ones",
                of=name,
            )


def refuse_many_scans(picture: Image.Image, name: str, max_pixels: int) -> None:
    """Refuse a JPEG of more scans than ``MOST_SCANS`` of a picture of ``max_pixels``.

    Args:
        picture: A picture of any format, which is not decoded; its file is left where it stood.
        name: What messages call it.
        max_pixels: The most pixels that a picture may have.

    Raises:
        ImageError: It has more.
    """
    file: IO[bytes] | None = getattr(picture, "fp", None)
    if picture.format not in ("JPEG", "MPO") or file is None:
        return
    position = file.tell()
    file.seek(0)
    data = file.read(most_bytes(max_pixels))
    file.seek(position)
    most = MOST_SCANS * max_pixels // max(1, picture.width * picture.height)
    if data.count(bytes([0xFF, _START_OF_SCAN])) > most and (scans := count_scans(data)) > most:
        raise ImageError(
            f"is a JPEG of {scans:,} scans, where {most:,} are read at its size; save it again, as most "
            "programs write 1 to 10",
            of=name,
        )


def count_scans(data: bytes) -> int:
    """Count the scans of a JPEG up to its end; pictures inside its metadata and behind its end are not counted."""
    scans = position = 0
    while marker := _MARKER.search(data, position):
        code, position = data[marker.end() - 1], marker.end()
        if code == _END_OF_IMAGE:
            break
        if code in (_START_OF_IMAGE, _TEMPORARY):
            continue
        scans += code == _START_OF_SCAN
        position += int.from_bytes(data[position : position + 2], "big")
    return scans
