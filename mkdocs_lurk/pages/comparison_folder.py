"""Write the folder of a comparison of two models: its page, ``results.json`` and the pictures that it shows."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypedDict

from mkdocs_lurk.config.compare import comparison_folder
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.comparison_page import ComparedSide, Drawing, ShownChange, ShownSide, comparison_page
from mkdocs_lurk.pages.data.results_json import compact_json
from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.highlights.shown import MarkedPicture, context_window, mark_crop
from mkdocs_lurk.pages.model_folder import write_page
from mkdocs_lurk.pages.model_records import is_computed, skip_reason
from mkdocs_lurk.pages.model_summary import BODY_SUFFIX
from mkdocs_lurk.pages.pictures.sheets import Pixels, SheetRegion, Size, is_pixel_art, thumbnail, write_sheet
from mkdocs_lurk.pages.pictures.svg_pictures import svg_picture
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.records.comparison_record import ChangedPicture, ComparisonRecord, FilterPair
from mkdocs_lurk.records.model_record import RankedMaximum, Skipped
from mkdocs_lurk.records.record_check import check_record
from mkdocs_lurk.store import Store

_CROPS, _CROP_PX, _PICTURE_PX, _QUALITY = 2, 96, 96, 76
_FILES = re.compile(r"index\.(md|body)|results\.json|pictures-[01]\.webp")

_Key = tuple[int, str, int, int]
"""A picture to pack: which model, a layer, a filter and the rank of a crop; or no layer, and a picture's id."""
Compare = Callable[[str, str], ComparisonRecord | Skipped]
"""Compares two models by the keys of their records."""


class ComparisonSummary(TypedDict):
    """What the rest of a site needs to know of it: why there is no comparison; None if there is one."""

    missing: str | None


@dataclass(frozen=True)
class Comparisons:
    """The comparisons of a site.

    Attributes:
        pairs: Names of declared models.
        compare: Makes one.
    """

    pairs: Sequence[tuple[str, str]]
    compare: Compare


def _compare_nothing(_first: str, _second: str) -> Skipped:
    return {"skipped": "no results are compared here"}


NO_COMPARISONS = Comparisons((), _compare_nothing)


@dataclass(frozen=True)
class ComparedModel:
    """One of two models that are compared: as it is published, its reader, and the folder of its pages in the site."""

    model: PublishedModel
    reader: DisclosedReader
    place: str


class AnalysedModel(Protocol):
    """A declared model and the key of its results."""

    @property
    def config(self) -> ModelConfig:
        """The declaration."""

    @property
    def key(self) -> str | None:
        """The key of the model record."""


@dataclass(frozen=True)
class ComparisonPlace:
    """A page that compares two models: their names, and its title."""

    pair: tuple[str, str]
    title: str

    @property
    def folder(self) -> str:
        """Its folder under the site."""
        return comparison_folder(*self.pair)


@dataclass(frozen=True)
class ComparisonWriter:
    """Fills the folder of a comparison.

    Attributes:
        models: The two.
        declared: What their authors declare of them.
        compare: Compares them.
        store: The store with their results.
        templates: The templates of pages.
    """

    models: Sequence[AnalysedModel]
    declared: Sequence[DeclaredModel]
    compare: Compare
    store: Store
    templates: Templates

    def __call__(self, folder: Path) -> ComparisonSummary:
        """Compare the models, and write the folder."""
        first, second = (
            self._published(model, declared) for model, declared in zip(self.models, self.declared, strict=True)
        )
        record = self.compare(first.reader.key, second.reader.key)
        return write_comparison(folder, (first, second), record, self.templates)

    def _published(self, model: AnalysedModel, declared: DeclaredModel) -> ComparedModel:
        reader = DisclosedReader(self.store, str(model.key), model.config)
        return ComparedModel(PublishedModel.read(declared, reader), reader, model.config.folder)


def comparison_title(first: str, second: str) -> str:
    """Return the title of the page that compares two models, by theirs."""
    return f"{first} and {second}"


def check_comparison(names: Collection[str], summary: object) -> None:
    """Check that a folder from the cache is one that ``write_comparison`` can write.

    Raises:
        StoreError: It is not.
    """
    check_record(summary, ComparisonSummary, "the summary")
    if lacking := {"index.md", f"index{BODY_SUFFIX}"}.difference(names):
        raise StoreError(f"it has no {min(lacking)}")
    for name in names:
        if not _FILES.fullmatch(name):
            raise StoreError(f"it holds {ascii(name)[:90]}, which is not among the files of a comparison")


def write_comparison(
    folder: Path, models: tuple[ComparedModel, ComparedModel], record: ComparisonRecord | Skipped, templates: Templates
) -> ComparisonSummary:
    """Write all files of a comparison; where there can be none, a page that says why."""
    first, second = (one.model.declared for one in models)
    title = comparison_title(first.title, second.title)
    why = skip_reason(record)
    if why is not None or not is_computed(record):
        about = [(one.name, one.title) for one in (first, second)]
        body = templates.body("not_compared.md.j2", models=about, why=why)
        write_page(folder, "index", title, body, templates)
        return {"missing": why}
    _told(record, models)
    here = comparison_folder(first.name, second.name)
    sides = [
        ComparedSide(one.model.declared.name, one.model.declared.title, posixpath.relpath(one.place, here))
        for one in models
    ]
    drawn = _Drawn(folder, models, (sides[0], sides[1]), record)
    page = comparison_page((sides[0], sides[1]), record, Drawing(drawn.pair, drawn.picture, drawn.slugs))
    write_page(folder, "index", title, templates.body("comparison.md.j2", page=page), templates)
    (folder / "results.json").write_text(compact_json(record) + "\n", "utf-8", newline="\n")
    return {"missing": None}


