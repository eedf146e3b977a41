"""Packs many small pictures into few WebP files, and says where each of them lies.

Pictures of at most 48 px a side (Fashion-MNIST, CIFAR, the crops of early layers) are packed without loss, since every
pixel is looked at, each with a rim of its own edge; larger ones go to other files, with loss, in cells of whole 16 px
blocks so that no block of the codec holds two pictures. The same pictures give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from mkdocs_lurk.images.webp import encode_webp

Pixels = npt.NDArray[np.uint8]
"""A picture: (h, w, 3), uint8."""

PIXEL_ART_PX = 48
_BLOCK_PX = 16
_WIDEST_PX = 4096
_MID_GREY = 128
_METHOD = 2  # the encoder's effort: 4 takes twice the time for one byte in a hundred


@dataclass(frozen=True)
class Spot:
    """Where a picture lies: an address relative to the model's folder, and a rectangle in that file, in pixels."""

    src: str
    x: int
    y: int
    width: int
    height: int

    def part(self, top: int, left: int, height: int, width: int) -> Spot:
        """A part of the picture, as a picture."""
        return Spot(self.src, self.x + left, self.y + top, width, height)

    @property
    def rect(self) -> list[int]:
        """The rectangle as ``[x, y, width, height]``."""
        return [self.x, self.y, self.width, self.height]


def thumbnail(pixels: Pixels, side_px: int) -> Pixels:
    """Shrink a picture so that its longer side is ``side_px``; a smaller one stays as it is."""
    height, width = pixels.shape[:2]
    scale = side_px / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def is_sharp(width: int, height: int) -> bool:
    """Whether a picture has so few pixels that each should be seen as it is."""
    return max(width, height) <= PIXEL_ART_PX


def pack(sizes: Sequence[tuple[int, int]], step_px: int = 1) -> tuple[list[tuple[int, int]], tuple[int, int]]:
    """Place rectangles on shelves, the higher ones first.

    Args:
        sizes: Width and height of each, in pixels.
        step_px: Corners lie on multiples of this.

    Returns:
        The left and upper corner of each, in the order given, and the width and height of the whole.
    """
    cells = [(_up(width, step_px), _up(height, step_px)) for width, height in sizes]
    area = sum(width * height for width, height in cells)
    widest = max((width for width, _ in cells), default=step_px)
    limit = max(widest, min(_WIDEST_PX, _up(math.isqrt(area), step_px)))
    corners: list[tuple[int, int]] = [(0, 0)] * len(cells)
    x = y = shelf = right = 0
    for place in sorted(range(len(cells)), key=lambda place: (-cells[place][1], place)):
        width, height = cells[place]
        if x + width > limit:
            x, y, shelf = 0, y + shelf, 0
        corners[place] = (x, y)
        x, shelf = x + width, max(shelf, height)
        right = max(right, x)
    return corners, (max(right, 1), max(y + shelf, 1))


def write_sheet(path: Path, src: str, pictures: Sequence[Pixels], quality: int) -> tuple[list[Spot], tuple[int, int]]:
    """Pack pictures into one WebP file.

    Args:
        path: The file to write.
        src: Its address, for the spots.
        pictures: What to pack; empty pictures are not allowed.
        quality: Of the lossy encoder, 0 to 100; not used where all pictures are small.

    Returns:
        Where each picture lies, in the order given, and the file's width and height.
    """
    sharp = all(is_sharp(picture.shape[1], picture.shape[0]) for picture in pictures)
    rim, step = (1, 1) if sharp else (0, _BLOCK_PX)  # a rim keeps neighbours out of enlarged pictures
    sizes = [(picture.shape[1] + 2 * rim, picture.shape[0] + 2 * rim) for picture in pictures]
    corners, (width, height) = pack(sizes, step)
    sheet = np.full((height, width, 3), _MID_GREY, np.uint8)
    spots = []
    for picture, (x, y) in zip(pictures, corners, strict=True):
        h, w = picture.shape[:2]
        below, right = _up(h + 2 * rim, step) - h - rim, _up(w + 2 * rim, step) - w - rim
        cell = np.pad(picture, ((rim, below), (rim, right), (0, 0)), mode="edge")
        sheet[y : y + cell.shape[0], x : x + cell.shape[1]] = cell
        spots.append(Spot(src, x + rim, y + rim, w, h))
    path.write_bytes(encode_webp(sheet, quality=quality, lossless=sharp, method=_METHOD))
    return spots, (width, height)


def _up(length: int, step: int) -> int:
    return -(-length // step) * step
