"""The pictures of one layer: thumbnails for its tiles, and sheets of gradients and syntheses for its opened filters."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.model_records import picture_references, shows_preference
from mkdocs_lurk.pages.pictures.gradient_contrast import gradient_contrast
from mkdocs_lurk.pages.pictures.photos import THUMBNAIL_PX, Photos
from mkdocs_lurk.pages.pictures.quantised import quantise_gradient
from mkdocs_lurk.pages.pictures.sheets import (
    Pixels,
    SheetRegion,
    Size,
    is_pixel_art,
    thumbnail,
    write_sheet,
)
from mkdocs_lurk.pages.pictures.strips import Strip, choose_strip
from mkdocs_lurk.records.model_record import FilterRecord, PictureReference

PictureKey = tuple[str, str]
"""Unit and blob of a stored picture."""

LayerTiles = Mapping[str, Mapping[int, SheetRegion]]
"""The thumbnail of each filter that has one, by layer and index."""

SYNTHESIS_PX = 224
"""The longer side, at most, of published syntheses; the store has them at full size."""
_TILE_QUALITY = 72
_TILES_PER_SHEET = 256


@dataclass
class LayerPictures:
    """Where the pictures of a layer lie, relative to the model's folder.

    Attributes:
        regions: The region of every picture that the record refers to.
        contrast: For every gradient, what its values are multiplied by, as a picture and as a mask.
        crops: The thumbnail of each filter's best crop, in the record's order; None if there is none.
        syntheses: The thumbnail of each filter's synthesis, in the record's order; None if none shows
            what the filter looks for.
        strip: The thumbnails of some filters, for the model's page.
        sizes: The size of every file written.
    """

    regions: dict[PictureKey, SheetRegion] = field(default_factory=dict)
    contrast: dict[PictureKey, list[float]] = field(default_factory=dict)
    crops: list[SheetRegion | None] = field(default_factory=list)
    syntheses: list[SheetRegion | None] = field(default_factory=list)
    strip: Strip = field(default_factory=list)
    sizes: dict[str, Size] = field(default_factory=dict)


def write_pictures(
    reader: DisclosedReader, folder: Path, slug: str, filters: Sequence[FilterRecord], photos: Photos
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


def filter_tiles(filters: Sequence[FilterRecord], pictures: LayerPictures) -> dict[int, SheetRegion]:
    """Return what stands for each filter in a small picture: its best crop, or else its synthesis."""
    pairs = zip(filters, pictures.crops, pictures.syntheses, strict=True)
    return {item["index"]: tile for item, crop, synthesis in pairs if (tile := crop or synthesis) is not None}


def picture_key(reference: PictureReference) -> PictureKey:
    """Return what a picture is found by."""
    return reference["unit"], reference["blob"]


@dataclass(frozen=True)
class _SheetKind:
    """Pictures that share sheets: how they are made ready, and packed.

    Attributes:
        max_area: Pixels of a sheet's pictures, at most.
        quality: Of the lossy encoder; None to pack without loss.
        longer_side: Pictures are shrunk to this, in pixels; None to publish them at full size.
        quantised: Whether the pictures are gradients, published with few levels.
    """

    max_area: int
    quality: int | None
    longer_side: int | None = None
    quantised: bool = False

    def published(self, pixels: Pixels, reference: PictureReference) -> Pixels:
        """Return a stored picture as it is published."""
        if self.quantised:
            return quantise_gradient(pixels, reference.get("cosine", 1.0))
        return pixels if self.longer_side is None else thumbnail(pixels, self.longer_side)


_PIXEL_ART = _SheetKind(max_area=4_000_000, quality=None)
_GRADIENTS = _SheetKind(max_area=8_000_000, quality=None, quantised=True)
_SYNTHESES = _SheetKind(max_area=8_000_000, quality=60, longer_side=SYNTHESIS_PX)


def _write_sheets(
    reader: DisclosedReader, folder: Path, slug: str, filters: Sequence[FilterRecord], pictures: LayerPictures
) -> None:
    """Write all pictures that the records refer to, and note their regions and the sheets' sizes in ``pictures``."""

    def write(sheet: int, kind: _SheetKind, group: list[PictureReference]) -> tuple[list[SheetRegion], Size]:
        name = f"{slug}/sheet-{sheet}.webp"
        pixels = [kind.published(decode_picture(reader.picture(reference)), reference) for reference in group]
        if kind is not _SYNTHESES:
            pictures.contrast.update(zip(map(picture_key, group), map(gradient_contrast, pixels), strict=True))
        return write_sheet(folder / name, name, pixels, kind.quality)

    sheets = list(_group_by_sheet(filters))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        written = pool.map(write, range(len(sheets)), *zip(*sheets, strict=True)) if sheets else []
        for sheet, ((_, group), (regions, size)) in enumerate(zip(sheets, written, strict=True)):
            pictures.sizes[f"{slug}/sheet-{sheet}.webp"] = size
            pictures.regions.update(zip(map(picture_key, group), regions, strict=True))


def _group_by_sheet(filters: Sequence[FilterRecord]) -> Iterator[tuple[_SheetKind, list[PictureReference]]]:
    """Yield the pictures of each sheet: runs of filters that fill it, each kind of picture apart from the others.

    All pictures of one kind of a filter are in one sheet.
    """
    for kind in (_PIXEL_ART, _GRADIENTS, _SYNTHESES):
        group: dict[PictureKey, PictureReference] = {}
        group_area = 0.0
        for item in filters:
            added = {picture_key(reference): reference for own, reference in _published(item) if own is kind}
            area = sum(_published_area(reference["size"], kind) for reference in added.values())
            if group and group_area + area > kind.max_area:
                yield kind, list(group.values())
                group, group_area = {}, 0.0
            group.update(added)
            group_area += area
        if group:
            yield kind, list(group.values())


def _published(item: FilterRecord) -> Iterator[tuple[_SheetKind, PictureReference]]:
    """Yield every picture of a filter, and its kind: a synthesis, or else a gradient, or weights drawn like one."""
    for name, result in item.items():
        for reference in picture_references(result):
            large = _SYNTHESES if name == "max_activ" else _GRADIENTS
            yield (_PIXEL_ART if is_pixel_art(*reference["size"]) else large), reference


def _published_area(size: Sequence[int], kind: _SheetKind) -> float:
    """Return the number of pixels of a picture as it is published."""
    shrink = 1.0 if kind.longer_side is None else min(1.0, kind.longer_side / max(size))
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


def _synthesis(item: FilterRecord, reader: DisclosedReader) -> Pixels | None:
    synthesis = item.get("max_activ")
    if not shows_preference(synthesis):
        return None
    return thumbnail(decode_picture(reader.picture(synthesis["picture"])), THUMBNAIL_PX)
