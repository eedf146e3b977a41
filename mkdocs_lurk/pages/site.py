"""All pages and files of a site, made from the store's read-only view: one folder per model, written once."""

from __future__ import annotations

import logging
import posixpath
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from mkdocs_lurk.config.options import MODELS_FOLDER, ModelConfig
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.card_text import VERSIONS
from mkdocs_lurk.pages.comparison_folder import (
    NO_COMPARISONS,
    ComparisonPlace,
    Comparisons,
    ComparisonSummary,
    ComparisonWriter,
    check_comparison,
    comparison_title,
)
from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.highlights.shown import HighlightsSummary
from mkdocs_lurk.pages.link_previews import SitePreview, site_previews
from mkdocs_lurk.pages.live_page import LIVE_NETWORK
from mkdocs_lurk.pages.model_folder import write_model, write_page, write_placeholder
from mkdocs_lurk.pages.model_summary import BODY_SUFFIX, ModelSummary, check_folder
from mkdocs_lurk.pages.models_page import index_entry
from mkdocs_lurk.pages.nav import CLASSES, ModelPages, NavItem, navigation
from mkdocs_lurk.pages.nav_sections import ListedLayer
from mkdocs_lurk.pages.page_cache import CachedFolder, open_or_write
from mkdocs_lurk.pages.page_sources import OTHER_SOURCES
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site_files import SiteFile, link_targets, site_files
from mkdocs_lurk.store import Store, digest

log = logging.getLogger("mkdocs.plugins.lurk")


@dataclass(frozen=True)
class Site:
    """Everything that was generated.

    Attributes:
        files: Pages and files, in a fixed order.
        links: The address of each target that a link can name as ``lurk:TARGET``: ``NAME``, ``NAME/LAYER`` with the
            layer's name or its address, ``NAME/results.json``, or nothing for the list of models.
        layers: For each model the folder of each layer in the model's own, by the layer's name.
        nav: The pages as a tree.
        titles: The title of each model, by its name.
        folders: The folder of each model's pages under the site, by its name.
        missing: For each model without results, why there are none.
        compared: The folders of the comparisons that there are.
        not_compared: For each pair of models that cannot be compared, why.
        highlights: For each model the filters that any page can show of it.
        previews: For each model what links to its pages show on other sites; their pictures are not among ``files``.
    """

    files: tuple[SiteFile, ...]
    links: Mapping[str, str]
    layers: Mapping[str, Mapping[str, str]]
    nav: NavItem
    titles: Mapping[str, str]
    folders: Mapping[str, str]
    missing: Mapping[str, str]
    not_compared: Mapping[tuple[str, str], str]
    compared: tuple[str, ...]
    highlights: Mapping[str, HighlightsSummary]
    previews: Mapping[str, Sequence[SitePreview]]

    def folder(self, target: str) -> str:
        """Return the folder under the site of a link target: of a model, or of one of its layers by its address."""
        model, mark, layer = target.partition("/")
        return f"{self.folders[model]}{mark}{layer}"

    @property
    def is_live(self) -> bool:
        """Whether a model runs in the visitor's browser, so that the site holds what runs it."""
        return any(file.uri.endswith(f"/{LIVE_NETWORK}") for file in self.files)

    def path(self, uri: str) -> Path:
        """Return the path on disk of the file with this address."""
        return next(file.path for file in self.files if file.uri == uri)


class ModelStatus(Protocol):
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

    @property
    def unseen(self) -> tuple[str, ...]:
        """What the results were made from and is not at hand."""


