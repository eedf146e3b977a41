"""The pictures of one layer: thumbnails for its tiles, and sheets of gradients and syntheses for its opened filters."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.pages import words
from mkdocs_lurk.pages.photos import THUMB_PX, Photos
from mkdocs_lurk.pages.sheets import Pixels, Spot, is_sharp, thumbnail, write_sheet
from mkdocs_lurk.store import ModelReader

Json = dict[str, Any]
Reference = tuple[str, str]
"""Unit and blob of a stored picture."""

STRIP_PX = 64
STRIP_LENGTH = 8
_TILE_QUALITY = 72
_SHEET_QUALITY = 60
SYNTHESIS_PX, MEAN_GRADIENT_PX = 160, 112
"""The longer side, at most, of pictures that are published smaller than they are stored: they are most of a site."""
_TILES_A_SHEET = 256
_SHEET_PX = 20_000_000
_SHARP_SHEET_PX = 4_000_000


@dataclass
class LayerPictures:
    """Where the pictures of a layer lie, relative to the model's folder.

    Attributes:
        spots: Every picture that the record refers to.
        crops: The thumbnail of each filter's best crop, None where there is none; in the record's order.
        syntheses: The same of its synthetic picture.
        strip: Up to eight filters' thumbnails, by index, for the model's page.
        sizes: Width and height of every file written.
    """

    spots: dict[Reference, Spot] = field(default_factory=dict)
    crops: list[Spot | None] = field(default_factory=list)
    syntheses: list[Spot | None] = field(default_factory=list)
    strip: list[tuple[int, Pixels]] = field(default_factory=list)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)


def write_pictures(
    reader: ModelReader, folder: Path, slug: str, filters: Sequence[Json], photos: Photos
) -> LayerPictures:
    """Write the sheets of a layer into ``folder / slug``."""
    (folder / slug).mkdir(parents=True)
    found = LayerPictures()
    _write_sheets(reader, folder, slug, filters, found)
    crops = [_best_crop(item, photos) for item in filters]
    syntheses = [_synthesis(item, reader) for item in filters]
    files = _Tiles(folder, slug, found.sizes)
    found.crops = files.write(crops)
    found.syntheses = files.write(syntheses)
    found.strip = _strip(
        filters, [crop if crop is not None else made for crop, made in zip(crops, syntheses, strict=True)]
    )
    return found


def references(value: Any) -> Iterator[Json]:
    """Every reference to a stored picture inside a record, in its order."""
    if isinstance(value, dict):
        if is_reference(value):
            yield value
        else:
            for item in value.values():
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def is_reference(value: Any) -> bool:
    """Whether a value of a record refers to a stored picture."""
    return isinstance(value, dict) and "unit" in value and "blob" in value


def name_of(reference: Mapping[str, Any]) -> Reference:
    """What a picture is known by."""
    return reference["unit"], reference["blob"]


def _write_sheets(reader: ModelReader, folder: Path, slug: str, filters: Sequence[Json], found: LayerPictures) -> None:
    def job(sheet: int, group: list[Json]) -> tuple[list[Spot], tuple[int, int]]:
        name = f"{slug}/sheet-{sheet}.webp"
        pictures = [thumbnail(decode_picture(reader.picture(one)), largest[name_of(one)]) for one in group]
        return write_sheet(folder / name, name, pictures, _SHEET_QUALITY)

    largest = _largest(filters)
    groups = list(_groups(filters, largest))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        done = pool.map(job, range(len(groups)), groups)
        for sheet, (group, (spots, size)) in enumerate(zip(groups, done, strict=True)):
            found.sizes[f"{slug}/sheet-{sheet}.webp"] = size
            found.spots.update((name_of(one), spot) for one, spot in zip(group, spots, strict=True))


def _largest(filters: Sequence[Json]) -> dict[Reference, int]:
    """The longer side of every picture as it is published.

    Syntheses are textures, and gradients of means are soft; gradients of maxima stay as they are, since boxes are in
    their pixels.
    """
    found = {name_of(one): max(one["size"]) for item in filters for one in references(item)}
    for item in filters:
        found.update((name_of(one), SYNTHESIS_PX) for one in references(item.get("max_activ")))
        found.update((name_of(one), MEAN_GRADIENT_PX) for one in references(item.get("top_avg")))
    return found


def _groups(filters: Sequence[Json], largest: Mapping[Reference, int]) -> Iterator[list[Json]]:
    """Runs of filters whose pictures fill a sheet, small pictures apart; a filter's of one kind stay together."""
    for sharp, limit in ((True, _SHARP_SHEET_PX), (False, _SHEET_PX)):
        group: dict[Reference, Json] = {}
        area = 0.0
        for item in filters:
            own = {name_of(one): one for one in references(item) if is_sharp(*one["size"]) == sharp}
            size = sum(_area(one["size"], largest[name]) for name, one in own.items())
            if group and area + size > limit:
                yield list(group.values())
                group, area = {}, 0.0
            group.update(own)
            area += size
        if group:
            yield list(group.values())


def _area(size: Sequence[int], largest: int) -> float:
    """The pixels of a picture once its longer side is at most ``largest``."""
    shrink = min(1.0, largest / max(size))
    return float(size[0] * size[1] * shrink * shrink)


class _Tiles:
    """Writes thumbnails into ``tiles-0.webp`` and on."""

    def __init__(self, folder: Path, slug: str, sizes: dict[str, tuple[int, int]]) -> None:
        self._folder, self._slug, self._sizes = folder, slug, sizes
        self._next = 0

    def write(self, tiles: Sequence[Pixels | None]) -> list[Spot | None]:
        there = [place for place, tile in enumerate(tiles) if tile is not None]
        spots: list[Spot | None] = [None] * len(tiles)
        for start in range(0, len(there), _TILES_A_SHEET):
            group = there[start : start + _TILES_A_SHEET]
            name = f"{self._slug}/tiles-{self._next}.webp"
            self._next += 1
            pictures = [tile for tile in (tiles[place] for place in group) if tile is not None]
            placed, self._sizes[name] = write_sheet(self._folder / name, name, pictures, _TILE_QUALITY)
            for place, spot in zip(group, placed, strict=True):
                spots[place] = spot
        return spots


def _best_crop(item: Json, photos: Photos) -> Pixels | None:
    best = item.get("top_max")
    if not words.present(best) or not best:
        return None
    crop = photos.crop(best[0]["image"], best[0]["box"])
    return None if crop is None else thumbnail(crop, THUMB_PX)


def _synthesis(item: Json, reader: ModelReader) -> Pixels | None:
    made = item.get("max_activ")
    if not words.present(made) or not is_reference(made.get("picture")):
        return None
    return thumbnail(decode_picture(reader.picture(made["picture"])), THUMB_PX)


def _strip(filters: Sequence[Json], tiles: Sequence[Pixels | None]) -> list[tuple[int, Pixels]]:
    """Filters at even distances, the dead ones left out."""
    there = [
        (item["index"], tile)
        for item, tile in zip(filters, tiles, strict=True)
        if tile is not None and not (item.get("stats") or {}).get("dead")
    ]
    step = max(1, len(there) / STRIP_LENGTH)
    chosen = [there[int(n * step)] for n in range(min(STRIP_LENGTH, len(there)))]
    return [(index, thumbnail(tile, STRIP_PX)) for index, tile in chosen]
