"""Gather the filters that are worth seeing first while a model's layers are written, then write their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.highlights.candidates import Candidate, candidates
from mkdocs_lurk.pages.highlights.choices import STORY_PANELS, choose_columns, choose_story
from mkdocs_lurk.pages.highlights.shown import (
    Highlights,
    MarkedPicture,
    ShownColumn,
    ShownFilter,
    context_window,
    mark_crop,
)
from mkdocs_lurk.pages.highlights.stages import column_runs, column_title, story_runs
from mkdocs_lurk.pages.pictures.photos import Photos
from mkdocs_lurk.pages.pictures.sheets import Pixels, SheetRegion, Size, is_pixel_art, thumbnail, write_sheet
from mkdocs_lurk.pages.pictures.svg_pictures import svg_picture
from mkdocs_lurk.records import FilterRecord, LayerEntry, ModelRecord, PictureReference, ReceptiveFieldRecord

_STORY_DRAWN_PX, _STORY_CROP_PX, _TILE_PX = 224, 160, 96
_QUALITY = 76


class _Key(NamedTuple):
    """A picture to pack: a filter's crop by its rank, or its drawn picture, at one size."""

    layer: int
    filter: int
    rank: int | None
    longer_side_px: int


class HighlightsWriter:
    """Chooses filters of one model, and writes their pictures into sheets of their own.

    Args:
        reader: Where pictures come from.
        record: The model's record.
        photos: The model's photos.
    """

    def __init__(self, reader: DisclosedReader, record: ModelRecord, photos: Photos) -> None:
        self._reader, self._photos = reader, photos
        self._entries: Sequence[LayerEntry] = record["layers"]
        self._images = record["images"]
        self._candidates: list[list[Candidate]] = []

    def add(self, filters: Sequence[FilterRecord]) -> None:
        """Add the filters of the next layer."""
        self._candidates.append(candidates(len(self._candidates), filters, self._images))

    def write(self, folder: Path) -> Highlights:
        """Choose, and write the pictures into the model's folder."""
        stages = story_runs(self._entries, STORY_PANELS)
        story = choose_story([self._of(run) for run in stages])
        runs = column_runs(self._entries)
        columns = choose_columns([self._of(run) for run in runs])
        sheets = _Sheets(folder)
        for name, group, crops, crop_px, drawn_px in (
            ("story", story, None, _STORY_CROP_PX, _STORY_DRAWN_PX),
            ("network", [one for column in columns for one in column], 1, _TILE_PX, _TILE_PX),
        ):
            sheets.write(name, self._pictures(group, crops, crop_px, drawn_px))
        shown_columns = [
            ShownColumn(
                column_title([self._entries[place] for place in run]),
                formatting.plural(len(run), "layer"),
                _side(self._entries[run[-1]]["receptive_field"]),
                tuple(self._shown(one, sheets, 1, _TILE_PX, _TILE_PX) for one in column),
            )
            for run, column in zip(runs, columns, strict=True)
            if column
        ]
        panels = tuple(self._shown(one, sheets, None, _STORY_CROP_PX, _STORY_DRAWN_PX) for one in story)
        return Highlights(len(self._entries), panels, tuple(shown_columns))

    def _of(self, run: Sequence[int]) -> list[Candidate]:
        return [one for place in run for one in self._candidates[place]]

    def _pictures(
        self, group: Sequence[Candidate], crops: int | None, crop_px: int, drawn_px: int
    ) -> dict[_Key, Pixels]:
        """Decode the pictures of some filters, with up to ``crops`` crops of each; None for all."""
        pictures: dict[_Key, Pixels] = {}
        for one in group:
            for rank, (image, box) in enumerate(one.crops[:crops]):
                part = self._photos.crop(image, context_window(box, self._photos.frame(image)))
                if part is not None:
                    pictures[_Key(one.layer, one.index, rank, crop_px)] = thumbnail(part, crop_px)
            if one.drawn is not None:
                pictures[_Key(one.layer, one.index, None, drawn_px)] = thumbnail(self._decode(one.drawn), drawn_px)
        return pictures

    def _decode(self, reference: PictureReference) -> Pixels:
        return decode_picture(self._reader.picture(reference))

    def _shown(self, one: Candidate, sheets: _Sheets, crops: int | None, crop_px: int, drawn_px: int) -> ShownFilter:
        entry = self._entries[one.layer]
        name = f"Filter {one.index} of {entry['name']}"
        marked: list[MarkedPicture] = []
        for rank, (image, box) in enumerate(one.crops[:crops]):
            region = sheets.regions.get(_Key(one.layer, one.index, rank, crop_px))
            if region is not None:
                view = svg_picture(region, sheets.sizes, f"{name}, crop {rank + 1}", crop_px)
                marked.append(mark_crop(view, context_window(box, self._photos.frame(image)), box))
        drawn = sheets.regions.get(_Key(one.layer, one.index, None, drawn_px))
        what = "its weights" if one.shows_weights else "its synthesis"
        return ShownFilter(
            place=one.layer + 1,
            layer=entry["name"],
            slug=entry["slug"],
            index=one.index,
            field=formatting.receptive_field(entry["receptive_field"]),
            label=one.label,
            correlation=one.correlation,
            crops=tuple(marked),
            drawn=None if drawn is None else svg_picture(drawn, sheets.sizes, f"{name}, {what}", drawn_px),
            shows_weights=one.shows_weights,
        )


class _Sheets:
    """Packs pictures into the model's folder: pixel art into one sheet of a name, larger ones into another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.regions: dict[_Key, SheetRegion] = {}
        self.sizes: dict[str, Size] = {}

    def write(self, name: str, pictures: dict[_Key, Pixels]) -> None:
        for sheet, pixel_art in enumerate((True, False)):
            group = {key: own for key, own in pictures.items() if is_pixel_art(own.shape[1], own.shape[0]) == pixel_art}
            if group:
                file = f"{name}-{sheet}.webp"
                packed, self.sizes[file] = write_sheet(self._folder / file, file, list(group.values()), _QUALITY)
                self.regions.update(zip(group, packed, strict=True))


def _side(field: ReceptiveFieldRecord) -> str:
    """Return the side of a receptive field in few words: ``7 px``, ``about 207 px``, ``5 × 9 px``."""
    height, width = field["size"]
    if field["status"] == "whole" or height != width:
        return formatting.receptive_field(field)
    return f"about {height} px" if field["status"] == "effective" else f"{height} px"