def _told(record: ComparisonRecord, models: Sequence[ComparedModel]) -> None:
    """Put into a comparison what the authors call the models, and let be known of them."""
    for told, one in zip(record["models"], models, strict=True):
        told["name"], told["title"] = one.model.declared.name, one.model.declared.title
        told["weights_digest"] = one.model.record["model"]["weights_digest"]


class _Drawn:
    """Packs the pictures that the page shows, and gives them out."""

    def __init__(
        self,
        folder: Path,
        models: tuple[ComparedModel, ComparedModel],
        sides: tuple[ComparedSide, ComparedSide],
        record: ComparisonRecord,
    ) -> None:
        self._models, self._sides = models, sides
        first, second = ({entry["name"]: entry["slug"] for entry in one.model.record["layers"]} for one in models)
        self.slugs = first, second
        self._best: list[dict[str, dict[int, list[RankedMaximum]]]] = [{}, {}]
        self._regions: dict[_Key, SheetRegion] = {}
        self._sizes: dict[str, Size] = {}
        self._pack(folder, self._pictures(record))

    def pair(self, pair: FilterPair, with_crops: bool) -> tuple[ShownSide, ShownSide]:
        """Return both filters of a pair."""
        return self._side(0, pair[0], pair[1], with_crops), self._side(1, pair[2], pair[3], with_crops)

    def picture(self, changed: ChangedPicture) -> ShownChange:
        """Return a picture that one model alone names right; of a hidden one, no more than its number."""
        image = changed["image"]
        path = self._models[1].model.record["images"][image]["path"]
        region = self._regions.get((0, "", image, 0))
        view = None if region is None else svg_picture(region, self._sizes, f"{path}: {changed['label']}", _PICTURE_PX)
        href = f"{self._sides[1].up}/pictures/index.html"
        return ShownChange(image, view, href, path, changed["label"], *changed["taken"])

    def _side(self, which: int, layer: str, index: int, with_crops: bool) -> ShownSide:
        model, side = self._models[which].model, self._sides[which]
        name = f"{model.titles[layer]}, filter {model.names.title(layer, index)}"
        is_listed = index in model.analysed[layer]
        href = f"{side.up}/{self.slugs[which][layer]}/index.html" if is_listed else ""
        return ShownSide(name, href, index, tuple(self._crops(which, layer, index, name)) if with_crops else ())

    def _crops(self, which: int, layer: str, index: int, name: str) -> list[MarkedPicture]:
        photos = self._models[which].model.photos
        crops = []
        for rank, best in enumerate(self._ranked(which, layer, index)):
            region = self._regions.get((which, layer, index, rank))
            if region is not None:
                view = svg_picture(region, self._sizes, f"{name}, crop {rank + 1}", _CROP_PX)
                crops.append(mark_crop(view, context_window(best["box"], photos.frame(best["image"])), best["box"]))
        return crops

    def _ranked(self, which: int, layer: str, index: int) -> list[RankedMaximum]:
        """Return the strongest crops of a filter; none of one that was not analysed."""
        known = self._best[which]
        if layer not in known:
            filters = self._models[which].reader.layer(layer)["filters"]
            known[layer] = {item["index"]: item.get("top_max", [])[:_CROPS] for item in filters}
        return known[layer].get(index, [])

    def _pictures(self, record: ComparisonRecord) -> dict[_Key, Pixels]:
        """Decode the crops of all filters that are shown, and the pictures that changed."""
        found: dict[_Key, Pixels] = {}
        for pair in (pair for pairs in record["changed"] for pair in pairs):
            for which, layer, index in ((0, pair[0], pair[1]), (1, pair[2], pair[3])):
                photos = self._models[which].model.photos
                for rank, best in enumerate(self._ranked(which, layer, index)):
                    part = photos.crop(best["image"], context_window(best["box"], photos.frame(best["image"])))
                    if part is not None:
                        found[which, layer, index, rank] = thumbnail(part, _CROP_PX)
        accuracy = record["accuracy"]
        for changed in [*accuracy["gained"], *accuracy["lost"]] if is_computed(accuracy) else []:
            pixels = self._photo(changed["image"])
            if pixels is not None:
                found[0, "", changed["image"], 0] = thumbnail(pixels, _PICTURE_PX)
        return found

    def _photo(self, image: int) -> Pixels | None:
        """Return a photo as the second model's pages show it; None if either model hides it."""
        shown = [one.model.photos.crop(image, [0, 0, *one.model.photos.frame(image)]) for one in self._models]
        return None if shown[0] is None else shown[1]

    def _pack(self, folder: Path, pictures: dict[_Key, Pixels]) -> None:
        """Write pixel art into one sheet, and larger pictures into another."""
        for sheet, pixel_art in enumerate((True, False)):
            group = {key: own for key, own in pictures.items() if is_pixel_art(own.shape[1], own.shape[0]) == pixel_art}
            if group:
                file = f"pictures-{sheet}.webp"
                packed, self._sizes[file] = write_sheet(folder / file, file, list(group.values()), _QUALITY)
                self._regions.update(zip(group, packed, strict=True))
