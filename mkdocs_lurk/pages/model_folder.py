"""Write the folder of one model: its pages, ``results.json``, data scripts and picture files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import cast

from mkdocs_lurk.pages.class_effects import ClassEffects
from mkdocs_lurk.pages.class_pages import ClassFilters, ClassPictures, class_addresses, class_entries, class_page
from mkdocs_lurk.pages.class_proofs import ClassProofs
from mkdocs_lurk.pages.cost_page import cost_page
from mkdocs_lurk.pages.data.layer_scripts import chunk_script, layer_script
from mkdocs_lurk.pages.data.model_scripts import PhotoRanks, model_script, pictures_script
from mkdocs_lurk.pages.data.results_json import compact_json, layer_results, model_results
from mkdocs_lurk.pages.data.script_records import PhotoRank
from mkdocs_lurk.pages.data.scripts import data_script
from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.evaluation_page import evaluation_page
from mkdocs_lurk.pages.highlights.gather import HighlightsWriter
from mkdocs_lurk.pages.highlights.shown import (
    NO_HIGHLIGHTS,
    summarise,
)
from mkdocs_lurk.pages.layer_page import filter_rows, layer_page
from mkdocs_lurk.pages.link_previews import PreviewWriter
from mkdocs_lurk.pages.live_page import LIVE_NETWORK, live_files
from mkdocs_lurk.pages.model_page import layer_row, model_page
from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.pages.model_summary import BODY_SUFFIX, ModelSummary
from mkdocs_lurk.pages.nav import CLASSES, COST, EVALUATION, LIVE, PAGES, PICTURES, QUIZ, TRUST
from mkdocs_lurk.pages.pictures.layer_pictures import LayerPictures, filter_tiles, write_pictures
from mkdocs_lurk.pages.pictures.sheets import SheetRegion
from mkdocs_lurk.pages.pictures.strips import Strip, write_strips
from mkdocs_lurk.pages.pictures.svg_pictures import PictureSummary, SvgPicture, receptive_field_picture, svg_picture
from mkdocs_lurk.pages.pictures_page import pictures_page
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.pages.quiz import QuizWriter
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.trust_page import trust_page
from mkdocs_lurk.records.model_record import LayerEntry, LayerRecord

_STRIP_PICTURE_PX = 48
_INDEX_PICTURES = 12
_CHUNK, _CHUNK_OF_LARGE_LAYER, _LARGE_LAYER = 64, 128, 256
Best = Mapping[int, list[PhotoRank]]
"""For each photo the filters that rank it among their best."""


def write_page(folder: Path, name: str, title: str, body: str, templates: Templates) -> None:
    """Write a page, and its part below the title as a file of its own."""
    (folder / f"{name}.md").write_text(templates.page(title, body), "utf-8", newline="\n")
    (folder / f"{name}{BODY_SUFFIX}").write_text(body, "utf-8", newline="\n")


def write_placeholder(folder: Path, declared: DeclaredModel, reason: str, templates: Templates) -> ModelSummary:
    """Write the page of a model without results, which says why there are none."""
    why = reason.rstrip(".") + "."
    body = templates.body("placeholder.md.j2", about=declared, why=why)
    write_page(folder, "index", declared.title, body, templates)
    return {
        "layers": [],
        "titles": [],
        "facts": [],
        "views": [],
        "pages": [],
        "classes": [],
        "highlights": NO_HIGHLIGHTS,
        "previews": [],
        "missing": why,
    }


def write_model(folder: Path, declared: DeclaredModel, reader: DisclosedReader, templates: Templates) -> ModelSummary:
    """Write all files of a model with results."""
    return _ModelFolder(folder, PublishedModel.read(declared, reader), reader, templates).write()


class _ModelFolder:
    """Writes the files of one model into ``folder``."""

    def __init__(self, folder: Path, model: PublishedModel, reader: DisclosedReader, templates: Templates) -> None:
        self._folder, self._model, self._reader, self._templates = folder, model, reader, templates
        self._photo_ranks = PhotoRanks()
        self._tiles: dict[str, dict[int, SheetRegion]] = {}
        self._class_filters = ClassFilters(model.record["images"])
        self._class_effects = ClassEffects(self._model.record)
        self._class_proofs = ClassProofs(model)
        self._highlights = HighlightsWriter(reader, model)
        self._quiz = QuizWriter(model)
        self._chunks: dict[str, int] = {}

    def write(self) -> ModelSummary:
        self._model.photos.write(self._folder)
        entries = self._model.record["layers"]
        written = [self._write_pictures(entry) for entry in entries]
        for place, (entry, pictures) in enumerate(zip(entries, written, strict=True)):
            self._write_layer(place, entry, pictures)
        return self._write_model([pictures.strip for pictures in written])

    def _write_pictures(self, entry: LayerEntry) -> LayerPictures:
        """Write the pictures of a layer, which the pages of others show, too."""
        filters = self._reader.layer(entry["name"])["filters"]
        pictures = write_pictures(self._reader, self._folder, entry["slug"], filters, self._model.photos)
        self._tiles[entry["name"]] = filter_tiles(filters, pictures)
        return pictures

    def _write_layer(self, place: int, entry: LayerEntry, pictures: LayerPictures) -> None:
        """Write the pages and data files of a layer."""
        slug = entry["slug"]
        layer = self._reader.layer(entry["name"])
        self._photo_ranks.add(place, layer["filters"])
        self._class_filters.add(place, layer["filters"])
        self._class_effects.add(place, layer)
        self._class_proofs.add(place, layer["filters"], pictures)
        self._highlights.add(layer["filters"])
        self._quiz.add(place, layer["filters"], pictures)
        results = layer_results(self._model, entry, layer, pictures)
        self._write_text(f"{slug}/results.json", compact_json(results) + "\n")
        self._write_layer_scripts(place, entry, layer, pictures)
        self._write_layer_page(place, entry, layer, pictures)

    def _write_layer_scripts(self, place: int, entry: LayerEntry, layer: LayerRecord, pictures: LayerPictures) -> None:
        filters, slug = layer["filters"], entry["slug"]
        chunk = _CHUNK_OF_LARGE_LAYER if len(filters) > _LARGE_LAYER else _CHUNK
        key = f"{self._model.declared.name}/{slug}"
        self._chunks[entry["name"]] = chunk
        data = layer_script(self._model, place, layer, pictures, chunk)
        self._write_text(f"{slug}/layer.js", data_script(key, data))
        for number, start in enumerate(range(0, len(filters), chunk)):
            details = chunk_script(self._model, entry, filters[start : start + chunk], pictures, self._tiles)
            self._write_text(f"{slug}/filters-{number}.js", data_script(f"{key}/filters-{number}", details))

    def _write_layer_page(self, place: int, entry: LayerEntry, layer: LayerRecord, pictures: LayerPictures) -> None:
        photos = self._model.photos
        input_size = self._model.record["model"]["input"]["size"][1:]
        rows = filter_rows(self._model, entry, layer["filters"], pictures)
        field = receptive_field_picture(layer["filters"], input_size, photos.thumbnails, photos.sizes)
        page = layer_page(self._model, place, layer, rows, field)
        body = self._templates.body("layer.md.j2", page=page)
        write_page(self._folder, f"{entry['slug']}/index", page.title, body, self._templates)

    def _write_model(self, strips: Sequence[Strip]) -> ModelSummary:
        """Write the files of the model itself."""
        model = self._model
        name, entries = model.declared.name, model.record["layers"]
        packed, sizes = write_strips(self._folder, strips)
        self._write_text("model.js", data_script(name, model_script(model, packed)))
        best, addresses = self._photo_ranks.best(), class_addresses(model.record["images"])
        self._write_text("pictures.js", data_script(f"{name}/pictures", pictures_script(model, best)))
        self._write_text("results.json", compact_json(model_results(model)) + "\n")
        svg_strips = [
            [
                svg_picture(region, sizes, self._filter_text(entry["name"], index), _STRIP_PICTURE_PX)
                for index, region in strip
            ]
            for entry, strip in zip(entries, packed, strict=True)
        ]
        rows = [
            layer_row(entry, model.titles[entry["name"]], strip)
            for entry, strip in zip(entries, svg_strips, strict=True)
        ]
        pages = self._write_pages_beside(best, addresses)
        pages += (quiz := self._write_quiz())
        highlights, chosen = self._highlights.write(self._folder), self._highlights
        shown = {"has_classes": bool(addresses), "has_quiz": bool(quiz)}
        page = model_page(model.declared, model.record, rows, highlights=highlights, **shown)
        body = self._templates.body("model.md.j2", page=page)
        write_page(self._folder, "index", model.declared.title, body, self._templates)
        return {
            "layers": [(row.name, row.slug) for row in rows],
            "titles": [row.title for row in rows],
            "facts": list(page.facts),
            "views": [cast("PictureSummary", asdict(view)) for view in _evenly_spaced(svg_strips, _INDEX_PICTURES)],
            "pages": pages,
            "classes": list(addresses.items()),
            "highlights": summarise(highlights),
            "previews": PreviewWriter(self._reader, model).write(
                self._folder, chosen.candidates, chosen.story, chosen.found
            ),
            "missing": None,
        }

    def _write_pages_beside(self, best: Best, addresses: Mapping[str, str]) -> list[tuple[str, str]]:
        """Write the pages beside the model's own and its layers'; returns their titles and folders."""
        pages = self._write_evaluation(best, addresses)
        if addresses:
            self._write_classes(best, addresses)
            pages.append((PAGES[CLASSES], CLASSES))
        body = self._templates.body("pictures.md.j2", page=pictures_page(self._model))
        self._write_own_page(PICTURES, PAGES[PICTURES], body)
        return [*pages, (PAGES[PICTURES], PICTURES), *self._write_cost(), *self._write_live(), *self._write_trust()]

    def _write_live(self) -> list[tuple[str, str]]:
        """Write the network for browsers and its page, where it is published; returns the page's title and folder."""
        files = live_files(self._model, self._reader, self._tiles, self._chunks)
        if files is None:
            return []
        name = self._model.declared.name
        self._write_text("live.js", data_script(f"{name}/live", files.data))
        self._write_text(LIVE_NETWORK, data_script(f"{name}/live-network", files.network))
        self._write_text("live-samples.js", data_script(f"{name}/live-samples", files.samples))
        self._write_own_page(LIVE, PAGES[LIVE], self._templates.body("live.md.j2", page=files.page))
        return [(PAGES[LIVE], LIVE)]

    def _write_cost(self) -> list[tuple[str, str]]:
        """Write the page about what the model costs to run, where that is known; returns its title and folder."""
        cost = self._model.record.get("cost")
        if cost is None:
            return []
        page = cost_page(self._model.declared, self._model.record, cost)
        self._write_own_page(COST, PAGES[COST], self._templates.body("cost.md.j2", page=page))
        return [(PAGES[COST], COST)]

    def _write_evaluation(self, best: Best, addresses: Mapping[str, str]) -> list[tuple[str, str]]:
        """Write the page with the evaluation, where there is one; returns its title and folder."""
        evaluation = self._model.record["evaluation"]
        if not is_computed(evaluation):
            return []
        page = evaluation_page(self._model, evaluation, best, addresses)
        self._write_own_page(EVALUATION, PAGES[EVALUATION], self._templates.body("evaluation.md.j2", page=page))
        return [(PAGES[EVALUATION], EVALUATION)]

    def _write_trust(self) -> list[tuple[str, str]]:
        """Write the page that compares the model with chance, where it was; returns its title and folder."""
        twin = self._model.record.get("twin")
        if not is_computed(twin):
            return []
        page = trust_page(self._model.declared, self._model.record, twin)
        self._write_own_page(TRUST, PAGES[TRUST], self._templates.body("trust.md.j2", page=page))
        return [(PAGES[TRUST], TRUST)]

    def _write_quiz(self) -> list[tuple[str, str]]:
        """Write the quiz, where there are enough questions; returns the title and the folder of its page."""
        data = self._quiz.data()
        if data is None:
            return []
        self._write_text("quiz.js", data_script(f"{self._model.declared.name}/quiz", data))
        self._write_own_page(QUIZ, PAGES[QUIZ], self._templates.body("quiz.md.j2", page=self._quiz.page()))
        return [(PAGES[QUIZ], QUIZ)]

    def _write_classes(self, best: Best, addresses: Mapping[str, str]) -> None:
        """Write the list of classes and a page for each of them."""
        model, filters, pictures = self._model, self._class_filters, ClassPictures(self._model.record)
        left_out = len(model.labels) - len(addresses)
        entries = class_entries(addresses, filters, pictures)
        body = self._templates.body("classes.md.j2", about=model.declared, classes=entries, left_out=left_out)
        self._write_own_page(CLASSES, PAGES[CLASSES], body)
        for label, slug in addresses.items():
            page = class_page(model, label, filters, self._class_effects, self._class_proofs, pictures, best)
            self._write_own_page(f"{CLASSES}/{slug}", label, self._templates.body("class.md.j2", page=page))

    def _filter_text(self, layer: str, index: int) -> str:
        return f"Filter {self._model.names.title(layer, index)} of {layer}"

    def _write_own_page(self, address: str, title: str, body: str) -> None:
        (self._folder / address).mkdir()
        write_page(self._folder, f"{address}/index", title, body, self._templates)

    def _write_text(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text, "utf-8", newline="\n")


def _evenly_spaced(strips: Sequence[Sequence[SvgPicture]], at_most: int) -> list[SvgPicture]:
    """Return pictures at even distances, from the first layer to the last."""
    pictures = [picture for strip in strips for picture in strip]
    step = max(1.0, len(pictures) / at_most)
    return [pictures[int(n * step)] for n in range(min(at_most, len(pictures)))]
