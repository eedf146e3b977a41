"""The strips of a model's page: for each layer, the thumbnails of up to eight filters in a row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mkdocs_lurk.pages.model_records import is_dead
from mkdocs_lurk.pages.pictures.sheets import Pixels, SheetRegion, Size, is_pixel_art, thumbnail, write_sheet
from mkdocs_lurk.records.model_record import FilterRecord

STRIP_PX = 64
STRIP_LENGTH = 8
_STRIP_QUALITY = 72

Strip = list[tuple[int, Pixels]]
"""Indices of filters, and their thumbnails."""
PackedStrip = list[tuple[int, SheetRegion]]
"""Indices of filters, and the regions of their thumbnails."""


def choose_strip(filters: Sequence[FilterRecord], tiles: Sequence[Pixels | None]) -> Strip:
    """Choose filters at even distances among those that have a tile and are not dead.

    Args:
        filters: The records of a layer's filters.
        tiles: The picture of each filter, if there is one.
    """
    candidates = [
        (item["index"], tile)
        for item, tile in zip(filters, tiles, strict=True)
        if tile is not None and not is_dead(item)
    ]
    step = max(1, len(candidates) / STRIP_LENGTH)
    chosen = [candidates[int(n * step)] for n in range(min(STRIP_LENGTH, len(candidates)))]
    return [(index, thumbnail(tile, STRIP_PX)) for index, tile in chosen]


def write_strips(folder: Path, strips: Sequence[Strip]) -> tuple[list[PackedStrip], dict[str, Size]]:
    """Write the strips of all layers into two sheets, one of pixel art and one of larger thumbnails.

    Args:
        folder: The model's folder.
        strips: The strip of each layer.

    Returns:
        The packed strip of each layer, and the size of every sheet written.
    """
    regions: dict[tuple[int, int], SheetRegion] = {}
    sizes: dict[str, Size] = {}
    for sheet, pixel_art in enumerate((True, False)):
        tiles = {
            (layer, index): tile
            for layer, strip in enumerate(strips)
            for index, tile in strip
            if is_pixel_art(tile.shape[1], tile.shape[0]) == pixel_art
        }
        if tiles:
            name = f"strip-{sheet}.webp"
            packed, sizes[name] = write_sheet(folder / name, name, list(tiles.values()), _STRIP_QUALITY)
            regions.update(zip(tiles, packed, strict=True))
    return [[(index, regions[layer, index]) for index, _ in strip] for layer, strip in enumerate(strips)], sizes
