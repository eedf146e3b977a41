"""The photos of a model: each is stored once, and every crop is a region of one.

Up to 256 photos are published as they are in the store, without loss, one file per photo, so that anyone can compute
the scores again from them. More photos are packed into few sheets, with a little loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.pictures.sheets import (
    Pixels,
    SheetRegion,
    Size,
    is_pixel_art,
    scale_box,
    thumbnail,
    write_sheet,
)
from mkdocs_lurk.records.model_record import ImageRecord
from mkdocs_lurk.records.response_records import BoxList

PHOTO_QUALITY = 82
THUMBNAIL_PX = 96
_THUMBNAIL_QUALITY = 72
_MAX_SINGLE_PHOTOS = 256
_MIN_SINGLE_PX = 128
_MAX_SHEETS = 32
_SHEET_AREA_PX = 1 << 18
_THUMBNAILS_PER_SHEET = 256
_DECODED_CACHE_SIZE = 256


class Photos:
    """The photos of one model.

    Args:
        reader: Where their bytes come from.
        images: The record's ``images``; one without a ``picture`` could not be read, or is not to be shown.

    Attributes:
        regions: The region of each photo, at the size of the network's input, or smaller where it is shown as a
            thumbnail; None if there is no picture of it.
        thumbnails: The region of each photo's thumbnail of at most 96 px, which is the photo itself where it is no
            larger; None if there is no picture of it.
        sizes: The size of every file written.
        exact: Whether the photos are published exactly as the network received them.
    """

    def __init__(self, reader: DisclosedReader, images: Sequence[ImageRecord]) -> None:
        self._reader = reader
        self._frames: list[Size] = [(image["height"], image["width"]) for image in images]
        self._references = {place: image["picture"] for place, image in enumerate(images) if "picture" in image}
        self.regions: list[SheetRegion | None] = [None] * len(images)
        self.thumbnails: list[SheetRegion | None] = [None] * len(images)
        self.sizes: dict[str, Size] = {}
        self.exact = all(image.get("shown") != "thumbnails" for image in images)
        self._decode_cached = lru_cache(_DECODED_CACHE_SIZE)(self._decode)

    def write(self, folder: Path) -> None:
        """Write all photos and thumbnails into the model's folder."""
        any_large = any(max(reference["size"]) > THUMBNAIL_PX for reference in self._references.values())
        thumbnails = self._write_photos(folder, with_thumbnails=any_large)
        if any_large:
            self._write_thumbnails(folder, thumbnails)
        else:
            self.thumbnails = list(self.regions)

    def frame(self, image: int) -> Size:
        """Return height and width of the network's input, which the boxes on a photo are measured in."""
        return self._frames[image]

    def crop(self, image: int, box: BoxList) -> Pixels | None:
        """Return the part of a photo inside a box; None if that part is empty or there is no picture of the photo."""
        if image not in self._references:
            return None
        pixels = self._decode_cached(image)
        top, left, bottom, right = (max(0, edge) for edge in scale_box(box, self._frames[image], pixels.shape))
        part = pixels[top:bottom, left:right]
        return part if part.size else None

    def crop_region(self, image: int, box: BoxList) -> SheetRegion | None:
        """Return the region of the part of a photo inside a box; None if there is no picture of the photo."""
        region = self.regions[image]
        if region is None:
            return None
        top, left, bottom, right = scale_box(box, self._frames[image], (region.height, region.width))
        return region.crop(top, left, bottom - top, right - left)

    def _write_photos(self, folder: Path, *, with_thumbnails: bool) -> list[Pixels]:
        """Write all photos; returns the thumbnail of each, if wanted."""
        images = list(self._references)
        thumbnails: list[Pixels] = []
        per_sheet = _photos_per_sheet([reference["size"] for reference in self._references.values()])
        for sheet, start in enumerate(range(0, len(images), per_sheet)):
            group = images[start : start + per_sheet]
            pixels = [self._decode(image) for image in group]
            name = f"photos-{sheet}.webp"
            if per_sheet == 1:
                self._copy(folder, name, group[0])
            else:
                self._pack(folder, name, group, pixels, self.regions, PHOTO_QUALITY)
                self.exact &= all(is_pixel_art(photo.shape[1], photo.shape[0]) for photo in pixels)
            if with_thumbnails:
                thumbnails += [thumbnail(photo, THUMBNAIL_PX) for photo in pixels]
        return thumbnails

    def _write_thumbnails(self, folder: Path, thumbnails: Sequence[Pixels]) -> None:
        images = list(self._references)
        for sheet, start in enumerate(range(0, len(images), _THUMBNAILS_PER_SHEET)):
            run = slice(start, start + _THUMBNAILS_PER_SHEET)
            name = f"thumbs-{sheet}.webp"
            self._pack(folder, name, images[run], thumbnails[run], self.thumbnails, _THUMBNAIL_QUALITY)

    def _copy(self, folder: Path, name: str, image: int) -> None:
        """Publish a photo's file exactly as the store has it."""
        reference = self._references[image]
        width, height = reference["size"]
        (folder / name).write_bytes(self._reader.picture(reference))
        self.sizes[name] = (width, height)
        self.regions[image] = SheetRegion(name, 0, 0, width, height)

    def _pack(
        self,
        folder: Path,
        name: str,
        images: Sequence[int],
        pixels: Sequence[Pixels],
        regions: list[SheetRegion | None],
        quality: int,
    ) -> None:
        """Write pictures of some photos into one sheet, and note their regions in ``regions``."""
        packed, self.sizes[name] = write_sheet(folder / name, name, pixels, quality)
        for image, region in zip(images, packed, strict=True):
            regions[image] = region

    def _decode(self, image: int) -> Pixels:
        return decode_picture(self._reader.picture(self._references[image]))


def _photos_per_sheet(sizes: Sequence[Sequence[int]]) -> int:
    """Return how many photos go into one file.

    That is one while photos are few and large; else as many as fill a sheet, or more to need at most 32 sheets.
    """
    if not sizes:
        return 1
    width, height = (max(size[axis] for size in sizes) for axis in (0, 1))
    if len(sizes) <= _MAX_SINGLE_PHOTOS and min(width, height) >= _MIN_SINGLE_PX:
        return 1
    return max(-(-len(sizes) // _MAX_SHEETS), _SHEET_AREA_PX // (width * height), 1)
