"""The filters that answer most to a class, layer by layer, inside an author's own page: as on the page of the class."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.pages.class_pages import FILTERS_PER_LAYER
from mkdocs_lurk.pages.embed import FilterPictures, check_model, find_layer
from mkdocs_lurk.pages.model_records import preferred_class
from mkdocs_lurk.pages.nav import CLASSES
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.records.results_records import FilterResult, ModelResults

_KEYS = ("model", "show", "class", "caption")
_CROP_PX = 72


@dataclass(frozen=True)
class EmbeddedClassFilter:
    """A filter, as ``lurk/class_filters.html.j2`` receives it; ``auc`` as a figure, ``crop`` of that class."""

    index: int
    name: str
    auc: str
    url: str
    crop: SvgPicture | None


@dataclass(frozen=True)
class EmbeddedClassLayer:
    """A layer with filters that answer most to the class, the clearest first."""

    title: str
    url: str
    filters: tuple[EmbeddedClassFilter, ...]
    left_out: int


def render_class(keys: Mapping[object, object], site: Site, templates: Templates, address: Callable[[str], str]) -> str:
    """Render the filters of a class.

    Raises:
        ConfigError: A key is unknown or missing, or the model or the class is.
    """
    for key in keys:
        if key not in _KEYS:
            hint = near(str(key), _KEYS) or "; there are " + ", ".join(_KEYS)
            raise ConfigError(f"lurk fence: {key!r} is not known{hint}")
    for key in ("model", "class"):
        if key not in keys:
            raise ConfigError(f"lurk fence: {key!r} is missing; give it for show: class")
    model, label = str(keys["model"]), str(keys["class"])
    check_model(model, site)
    title = site.titles[model]
    if (missing := site.missing.get(model)) is not None:
        return templates.body("embed.html.j2", missing=f"{title} is not shown: {missing}", layer=None, model=title)
    uri = _page_of(label, model, site)
    return templates.body(
        "class_filters.html.j2",
        layers=list(_layers(label, model, site, address)),
        label=label,
        url=address(uri),
        model=title,
        model_url=address(site.links[model]),
        caption=keys.get("caption"),
    )


def _page_of(label: str, model: str, site: Site) -> str:
    """Return the address of a class's page.

    Raises:
        ConfigError: It has none.
    """
    folder = f"{site.folder(model)}/{CLASSES}/"
    pages = {file.title: file.uri for file in site.files if file.body is not None and file.uri.startswith(folder)}
    pages = {title: uri for title, uri in pages.items() if uri != f"{folder}index.md"}
    if label not in pages:
        hint = near(label, pages) or ("; there are " + ", ".join(list(pages)[:8]) if pages else "; it has none")
        raise ConfigError(f"{model} has no page of a class {label!r}{hint}")
    return pages[label]


def _layers(label: str, model: str, site: Site, address: Callable[[str], str]) -> Iterator[EmbeddedClassLayer]:
    """Yield the layers with filters that answer most to a class, from the first on."""
    labels = [image["label"] for image in _model_results(site.path(f"{site.folder(model)}/results.json"))["images"]]
    for name in site.layers[model]:
        target, results = find_layer(site, model, name)
        found = [(_auc(item), item) for item in results["filters"] if preferred_class(item) == label]
        found.sort(key=lambda one: (-one[0], one[1]["index"]))
        pictures = FilterPictures(site.folder(target), results["sheets"], address)
        url, title = address(site.links[target]), results["layer"]["title"]
        shown = tuple(
            EmbeddedClassFilter(
                index=item["index"],
                name=item.get("name", item.get("output_class", "")),
                auc=f"{auc:.2f}",
                url=f"{url}#filter-{item['index']}",
                crop=_crop(item, label, labels, pictures, f"{title}, filter {item['index']}: its best crop of {label}"),
            )
            for auc, item in found[:FILTERS_PER_LAYER]
        )
        if shown:
            yield EmbeddedClassLayer(title, url, shown, len(found) - len(shown))


def _auc(item: FilterResult) -> float:
    selectivity = item["stats"]["selectivity"]
    return 0.0 if selectivity is None else selectivity["auc"]


def _crop(
    item: FilterResult, label: str, labels: list[str | None], pictures: FilterPictures, text: str
) -> SvgPicture | None:
    """Return the filter's best published crop of a picture of the class; None if there is none."""
    for maximum in item.get("top_max", []):
        if labels[maximum["image"]] == label and "crop" in maximum:
            return pictures.svg(maximum["crop"], text, _CROP_PX)
    return None


@lru_cache(maxsize=4)
def _model_results(path: Path) -> ModelResults:
    return cast("ModelResults", json.loads(path.read_text("utf-8")))
