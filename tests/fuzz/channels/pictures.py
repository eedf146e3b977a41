"""Pictures: damaged and mislabelled files, hostile headers, arrays, and files that are no files."""

from __future__ import annotations

import io
import os
import pickle
import socket
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from tests.fuzz.channels.names import check_pages
from tests.fuzz.sites import TINY, Sites, declare
from tests.fuzz.texts import MARK, Trap, hostile_text, spoiled
from tests.fuzz.watch import Watch

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "PPM", "JPEG2000")
_MODES = ("RGB", "L", "1", "P", "RGBA", "LA", "CMYK", "I;16", "F", "I", "YCbCr", "LAB", "HSV")
_SUFFIXES = (".png", ".jpg", ".webp", ".gif", ".tif", ".bmp", ".ppm", ".npy", ".jp2")
_POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\n(escaped) (w) file closefile\nshowpage\n"


def attack(random: Random, root: Path, sites: Sites) -> Watch:
    site = sites.tiny(root)
    for number in range(random.choice((1, 1, 2))):
        path = root / "pictures" / "class-0" / f"hostile-{number}{random.choice(_SUFFIXES)}"
        if random.random() < 0.1:
            irregular(random, path)
        else:
            data = picture(random)
            if data[:6] == b"\x93NUMPY" or data[:1] == b"\x80":  # arrays, and pickles, which numpy may read as such
                path = path.with_suffix(".npy")
            path.write_bytes(data)
    if random.random() < 0.3:
        declare(root, {**TINY, "max_pixels": random.choice((1, 300, 10_000, 2**31 - 1))})
    outcome = site.run(site.build)
    if outcome == "accepted":
        check_pages(root / "site")
    return site.watch


def picture(random: Random) -> bytes:
    """Return the bytes of a picture file."""
    make = random.choice((_damaged, _damaged, _damaged, _whole, _png, _array, _array, _pickle, _of_header, _other))
    return make(random)


def _whole(random: Random) -> bytes:
    while True:
        mode, kind = random.choice(_MODES), random.choice(_FORMATS)
        size = (random.choice((1, 2, 16, 16, 16, 300)), random.choice((1, 2, 16, 16, 16, 300)))
        buffer = io.BytesIO()
        exif = Image.Exif()
        exif[0x0112] = random.randrange(0, 12)  # orientation
        exif[0x010E] = hostile_text(random).encode("ascii", "ignore").decode()[:60]
        try:
            Image.new(mode, size, random.choice((0, 1))).save(buffer, kind, exif=exif)
        except (OSError, KeyError, ValueError, TypeError, SystemError):
            continue  # no such mode in this format
        return buffer.getvalue()


def _damaged(random: Random) -> bytes:
    return spoiled(_whole(random), random)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(random: Random) -> bytes:
    """Return a PNG file whose header promises another size, or with chunks that grow."""
    side = random.choice((0, 1, 16, 13_000, 65_535, 2**31 - 1, 2**32 - 1))
    header = struct.pack(
        ">IIBBBBB",
        side,
        random.choice((side, 1, 16)),
        random.choice((1, 8, 16, 3)),
        random.choice((0, 2, 3, 6)),
        0,
        0,
        0,
    )
    bomb = zlib.compress(bytes(random.choice((10, 1 << 24))), 9)
    extra = random.choice(
        (
            b"",
            _chunk(b"zTXt", b"k\0\0" + bomb),
            _chunk(b"iCCP", b"k\0\0" + bomb),
            _chunk(b"tEXt", b"a\0\x1b[2J"),
            _chunk(b"PLTE", b"x"),
        )
    )
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + extra + _chunk(b"IDAT", bomb) + _chunk(b"IEND", b"")


def _of_header(random: Random) -> bytes:
    """Return the header of a large picture, and little else."""
    side = random.choice((1, 13_000, 60_000))
    return random.choice(
        (
            f"P6 {side} {side} 255\n".encode() + bytes(100),
            f"P6 {side} {'9' * 400} 255\n".encode(),
            b"GIF89a" + struct.pack("<HH", side, side) + b"\x00\x00\x00;",
            b"BM" + struct.pack("<IHHIIiiHHIIiiII", 0, 0, 0, 54, 40, side, -side, 1, 24, 0, 0, 0, 0, 0, 0),
            b"RIFF" + struct.pack("<I", 20) + b"WEBPVP8X" + struct.pack("<I", 10) + b"\x00" * 4 + b"\xff" * 6,
            b"II*\0"
            + struct.pack("<I", 8)
            + struct.pack("<H", 1)
            + struct.pack("<HHII", 256, 4, 1, side)
            + struct.pack("<I", 8),
        )
    )


def _array(random: Random) -> bytes:
    """Return a file of ``numpy.save``, or what only looks like one."""
    side = random.choice((1, 16, 16))
    shape: tuple[int, ...] = random.choice(
        ((side, side, 3), (side, side), (side,), (), (side, side, 3, 1), (0, 0, 3), (3, side, side))
    )
    kind = random.choice(("u1", "f4", "f8", "i8", "c8", "?", "U3", "S2", "f2", "u2", "M8[s]", "O"))
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': ({10 ** random.choice((1, 5, 12))}, 3), }}"
    header = random.choice(
        (header, header, "__import__('os').system('touch x')", "[" * 5000, "{'descr': ['|O', ('a', '<f8')]}", "")
    )
    text = header.encode() + b"\n"
    if random.random() < 0.4:
        return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(64)
    buffer = io.BytesIO()
    values = np.zeros(shape, dtype=kind)
    if kind.startswith("f"):
        values = values + np.asarray(random.choice((0.5, 1e30, float("nan"), float("inf"), -3)), dtype=kind)
    np.save(buffer, values, allow_pickle=True)
    data = buffer.getvalue()
    return spoiled(data, random) if random.random() < 0.3 else data


def _pickle(random: Random) -> bytes:
    """Return a pickle that runs code, bare or as the values of an array."""
    trap = Trap(os.system, "touch escaped")
    if random.random() < 0.5:
        return pickle.dumps(trap)
    buffer = io.BytesIO()
    np.save(buffer, np.array([trap], dtype="O"), allow_pickle=True)
    return buffer.getvalue()


def _other(random: Random) -> bytes:
    """Return something that is no picture, under a picture's name."""
    return random.choice(
        (
            b"", _POSTSCRIPT, b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 32,
            len(_POSTSCRIPT)) + bytes(20) + _POSTSCRIPT,
            f"<svg xmlns='http://www.w3.org/2000/svg' onload='{MARK}'/>".encode(), b"%PDF-1.7\n",
            b"\x1f\x8b" + bytes(40),
            b"PK\x03\x04" + bytes(40), hostile_text(random).encode("utf-8", "surrogatepass"), random.randbytes(2000),
            b"#!/bin/sh\ntouch escaped\n", b"SIMPLE  =                    T" + b" " * 3000,
            b"\x00\x00\x00\x1cftypheic" + bytes(60),
        )
    )  # fmt: skip


def irregular(random: Random, path: Path) -> None:
    """Put something that is no regular file in a picture's place."""
    makers: tuple[Callable[[], object], ...] = (
        lambda: os.mkfifo(path),
        lambda: path.symlink_to("/dev/zero"),
        lambda: path.symlink_to(path.name),
        lambda: path.symlink_to("missing.png"),
        lambda: path.mkdir(),
        lambda: (path.mkdir(), (path / "loop").symlink_to("..")),
        lambda: _bind(path),
    )
    random.choice(makers)()


def _bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        short = os.path.relpath(path)
        if len(short) < 100:
            server.bind(short)