def build_site(
    models: Sequence[ModelStatus],
    store: Store,
    cache_dir: Path,
    overrides: Path | None = None,
    comparisons: Comparisons = NO_COMPARISONS,
) -> Site:
    """Write the pages of every model that are not in the cache yet, and list all files of the site.

    Args:
        models: In the order of the site.
        store: The store with their results.
        cache_dir: The folder of the cache; generated files are kept in its ``pages/``.
        overrides: A folder with an author's own templates, if any.
        comparisons: Of pairs of the models; those with a model without results are left out.

    Raises:
        LurkError: Results are missing, a template or a card cannot be read, or the disk is full.
    """
    templates, cache_folder = Templates(overrides), cache_dir / "pages"
    folders = []
    for model in models:
        declared = DeclaredModel.from_config(model.config, model.unseen)
        folders.append((declared, _model_folder(model, declared, store, cache_folder, templates)))
    places = {model.config.name: model.config.folder for model in models}
    compared = _comparison_folders(models, comparisons, store, cache_folder, templates)
    files: list[SiteFile] = []
    if models:
        index = _index_folder(folders, places, cache_folder, templates)
        files += site_files(index, MODELS_FOLDER, {"index.md": "Models"})
    files += [f for one, folder in folders for f in site_files(folder, places[one.name], _titles(one, folder))]
    files += [f for page, folder in compared for f in site_files(folder, page.folder, {"index.md": page.title})]
    return _site(files, folders, places, compared)


def _site(
    files: Sequence[SiteFile],
    folders: Sequence[tuple[DeclaredModel, CachedFolder[ModelSummary]]],
    places: Mapping[str, str],
    compared: Sequence[tuple[ComparisonPlace, CachedFolder[ComparisonSummary]]],
) -> Site:
    """Say of a site's files what they are; ``places`` holds the folder of each model's pages under the site."""
    layers = {declared.name: dict(folder.summary["layers"]) for declared, folder in folders}
    return Site(
        files=tuple(files),
        links=link_targets(files, layers, places),
        layers=layers,
        nav=navigation(_listed_models(folders, places), [(page.title, page.folder) for page, _ in compared]),
        titles={declared.name: declared.title for declared, _ in folders},
        folders=places,
        missing={declared.name: why for declared, folder in folders if (why := folder.summary["missing"])},
        highlights={declared.name: one.summary["highlights"] for declared, one in folders},
        compared=tuple(page.folder for page, one in compared if one.summary["missing"] is None),
        not_compared={page.pair: why for page, one in compared if (why := one.summary["missing"])},
        previews={declared.name: site_previews(one.root, one.summary["previews"]) for declared, one in folders},
    )


def _titles(declared: DeclaredModel, folder: CachedFolder[ModelSummary]) -> dict[str, str]:
    """Return the title of each page of a model, by its path in the model's folder."""
    titles = {"index.md": declared.title}
    slugs = [slug for _, slug in folder.summary["layers"]]
    titles |= {f"{slug}/index.md": title for slug, title in zip(slugs, folder.summary["titles"], strict=True)}
    titles |= {f"{address}/index.md": title for title, address in folder.summary["pages"]}
    return titles | {f"{CLASSES}/{slug}/index.md": label for label, slug in folder.summary["classes"]}


def _listed_models(
    folders: Sequence[tuple[DeclaredModel, CachedFolder[ModelSummary]]], places: Mapping[str, str]
) -> list[ModelPages]:
    """Return the models as a navigation lists them."""
    return [
        ModelPages(places[declared.name], declared.title, one.summary["pages"], _listed_layers(one.summary))
        for declared, one in folders
    ]


def _listed_layers(summary: ModelSummary) -> list[ListedLayer]:
    """Return the layers as a navigation lists them."""
    named = zip(summary["titles"], summary["layers"], strict=True)
    return [ListedLayer(title, name, slug) for title, (name, slug) in named]


def drop_unused(models: Sequence[ModelStatus], cache_dir: Path, overrides: Path | None = None) -> int:
    """Remove generated folders that the declared models do not use; returns the bytes set free."""
    cache_folder = cache_dir / "pages"
    used = {_key(model, DeclaredModel.from_config(model.config, model.unseen), overrides) for model in models}
    freed = 0
    for path in cache_folder.iterdir() if cache_folder.is_dir() else ():
        if path.name not in used:
            freed += sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            shutil.rmtree(path, ignore_errors=True)
    return freed


