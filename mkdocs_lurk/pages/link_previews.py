"""The pictures and texts that other sites show beside a link: of a model, its layers, and some of its filters.

Sites that show a link read a real picture file, of 1200 by 630 px, from the page's Open Graph tags (https://ogp.me).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NotRequired, TypedDict, TypeVar

import numpy as np
from PIL import Image

from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.highlights.candidates import Candidate, by_rank
from mkdocs_lurk.pages.highlights.shown import context_window
from mkdocs_lurk.pages.pictures.sheets import Pixels, Size, is_pixel_art
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.model_record import LayerEntry

WIDTH_PX, HEIGHT_PX = 1200, 630
MOST_FILTERS = 48
"""Filters of a model with a preview at most: each takes two files and some 140 kB."""
PREVIEW_SUFFIX = ".jpg"
"""How the names of the pictures end, and of no other file."""
_GAP_PX, _QUALITY = 6, 60
_MOST_LAYERS = 60
"""The layers of a model whose layers have previews."""
_LAYER_FILTERS, _MOST_CROPS = 4, 4

Item = TypeVar("Item")


class Preview(TypedDict):
    """What a link to a page shows elsewhere.

    Attributes:
        page: The folder of the layer in the model's; empty for the model itself.
        filter: The filter, where it is about one.
        title: Its title.
        text: A sentence or two.
        image: The address of the picture in the model's folder.
    """

    page: str
    filter: NotRequired[int]
    title: str
    text: str
    image: str


@dataclass(frozen=True)
class SitePreview:
    """A preview, and the path of its picture on disk."""

    preview: Preview
    path: Path


class PreviewWriter:
    """Writes the previews of one model.

    Args:
        reader: Where pictures come from.
        model: The model; the files of its photos are written.
    """

    def __init__(self, reader: DisclosedReader, model: PublishedModel) -> None:
        self._reader, self._model = reader, model
        self._entries: Sequence[LayerEntry] = model.record["layers"]

    def write(
        self,
        folder: Path,
        layers: Sequence[Sequence[Candidate]],
        story: Sequence[Candidate],
        others: Iterable[Candidate],
    ) -> list[Preview]:
        """Write the previews of the model, of its layers, and of filters that are named or shown first.

        Args:
            folder: The model's folder.
            layers: The filters of each layer.
            story: The filters that stand for the model.
            others: More filters that are shown first.
        """
        previews = []
        tiles = self._columns(story)
        if tiles:
            _save(folder / "preview.jpg", tiles)
            title, n = self._model.declared.title, len(self._entries)
            text = f"What the filters of {title} respond to, in {formatting.plural(n, 'layer')}."
            previews.append(Preview(page="", title=title, text=text, image="preview.jpg"))
        for place, candidates in enumerate(layers) if len(layers) <= _MOST_LAYERS else ():
            if preview := self._of_layer(folder, place, candidates):
                previews.append(preview)
        chosen = [*story, *others, *(one for layer in layers for one in layer if self._is_named(one))]
        by_key = {(one.layer, one.index): one for one in chosen}
        of_filters = (self._of_filter(folder, by_key[key]) for key in sorted(list(by_key)[:MOST_FILTERS]))
        return [*previews, *(preview for preview in of_filters if preview)]

    def _of_layer(self, folder: Path, place: int, candidates: Sequence[Candidate]) -> Preview | None:
        entry = self._entries[place]
        tiles = self._columns([one for one in by_rank(candidates) if not one.pictures_missing][:_LAYER_FILTERS])
        tiles = tiles or self._columns(by_rank(candidates)[:_LAYER_FILTERS])
        if not tiles:
            return None
        image = f"{entry['slug']}/preview.jpg"
        _save(folder / image, tiles)
        title = f"{self._model.titles[entry['name']]} of {self._model.declared.title}"
        field = formatting.receptive_field(entry["receptive_field"])
        text = f"What its {formatting.plural(entry['filters'], 'filter')} respond to. Receptive field: {field}."
        return Preview(page=entry["slug"], title=title, text=text, image=image)

    def _of_filter(self, folder: Path, one: Candidate) -> Preview | None:
        entry = self._entries[one.layer]
        crops = [pixels for rank in range(_MOST_CROPS) if (pixels := self._crop(one, rank)) is not None]
        drawn = self._drawn(one)
        large = crops[0] if drawn is None and crops else drawn
        if large is None:
            return None
        image = f"{entry['slug']}/preview-{one.index}.jpg"
        small = crops[1:] if drawn is None else crops
        half = len(small) // 2
        rows = [row for row in (small[:half], small[half:]) if row]
        _save(folder / image, [[[large]], rows] if rows else [[[large]]])
        name = f"Filter {self._model.names.title(entry['name'], one.index)}"
        title = f"{name} of {self._model.titles[entry['name']]}, {self._model.declared.title}"
        answers = f" It answers to {one.label}." if one.label else ""
        made = (
            ""
            if drawn is None
            else ", and a picture made to excite it"
            if not one.shows_weights
            else ", and its weights"
        )
        text = f"The photos that excite it most{made}.{answers}"
        return Preview(page=entry["slug"], filter=one.index, title=title, text=text, image=image)

    def _columns(self, filters: Sequence[Candidate]) -> list[list[list[Pixels]]]:
        """Return a column for each filter: what was drawn of it over its best crop, or either alone."""
        columns = []
        for one in filters:
            own = [pixels for pixels in (self._drawn(one), self._crop(one, 0)) if pixels is not None]
            columns.append([[pixels] for pixels in own])
        return [column for column in columns if column]

    def _is_named(self, one: Candidate) -> bool:
        return one.index in self._model.names.authored.get(self._entries[one.layer]["name"], {})

    def _drawn(self, one: Candidate) -> Pixels | None:
        return None if one.drawn is None else decode_picture(self._reader.picture(one.drawn))

    def _crop(self, one: Candidate, rank: int) -> Pixels | None:
        if rank >= len(one.crops):
            return None
        image, box = one.crops[rank]
        photos = self._model.photos
        return photos.crop(image, context_window(box, photos.frame(image)))


def site_previews(root: Path, previews: Iterable[Preview]) -> list[SitePreview]:
    """Return the previews of a model whose folder is ``root``, with the paths of their pictures."""
    return [SitePreview(one, root / one["image"]) for one in previews]


def compose(columns: Sequence[Sequence[Sequence[Pixels]]]) -> Image.Image:
    """Lay pictures out in columns of equal width, each of rows of equal height, each of pictures side by side.

    Each picture fills its cell, and is cut where it has another shape.
    """
    canvas = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), "white")
    for left, width, rows in _cells(columns, WIDTH_PX):
        for top, height, row in _cells(rows, HEIGHT_PX):
            for x, own, pixels in _cells(row, width):
                canvas.paste(_fill(pixels, (own, height)), (left + x, top))
    return canvas


def _cells(items: Sequence[Item], length: int) -> Iterator[tuple[int, int, Item]]:
    """Divide a length among items, with gaps: yields the start and the length of each."""
    n = len(items)
    for place, item in enumerate(items):
        start = (length + _GAP_PX) * place // n
        yield start, (length + _GAP_PX) * (place + 1) // n - _GAP_PX - start, item


def _fill(pixels: Pixels, size: Size) -> Image.Image:
    """Return the middle of a picture, as much as fills a size; pixel art keeps its squares."""
    height, width = pixels.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    w, h = size[0] / scale, size[1] / scale
    left, top = max(0.0, (width - w) / 2), max(0.0, (height - h) / 2)  # a rounding error below 0 is refused
    box = left, top, min(left + w, width), min(top + h, height)
    sampling = Image.Resampling.NEAREST if is_pixel_art(width, height) else Image.Resampling.BICUBIC
    return Image.fromarray(np.ascontiguousarray(pixels)).resize(size, sampling, box)


def _save(path: Path, columns: Sequence[Sequence[Sequence[Pixels]]]) -> None:
    compose(columns).save(path, "JPEG", quality=_QUALITY, optimize=True)
