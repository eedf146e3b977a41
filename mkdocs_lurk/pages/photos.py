"""A model's photos: each is stored once, and every crop is a view of one.

Up to 256 photos are published as they are in the store, without loss and a file each, so that anyone can compute the
scores again from them. More, and they are packed into few sheets with a little loss.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.pages.sheets import Pixels, Spot, is_sharp, thumbnail, write_sheet
from mkdocs_lurk.store import ModelReader

PHOTO_QUALITY = 82
THUMB_PX = 96
_THUMB_QUALITY = 72
_SINGLE_UP_TO = 256
_SINGLE_FROM_PX = 128
_SHEETS_AT_MOST = 32
_SHEET_PX = 1 << 18
_THUMBS_A_SHEET = 256
_KEPT_DECODED = 256


class Photos:
    """The photos of one model.

    Args:
        reader: Where their bytes come from.
        images: The record's ``images``; one without a ``picture`` keeps its place.

    Attributes:
        spots: Where each photo lies, at the size of the network's input; None where it could not be read.
        thumbs: The same for its thumbnail of at most 96 px; the photo itself where it is no larger.
        sizes: Width and height of every file written.
        exact: Whether the photos are published exactly as the network saw them.
    """

    def __init__(self, reader: ModelReader, images: list[dict[str, Any]]) -> None:
        self._reader = reader
        self._references: list[Any] = [image.get("picture") for image in images]
        self.spots: list[Spot | None] = [None] * len(images)
        self.thumbs: list[Spot | None] = [None] * len(images)
        self.sizes: dict[str, tuple[int, int]] = {}
        self.exact = True
        self._decoded = lru_cache(_KEPT_DECODED)(self._decode)

    def write(self, folder: Path) -> None:
        """Write all photos and thumbnails into the model's folder."""
        there = [i for i, reference in enumerate(self._references) if reference is not None]
        small: list[Pixels] | None = None
        if any(max(self._references[i]["size"]) > THUMB_PX for i in there):
            small = []
        run = _photos_a_sheet(len(there), [self._references[i]["size"] for i in there])
        for sheet, start in enumerate(range(0, len(there), run)):
            group = there[start : start + run]
            pixels = [self._decode(i) for i in group]
            name = f"photos-{sheet}.webp"
            if run == 1:
                self._copy(folder, name, group[0])
            else:
                self._put(folder, name, group, pixels, self.spots, PHOTO_QUALITY)
            if small is not None:
                small += [thumbnail(photo, THUMB_PX) for photo in pixels]
        if small is None:
            self.thumbs = list(self.spots)
            return
        for sheet, start in enumerate(range(0, len(there), _THUMBS_A_SHEET)):
            group = there[start : start + _THUMBS_A_SHEET]
            pixels = small[start : start + _THUMBS_A_SHEET]
            self._put(folder, f"thumbs-{sheet}.webp", group, pixels, self.thumbs, _THUMB_QUALITY)

    def crop(self, image: int, box: list[int]) -> Pixels | None:
        """The part of a photo inside ``[top, left, bottom, right]``; None where that is empty or the photo unread."""
        if self._references[image] is None:
            return None
        top, left, bottom, right = (max(0, edge) for edge in box)
        part = self._decoded(image)[top:bottom, left:right]
        return part if part.size else None

    def _copy(self, folder: Path, name: str, image: int) -> None:
        """Publish a photo's file as the store has it."""
        reference = self._references[image]
        width, height = reference["size"]
        (folder / name).write_bytes(self._reader.picture(reference))
        self.sizes[name] = (width, height)
        self.spots[image] = Spot(name, 0, 0, width, height)

    def _put(
        self, folder: Path, name: str, group: list[int], pixels: list[Pixels], spots: list[Spot | None], quality: int
    ) -> None:
        placed, self.sizes[name] = write_sheet(folder / name, name, pixels, quality)
        if spots is self.spots and not all(is_sharp(photo.shape[1], photo.shape[0]) for photo in pixels):
            self.exact = False
        for i, spot in zip(group, placed, strict=True):
            spots[i] = spot

    def _decode(self, image: int) -> Pixels:
        return decode_picture(self._reader.picture(self._references[image]))


def _photos_a_sheet(number: int, sizes: list[tuple[int, int]]) -> int:
    """One photo a file while they are few and large; else at least as many as fill a sheet, and at most 32 sheets."""
    if not number:
        return 1
    width, height = (max(size[axis] for size in sizes) for axis in (0, 1))
    if number <= _SINGLE_UP_TO and min(width, height) >= _SINGLE_FROM_PX:
        return 1
    return max(-(-number // _SHEETS_AT_MOST), _SHEET_PX // (width * height), 1)
