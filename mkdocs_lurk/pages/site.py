"""All pages and files of a site, from the store's read-only view; a folder a model, made once."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.pages.layer_pictures import write_pictures
from mkdocs_lurk.pages.model import About, filter_rows, layer_page, layer_row, link, model_page
from mkdocs_lurk.pages.nav import NavItem, navigation
from mkdocs_lurk.pages.page_cache import Folder, finished
from mkdocs_lurk.pages.photos import Photos
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.results_json import canonical, layer_results, model_results
from mkdocs_lurk.pages.scripts import BestOfPhotos, chunk_script, labels_of, layer_script, model_script, script
from mkdocs_lurk.pages.sheets import Pixels, Spot, is_sharp, write_sheet
from mkdocs_lurk.pages.views import View, field_upon_photo, view
from mkdocs_lurk.store import ModelReader, Store, digest

log = logging.getLogger("mkdocs.plugins.lurk")

FOLDER = "models"
_BODY = ".body"
_STRIP_QUALITY = 72
_STRIP_SHOWN_PX = 48
_CHUNK, _LONG_CHUNK, _LONG_LAYER = 64, 128, 256

Json = dict[str, Any]
Strip = list[tuple[int, Pixels]]
"""Filters of a layer and their thumbnails."""


@dataclass(frozen=True)
class SiteFile:
    """A file of the site.

    Attributes:
        uri: Its address under the site; a page's ends in ``.md``.
        path: Where it lies on disk.
        body: Of a page, the file with its part below the title; None for other files.
        title: Of a page, its title.
    """

    uri: str
    path: Path
    body: Path | None = None
    title: str = ""


@dataclass(frozen=True)
class Site:
    """Everything generated.

    Attributes:
        files: Pages and files, in a fixed order.
        links: The address that each link target of the form ``lurk:TARGET`` stands for: ``NAME``, ``NAME/LAYER``,
            ``NAME/results.json`` or nothing, for the list of models.
        nav: The pages as a tree.
        titles: The title of each model, by its name.
        missing: Of each model without results, why there are none.
    """

    files: tuple[SiteFile, ...]
    links: Mapping[str, str]
    nav: NavItem
    titles: Mapping[str, str]
    missing: Mapping[str, str]

    def path(self, uri: str) -> Path:
        """Where the file with this address lies on disk."""
        return next(file.path for file in self.files if file.uri == uri)


class State(Protocol):
    """A declared model and the key of its results; without a key, the reason why there are none."""

    @property
    def config(self) -> ModelConfig:
        """The declaration."""

    @property
    def key(self) -> str | None:
        """The key of the model record."""

    @property
    def reason(self) -> str:
        """Why there are no results."""


def build_site(models: Sequence[State], store: Store, cache_dir: Path, overrides: Path | None = None) -> Site:
    """Make the pages of every model that are not made yet, and list all of them.

    Args:
        models: In the order of the site.
        store: Where their results are.
        cache_dir: Where generated files are kept, in ``pages/``.
        overrides: A folder with an author's own templates, or none.

    Raises:
        LurkError: Results are missing, a template or a card cannot be read, or the disk is full.
    """
    templates = Templates(overrides)
    abouts = [About.of(model.config) for model in models]
    parent = cache_dir / "pages"
    folders = [_folder(model, about, store, parent, templates) for model, about in zip(models, abouts, strict=True)]
    files: list[SiteFile] = []
    if models:
        files += _files(_index_folder(abouts, folders, parent, templates), FOLDER, {"index.md": "Models"})
    for about, folder in zip(abouts, folders, strict=True):
        named = {"index.md": about.title}
        named |= {f"{slug}/index.md": name for name, slug in folder.known["layers"]}
        files += _files(folder, f"{FOLDER}/{about.name}", named)
    layers = [[(name, slug) for name, slug in folder.known["layers"]] for folder in folders]
    nav = navigation([(about.name, about.title, own) for about, own in zip(abouts, layers, strict=True)])
    titles = {about.name: about.title for about in abouts}
    missing = {about.name: folder.known["missing"] for about, folder in zip(abouts, folders, strict=True)}
    return Site(tuple(files), _links(files), nav, titles, {name: why for name, why in missing.items() if why})


def drop_unused(models: Sequence[State], cache_dir: Path, overrides: Path | None = None) -> int:
    """Remove generated folders that the declared models do not use; returns the bytes set free."""
    parent = cache_dir / "pages"
    used = {_key(model, About.of(model.config), overrides) for model in models}
    freed = 0
    for path in parent.iterdir() if parent.is_dir() else ():
        if path.name not in used:
            freed += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            shutil.rmtree(path, ignore_errors=True)
    return freed


def _key(model: State, about: About, overrides: Path | None) -> str:
    what = ["placeholder", model.reason] if model.key is None else ["model", model.key]
    return digest(*what, about.name, about.title, about.source, about.card_text, _version(), _own(overrides))


def _folder(model: State, about: About, store: Store, parent: Path, templates: Templates) -> Folder:
    def write(folder: Path) -> Json:
        log.info("writing the pages of %s", about.name)
        return _ModelWriter(about, ModelReader(store, str(model.key)), folder, templates).write()

    key = _key(model, about, templates.overrides)
    return finished(parent, key, _Placeholder(about, model.reason, templates).write if model.key is None else write)


@dataclass(frozen=True)
class _Placeholder:
    about: About
    reason: str
    templates: Templates

    def write(self, folder: Path) -> Json:
        body = self.templates.body("placeholder.md.j2", about=self.about, why=self.reason.rstrip(".") + ".")
        _write_page(folder, "index", self.about.title, body, self.templates)
        return {"layers": [], "facts": [], "views": [], "missing": self.reason.rstrip(".") + "."}


class _ModelWriter:
    """Writes the folder of a model: its pages, ``results.json``, data scripts and sheets."""

    def __init__(self, about: About, reader: ModelReader, folder: Path, templates: Templates) -> None:
        self.about, self.reader, self.folder, self.templates = about, reader, folder, templates
        self.record = reader.record
        self.labels = labels_of(self.record)
        self.photos = Photos(reader, self.record["images"])
        self.best = BestOfPhotos()
        names = [entry["name"] for entry in self.record["layers"]]
        self.published = {name: {item["index"] for item in reader.layer(name)["filters"]} for name in names}

    def write(self) -> Json:
        self.photos.write(self.folder)
        strips = [self._layer(place, entry) for place, entry in enumerate(self.record["layers"])]
        return self._model(strips)

    def _layer(self, place: int, entry: Json) -> Strip:
        layer = self.reader.layer(entry["name"])
        slug, filters = link(entry).slug, layer["filters"]
        pictures = write_pictures(self.reader, self.folder, slug, filters, self.photos)
        self.best.add(place, filters)
        self._text(f"{slug}/results.json", canonical(layer_results(entry, layer, self.photos, pictures)) + "\n")
        chunk = _LONG_CHUNK if len(filters) > _LONG_LAYER else _CHUNK
        key = f"{self.about.name}/{slug}"
        data = layer_script(self.about, self.record, place, layer, self.photos, pictures, self.labels, chunk)
        self._text(f"{slug}/layer.js", script(key, data))
        for number in range(-(-len(filters) // chunk)):
            run = filters[number * chunk : (number + 1) * chunk]
            value = chunk_script(run, slug, self.record, self.photos, pictures, self.labels, self.published)
            self._text(f"{slug}/filters-{number}.js", script(f"{key}/filters-{number}", value))
        rows = filter_rows(filters, self.record["images"], pictures, slug)
        size = self.record["model"]["input"]["size"][1:]
        field = field_upon_photo(filters, size, self.photos.thumbs, self.photos.sizes)
        page = layer_page(self.about, self.record, place, layer, rows, field)
        body = self.templates.body("layer.md.j2", page=page)
        _write_page(self.folder, f"{slug}/index", entry["name"], body, self.templates)
        return pictures.strip

    def _model(self, strips: Sequence[Strip]) -> Json:
        placed, sizes = self._strips(strips)
        name = self.about.name
        data = model_script(self.about, self.record, self.photos, placed, self.labels)
        self._text("model.js", script(name, data))
        self._text("pictures.js", script(f"{name}/pictures", self.best.script()))
        self._text("results.json", canonical(model_results(self.about, self.record, self.photos)) + "\n")
        views = [
            [view(spot, sizes, f"Filter {index} of {entry['name']}", _STRIP_SHOWN_PX) for index, spot in strip]
            for entry, strip in zip(self.record["layers"], placed, strict=True)
        ]
        rows = [layer_row(entry, own) for entry, own in zip(self.record["layers"], views, strict=True)]
        page = model_page(self.about, self.record, rows)
        body = self.templates.body("model.md.j2", page=page)
        _write_page(self.folder, "index", self.about.title, body, self.templates)
        return {
            "layers": [[row.name, row.slug] for row in rows],
            "facts": [list(fact) for fact in page.facts],
            "views": [vars(one) for one in _few(views)],
            "missing": None,
        }

    def _strips(self, strips: Sequence[Strip]) -> tuple[list[list[tuple[int, Spot]]], dict[str, tuple[int, int]]]:
        """Write the strips of all layers, small pictures apart."""
        spots: dict[tuple[int, int], Spot] = {}
        sizes: dict[str, tuple[int, int]] = {}
        for sheet, sharp in enumerate((True, False)):
            own = [
                ((place, index), tile)
                for place, strip in enumerate(strips)
                for index, tile in strip
                if is_sharp(tile.shape[1], tile.shape[0]) == sharp
            ]
            name = f"strip-{sheet}.webp"
            if own:
                put, sizes[name] = write_sheet(self.folder / name, name, [tile for _, tile in own], _STRIP_QUALITY)
                spots.update((which, spot) for (which, _), spot in zip(own, put, strict=True))
        return [[(index, spots[place, index]) for index, _ in strip] for place, strip in enumerate(strips)], sizes

    def _text(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, "utf-8", newline="\n")


def _few(views: Sequence[Sequence[View]], at_most: int = 12) -> list[View]:
    """Some filters, from the first layer to the last, at even distances."""
    there = [view for own in views for view in own]
    step = max(1.0, len(there) / at_most)
    return [there[int(n * step)] for n in range(min(at_most, len(there)))]


def _index_folder(abouts: Sequence[About], folders: Sequence[Folder], parent: Path, templates: Templates) -> Folder:
    models = []
    for about, folder in zip(abouts, folders, strict=True):
        own = [View(**{**one, "src": f"{about.name}/{one['src']}"}) for one in folder.known["views"]]
        models.append({**folder.known, "name": about.name, "title": about.title, "views": own})

    def write(folder: Path) -> Json:
        _write_page(folder, "index", "Models", templates.body("models.md.j2", models=models), templates)
        return {}

    known = [[about.name, about.title, folder.known] for about, folder in zip(abouts, folders, strict=True)]
    return finished(parent, digest("index", known, _version(), _own(templates.overrides)), write)


def _write_page(folder: Path, name: str, title: str, body: str, templates: Templates) -> None:
    (folder / f"{name}.md").write_text(templates.page(title, body), "utf-8", newline="\n")
    (folder / f"{name}{_BODY}").write_text(body, "utf-8", newline="\n")


def _files(folder: Folder, under: str, titles: Mapping[str, str]) -> list[SiteFile]:
    found = []
    for name in folder.files:
        path = folder.root / name
        if name.endswith(".md"):
            found.append(SiteFile(f"{under}/{name}", path, path.with_suffix(_BODY), titles[name]))
        elif not name.endswith(_BODY):
            found.append(SiteFile(f"{under}/{name}", path))
    return found


def _links(files: Sequence[SiteFile]) -> dict[str, str]:
    links = {}
    for file in files:
        target = file.uri.removeprefix(f"{FOLDER}/")
        if file.body is not None:
            links[target.removesuffix("index.md").rstrip("/")] = file.uri
        elif target.endswith("results.json"):
            links[target] = file.uri
    return links


@cache
def _version() -> str:
    """What made the pages: the sources of this folder, templates included."""
    here = Path(__file__).parent
    sources = sorted([*here.glob("*.py"), *here.glob("templates/**/*.j2")])
    return digest(*[[path.relative_to(here).as_posix(), path.read_bytes()] for path in sources])


def _own(overrides: Path | None) -> list[list[str | bytes]]:
    """An author's own templates."""
    return [[path.name, path.read_bytes()] for path in sorted(overrides.glob("*.j2"))] if overrides else []