def _key(model: ModelStatus, declared: DeclaredModel, overrides: Path | None) -> str:
    """Return the digest of everything that shapes the folder of a model."""
    results = ["placeholder", declared.disclosure.reason(model.reason)] if model.key is None else ["model", model.key]
    names = [[layer, sorted(own.items())] for layer, own in sorted(declared.names.items())]
    declaration = [declared.name, declared.title, declared.source, declared.card_text, declared.unseen, names]
    return digest(
        *results, *declaration, declared.disclosure, VERSIONS, _sources_digest(), _override_contents(overrides)
    )


def _model_folder(
    model: ModelStatus, declared: DeclaredModel, store: Store, cache_folder: Path, templates: Templates
) -> CachedFolder[ModelSummary]:
    def write(folder: Path) -> ModelSummary:
        if model.key is None:
            return write_placeholder(folder, declared, declared.disclosure.reason(model.reason), templates)
        log.info("writing the pages of %s", declared.name)
        return write_model(folder, declared, DisclosedReader(store, model.key, model.config), templates)

    return open_or_write(cache_folder, _key(model, declared, templates.overrides), write, check_folder)


def _comparison_folders(
    models: Sequence[ModelStatus], comparisons: Comparisons, store: Store, cache_folder: Path, templates: Templates
) -> list[tuple[ComparisonPlace, CachedFolder[ComparisonSummary]]]:
    """Write the comparisons of models with results."""
    by_name = {model.config.name: model for model in models}
    found = []
    for pair in comparisons.pairs:
        both = [by_name[name] for name in pair]
        if all(model.key is not None for model in both):
            declared = [DeclaredModel.from_config(model.config, model.unseen) for model in both]
            keys = [_key(model, one, templates.overrides) for model, one in zip(both, declared, strict=True)]
            key = digest("comparison", keys, [model.config.folder for model in both])
            write = ComparisonWriter(both, declared, comparisons.compare, store, templates)
            page = ComparisonPlace(pair, comparison_title(*(one.title for one in declared)))
            found.append((page, open_or_write(cache_folder, key, write, check_comparison)))
    return found


def _index_folder(
    folders: Sequence[tuple[DeclaredModel, CachedFolder[ModelSummary]]],
    places: Mapping[str, str],
    cache_folder: Path,
    templates: Templates,
) -> CachedFolder[Mapping[str, object]]:
    """Write the list of models."""
    summaries = [
        (declared.name, posixpath.relpath(places[declared.name], MODELS_FOLDER), declared.title, folder.summary)
        for declared, folder in folders
    ]

    def write(folder: Path) -> Mapping[str, object]:
        entries = [index_entry(name, place, title, summary) for name, place, title, summary in summaries]
        write_page(folder, "index", "Models", templates.body("models.md.j2", models=entries), templates)
        return {}

    key = digest("index", summaries, _sources_digest(), _override_contents(templates.overrides))
    return open_or_write(cache_folder, key, write, _check_index)


def _check_index(names: Collection[str], summary: object) -> None:
    if set(names) != {"index.md", f"index{BODY_SUFFIX}"} or summary != {}:
        raise StoreError("it holds something else than the list of models")


@cache
def _sources_digest() -> str:
    """Return the digest of the code and the templates that shape pages."""
    folder, package = Path(__file__).parent, Path(__file__).parents[1]
    sources = sorted([*folder.rglob("*.py"), *folder.glob("*.json"), *folder.glob("templates/**/*.j2")])
    sources += [package / name for name in OTHER_SOURCES]
    return digest(*[[path.relative_to(package).as_posix(), path.read_bytes()] for path in sources])


def _override_contents(overrides: Path | None) -> list[tuple[str, bytes]]:
    """Return name and contents of an author's own templates."""
    return [(path.name, path.read_bytes()) for path in sorted(overrides.glob("*.j2"))] if overrides else []
