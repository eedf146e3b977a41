"""Pack many small pictures into few WebP files, called sheets.

Pictures of at most 48 px a side (Fashion-MNIST, CIFAR, crops of early layers) are pixel art: pages enlarge them, so
a sheet of nothing else is packed without loss, each picture with its edge pixels repeated around it. So are sheets of
gradients, which a lossy codec would spoil. Any other sheet is packed
with loss, in cells of whole 16 px blocks, so that no block of the codec holds two pictures. The same pictures give the
same bytes.
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
from mkdocs_lurk.records.response_records import BoxList

Pixels = npt.NDArray[np.uint8]
"""A picture: ``(h, w, 3)``, uint8."""
Size = tuple[int, int]
"""Width and height, in pixels."""

PIXEL_ART_PX = 48
"""The longer side of the largest pixel art; the twin of ``PIXEL_ART_PX`` in ``assets/gallery/src/draw/picture.ts``."""
_BLOCK_PX = 16
_MAX_WIDTH_PX = 4096
_MID_GREY = 128
_LOSSLESS_EFFORT = 25  # 50 takes twice the time for three bytes in a hundred
_LOSSLESS_METHOD = 3
_METHOD = 2  # the encoder's effort: 4 takes twice the time for one byte in a hundred


@dataclass(frozen=True)
class SheetRegion:
    """A picture's rectangle in a sheet, in pixels; ``src`` is the sheet's address relative to the model's folder."""

    src: str
    x: int
    y: int
    width: int
    height: int

    def crop(self, top: int, left: int, height: int, width: int) -> SheetRegion:
        """Return the region of a part of the picture."""
        return SheetRegion(self.src, self.x + left, self.y + top, width, height)

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
    return resized(pixels, (max(1, round(width * scale)), max(1, round(height * scale))))


def resized(pixels: Pixels, size: Size) -> Pixels:
    """Return a picture at another size."""
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def scale_box(box: BoxList, frame: Sequence[int], size: Sequence[int]) -> BoxList:
    """Turn a box in pixels of a frame into one in whole pixels of a picture of that frame, which holds all of it.

    Args:
        box: The box.
        frame: Height and width that the box is measured in.
        size: Height and width of the picture.
    """
    starts = [edge * size[axis] // frame[axis] for axis, edge in enumerate(box[:2])]
    ends = [-(-edge * size[axis] // frame[axis]) for axis, edge in enumerate(box[2:])]
    return [*starts, *ends]


def is_pixel_art(width: int, height: int) -> bool:
    """Whether a picture has so few pixels that pages show each of them as a square."""
    return max(width, height) <= PIXEL_ART_PX


def pack_rectangles(sizes: Sequence[Size], step_px: int = 1) -> tuple[list[tuple[int, int]], Size]:
    """Place rectangles on shelves, the higher ones first.

    Args:
        sizes: Width and height of each rectangle.
        step_px: Corners lie on multiples of this.

    Returns:
        The left and upper corner of each rectangle, in the order given, and the size of the whole.
    """
    cells = [(_round_up(width, step_px), _round_up(height, step_px)) for width, height in sizes]
    area = sum(width * height for width, height in cells)
    widest = max((width for width, _ in cells), default=step_px)
    row_limit = max(widest, min(_MAX_WIDTH_PX, _round_up(math.isqrt(area), step_px)))
    corners: list[tuple[int, int]] = [(0, 0)] * len(cells)
    x = y = shelf_height = right = 0
    for index in sorted(range(len(cells)), key=lambda index: (-cells[index][1], index)):
        width, height = cells[index]
        if x + width > row_limit:
            x, y, shelf_height = 0, y + shelf_height, 0
        corners[index] = (x, y)
        x, shelf_height = x + width, max(shelf_height, height)
        right = max(right, x)
    return corners, (max(right, 1), max(y + shelf_height, 1))


def write_sheet(
    path: Path, src: str, pictures: Sequence[Pixels], quality: int | None
) -> tuple[list[SheetRegion], Size]:
    """Pack pictures into one WebP file.

    Args:
        path: The file to write.
        src: Its address, for the regions.
        pictures: What to pack; empty pictures are not allowed.
        quality: Of the lossy encoder, 0 to 100; not used if all pictures are pixel art. None packs without loss.

    Returns:
        The region of each picture, in the order given, and the size of the sheet.
    """
    lossless = quality is None or all(is_pixel_art(picture.shape[1], picture.shape[0]) for picture in pictures)
    rim, step = (1, 1) if lossless else (0, _BLOCK_PX)  # a rim keeps neighbours out of enlarged pictures
    sizes = [(picture.shape[1] + 2 * rim, picture.shape[0] + 2 * rim) for picture in pictures]
    corners, (width, height) = pack_rectangles(sizes, step)
    sheet = np.full((height, width, 3), _MID_GREY, np.uint8)
    regions = []
    for picture, (x, y) in zip(pictures, corners, strict=True):
        h, w = picture.shape[:2]
        below, right = _round_up(h + 2 * rim, step) - h - rim, _round_up(w + 2 * rim, step) - w - rim
        cell = np.pad(picture, ((rim, below), (rim, right), (0, 0)), mode="edge")
        sheet[y : y + cell.shape[0], x : x + cell.shape[1]] = cell
        regions.append(SheetRegion(src, x + rim, y + rim, w, h))
    if quality is None:
        data = encode_webp(sheet, quality=_LOSSLESS_EFFORT, lossless=True, method=_LOSSLESS_METHOD)
    else:
        data = encode_webp(sheet, quality=quality, lossless=lossless, method=_METHOD)
    path.write_bytes(data)
    return regions, (width, height)


def _round_up(length: int, step: int) -> int:
    return -(-length // step) * step
