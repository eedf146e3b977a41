"""The pictures of one layer: thumbnails for its tiles, and sheets of gradients and syntheses for its opened filters."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.pages.model_records import is_computed, picture_references
from mkdocs_lurk.pages.pictures.photos import THUMBNAIL_PX, Photos
from mkdocs_lurk.pages.pictures.sheets import (
    Pixels,
    SheetRegion,
    Size,
    is_pixel_art,
    thumbnail,
    write_sheet,
)
from mkdocs_lurk.pages.pictures.strips import Strip, choose_strip
from mkdocs_lurk.records import FilterRecord, PictureReference
from mkdocs_lurk.store import ModelReader

PictureKey = tuple[str, str]
"""Unit and blob of a stored picture."""

SYNTHESIS_PX, MEAN_GRADIENT_PX = 160, 112
"""The longer side, at most, of pictures that are published smaller than they are stored: they are most of a site."""
_TILE_QUALITY = 72
_SHEET_QUALITY = 60
_TILES_PER_SHEET = 256
_SHEET_AREA_PX = 20_000_000
_PIXEL_ART_SHEET_AREA_PX = 4_000_000


@dataclass
class LayerPictures:
    """Where the pictures of a layer lie, relative to the model's folder.

    Attributes:
        regions: The region of every picture that the record refers to.
        crops: The thumbnail of each filter's best crop, in the record's order; None if there is none.
        syntheses: The thumbnail of each filter's synthesis, in the record's order; None if there is none.
        strip: The thumbnails of some filters, for the model's page.
        sizes: The size of every file written.
    """

    regions: dict[PictureKey, SheetRegion] = field(default_factory=dict)
    crops: list[SheetRegion | None] = field(default_factory=list)
    syntheses: list[SheetRegion | None] = field(default_factory=list)
    strip: Strip = field(default_factory=list)
    sizes: dict[str, Size] = field(default_factory=dict)


def write_pictures(
    reader: ModelReader, folder: Path, slug: str, filters: Sequence[FilterRecord], photos: Photos
) -> LayerPictures:
    """Write the sheets of a layer into ``folder / slug``."""
    (folder / slug).mkdir(parents=True)
    pictures = LayerPictures()
    _write_sheets(reader, folder, slug, filters, pictures)
    crops = [_best_crop(item, photos) for item in filters]
    syntheses = [_synthesis(item, reader) for item in filters]
    tiles = _TileSheets(folder, slug, pictures.sizes)
    pictures.crops = tiles.write(crops)
    pictures.syntheses = tiles.write(syntheses)
    pictures.strip = choose_strip(
        filters, [synthesis if crop is None else crop for crop, synthesis in zip(crops, syntheses, strict=True)]
    )
    return pictures


def picture_key(reference: PictureReference) -> PictureKey:
    """Return what a picture is found by."""
    return reference["unit"], reference["blob"]


def _write_sheets(
    reader: ModelReader, folder: Path, slug: str, filters: Sequence[FilterRecord], pictures: LayerPictures
) -> None:
    """Write all pictures that the records refer to, and note their regions and the sheets' sizes in ``pictures``."""

    def write(sheet: int, group: list[PictureReference]) -> tuple[list[SheetRegion], Size]:
        name = f"{slug}/sheet-{sheet}.webp"
        pixels = [
            thumbnail(decode_picture(reader.picture(reference)), longer_sides[picture_key(reference)])
            for reference in group
        ]
        return write_sheet(folder / name, name, pixels, _SHEET_QUALITY)

    longer_sides = _published_sides(filters)
    groups = list(_group_by_sheet(filters, longer_sides))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        written = pool.map(write, range(len(groups)), groups)
        for sheet, (group, (regions, size)) in enumerate(zip(groups, written, strict=True)):
            pictures.sizes[f"{slug}/sheet-{sheet}.webp"] = size
            pictures.regions.update(zip(map(picture_key, group), regions, strict=True))


def _published_sides(filters: Sequence[FilterRecord]) -> dict[PictureKey, int]:
    """Return the longer side, at most, of every picture as it is published.

    Syntheses are textures, and gradients of means are soft; gradients of maxima stay as they are, since boxes are in
    their pixels.
    """
    sides = {
        picture_key(reference): max(reference["size"]) for item in filters for reference in picture_references(item)
    }
    for item in filters:
        sides |= {picture_key(synthesis): SYNTHESIS_PX for synthesis in picture_references(item.get("max_activ"))}
        sides |= {picture_key(gradient): MEAN_GRADIENT_PX for gradient in picture_references(item.get("top_avg"))}
    return sides


def _group_by_sheet(
    filters: Sequence[FilterRecord], longer_sides: Mapping[PictureKey, int]
) -> Iterator[list[PictureReference]]:
    """Yield the pictures of each sheet: runs of filters that fill it, pixel art apart from larger pictures.

    All pixel art of a filter is in one sheet, and all its larger pictures are.
    """
    for pixel_art, max_area in ((True, _PIXEL_ART_SHEET_AREA_PX), (False, _SHEET_AREA_PX)):
        group: dict[PictureKey, PictureReference] = {}
        group_area = 0.0
        for item in filters:
            added = {
                picture_key(reference): reference
                for reference in picture_references(item)
                if is_pixel_art(*reference["size"]) == pixel_art
            }
            area = sum(_published_area(reference["size"], longer_sides[key]) for key, reference in added.items())
            if group and group_area + area > max_area:
                yield list(group.values())
                group, group_area = {}, 0.0
            group.update(added)
            group_area += area
        if group:
            yield list(group.values())


def _published_area(size: Sequence[int], longer_side: int) -> float:
    """Return the number of pixels of a picture once its longer side is at most ``longer_side``."""
    shrink = min(1.0, longer_side / max(size))
    return float(size[0] * size[1] * shrink * shrink)


class _TileSheets:
    """Writes thumbnails into ``tiles-0.webp`` and on, and notes the sheets' sizes in ``sizes``."""

    def __init__(self, folder: Path, slug: str, sizes: dict[str, Size]) -> None:
        self._folder, self._slug, self._sizes = folder, slug, sizes
        self._next_sheet = 0

    def write(self, tiles: Sequence[Pixels | None]) -> list[SheetRegion | None]:
        """Write all tiles that there are, into new sheets; returns the region of each."""
        present = [(place, tile) for place, tile in enumerate(tiles) if tile is not None]
        regions: list[SheetRegion | None] = [None] * len(tiles)
        for start in range(0, len(present), _TILES_PER_SHEET):
            group = present[start : start + _TILES_PER_SHEET]
            name = f"{self._slug}/tiles-{self._next_sheet}.webp"
            self._next_sheet += 1
            pixels = [tile for _, tile in group]
            packed, self._sizes[name] = write_sheet(self._folder / name, name, pixels, _TILE_QUALITY)
            for (place, _), region in zip(group, packed, strict=True):
                regions[place] = region
        return regions


def _best_crop(item: FilterRecord, photos: Photos) -> Pixels | None:
    best = item.get("top_max")
    if not best:
        return None
    crop = photos.crop(best[0]["image"], best[0]["box"])
    return None if crop is None else thumbnail(crop, THUMBNAIL_PX)


def _synthesis(item: FilterRecord, reader: ModelReader) -> Pixels | None:
    synthesis = item.get("max_activ")
    if not is_computed(synthesis):
        return None
    return thumbnail(decode_picture(reader.picture(synthesis["picture"])), THUMBNAIL_PX)
