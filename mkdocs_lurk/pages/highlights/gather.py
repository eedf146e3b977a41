"""Gather the filters that are worth seeing first while a model's layers are written, then write their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.highlights.candidates import Candidate, candidates
from mkdocs_lurk.pages.highlights.choices import STORY_CROPS, STORY_PANELS, choose_columns, choose_story
from mkdocs_lurk.pages.highlights.finds import Finds
from mkdocs_lurk.pages.highlights.shown import (
    Highlights,
    MarkedPicture,
    ShownColumn,
    ShownFilter,
    ShownFind,
    context_window,
    mark_crop,
)
from mkdocs_lurk.pages.highlights.stages import column_name, column_runs, column_title, story_runs
from mkdocs_lurk.pages.pictures.sheets import Pixels, SheetRegion, Size, is_pixel_art, thumbnail, write_sheet
from mkdocs_lurk.pages.pictures.svg_pictures import svg_picture
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.model_record import FilterRecord, LayerEntry, PictureReference, ReceptiveFieldRecord

_QUALITY = 76


class _Look(NamedTuple):
    """How filters are shown: the name of their sheets, crops of each at most, and the longer sides of both pictures."""

    sheet: str
    crops: int
    crop_px: int
    drawn_px: int


_STORY = _Look("story", STORY_CROPS, 160, 224)
_NETWORK = _Look("network", 1, 96, 96)
_FINDS = _Look("finds", 4, 112, 112)


class _Key(NamedTuple):
    """A picture to pack: a filter's crop by its rank, or its drawn picture."""

    sheet: str
    layer: int
    filter: int
    rank: int | None


class HighlightsWriter:
    """Chooses filters of one model, and writes their pictures into sheets of their own.

    Args:
        reader: Where pictures come from.
        model: The model; the files of its photos are written.

    Attributes:
        candidates: The filters of each layer that may be shown.
        story: Those that are in the story, once it is written.
        found: Those that are among the finds.
    """

    def __init__(self, reader: DisclosedReader, model: PublishedModel) -> None:
        self._reader, self._photos, self._model = reader, model.photos, model
        self._entries: Sequence[LayerEntry] = model.record["layers"]
        self._images = model.record["images"]
        self.candidates: list[list[Candidate]] = []
        self.story: list[Candidate] = []
        self.found: list[Candidate] = []
        self._finds = Finds([self._title(place) for place in range(len(self._entries))], self._images)

    def add(self, filters: Sequence[FilterRecord]) -> None:
        """Add the filters of the next layer."""
        self._finds.add(len(self.candidates), filters)
        self.candidates.append(candidates(len(self.candidates), filters, self._images))

    def write(self, folder: Path) -> Highlights:
        """Choose, and write the pictures into the model's folder."""
        stages, runs = story_runs(self._entries, STORY_PANELS), column_runs(self._entries)
        story = choose_story([self._of(run) for run in stages])
        columns = choose_columns([self._of(run) for run in runs])
        finds = self._finds.choose()
        self.story, self.found = story, [one for find in finds for one in find.filters]
        sheets = _Sheets(folder)
        sheets.write(_STORY, self._pictures(story, _STORY))
        sheets.write(_NETWORK, self._pictures([one for column in columns for one in column], _NETWORK))
        sheets.write(_FINDS, self._pictures(self.found, _FINDS))
        shown_columns = [
            ShownColumn(
                column_title([self._title(place) for place in run]),
                column_name([self._entries[place] for place in run]),
                formatting.plural(len(run), "layer"),
                _side(self._entries[run[-1]]["receptive_field"]),
                tuple(self._shown(one, sheets, _NETWORK) for one in column),
            )
            for run, column in zip(runs, columns, strict=True)
            if column
        ]
        return Highlights(
            len(self._entries),
            tuple(self._shown(one, sheets, _STORY) for one in story),
            tuple(shown_columns),
            tuple(
                ShownFind(find.title, find.text, tuple(self._shown(one, sheets, _FINDS) for one in find.filters))
                for find in finds
            ),
        )

    def _title(self, place: int) -> str:
        return self._model.titles[self._entries[place]["name"]]

    def _of(self, run: Sequence[int]) -> list[Candidate]:
        return [one for place in run for one in self.candidates[place]]

    def _pictures(self, group: Sequence[Candidate], look: _Look) -> dict[_Key, Pixels]:
        """Decode the pictures of some filters."""
        pictures: dict[_Key, Pixels] = {}
        for one in group:
            for rank, (image, box) in enumerate(one.crops[: look.crops]):
                part = self._photos.crop(image, context_window(box, self._photos.frame(image)))
                if part is not None:
                    pictures[_Key(look.sheet, one.layer, one.index, rank)] = thumbnail(part, look.crop_px)
            if one.drawn is not None:
                pixels = thumbnail(self._decode(one.drawn), look.drawn_px)
                pictures[_Key(look.sheet, one.layer, one.index, None)] = pixels
        return pictures

    def _decode(self, reference: PictureReference) -> Pixels:
        return decode_picture(self._reader.picture(reference))

    def _shown(self, one: Candidate, sheets: _Sheets, look: _Look) -> ShownFilter:
        entry = self._entries[one.layer]
        names, title = self._model.names, self._title(one.layer)
        name = f"Filter {names.title(entry['name'], one.index)} of {title}"
        marked: list[MarkedPicture] = []
        for rank, (image, box) in enumerate(one.crops[: look.crops]):
            region = sheets.regions.get(_Key(look.sheet, one.layer, one.index, rank))
            if region is not None:
                view = svg_picture(region, sheets.sizes, f"{name}, crop {rank + 1}", look.crop_px)
                marked.append(mark_crop(view, context_window(box, self._photos.frame(image)), box))
        drawn = sheets.regions.get(_Key(look.sheet, one.layer, one.index, None))
        what = "its weights" if one.shows_weights else "its synthesis"
        return ShownFilter(
            place=one.layer + 1,
            layer=entry["name"],
            slug=entry["slug"],
            index=one.index,
            name=name,
            field=formatting.receptive_field(entry["receptive_field"]),
            label=one.label,
            correlation=one.correlation,
            crops=tuple(marked),
            drawn=None if drawn is None else svg_picture(drawn, sheets.sizes, f"{name}, {what}", look.drawn_px),
            shows_weights=one.shows_weights,
        )


class _Sheets:
    """Packs pictures into the model's folder: pixel art into one sheet of a name, larger ones into another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.regions: dict[_Key, SheetRegion] = {}
        self.sizes: dict[str, Size] = {}

    def write(self, look: _Look, pictures: dict[_Key, Pixels]) -> None:
        for sheet, pixel_art in enumerate((True, False)):
            group = {key: own for key, own in pictures.items() if is_pixel_art(own.shape[1], own.shape[0]) == pixel_art}
            if group:
                file = f"{look.sheet}-{sheet}.webp"
                packed, self.sizes[file] = write_sheet(self._folder / file, file, list(group.values()), _QUALITY)
                self.regions.update(zip(group, packed, strict=True))


def _side(field: ReceptiveFieldRecord) -> str:
    """Return the side of a receptive field in few words: ``7 px``, ``about 207 px``, ``5 × 9 px``."""
    height, width = field["size"]
    if field["status"] == "whole" or height != width:
        return formatting.receptive_field(field)
    return f"about {height} px" if field["status"] == "effective" else f"{height} px"
