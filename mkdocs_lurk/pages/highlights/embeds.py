"""The story and the network on one screen inside an author's own page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.embed import FilterPictures, check_model, find_filter
from mkdocs_lurk.pages.highlights.choices import STORY_CROPS
from mkdocs_lurk.pages.highlights.shown import (
    Highlights,
    MarkedPicture,
    ShownFilter,
    context_window,
    from_summary,
    mark_crop,
)
from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.pages.pictures.sheets import scale_box
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.records.results_records import FilterResult, MaximumResult, ModelResults

_STORY_KEYS, _NETWORK_KEYS = ("model", "show", "panels"), ("model", "show")
_PANEL_KEYS = ("layer", "filter", "title", "caption")
_DRAWN_PX, _CROP_PX = 224, 160
_NOTHING = "none of its filters has a picture that may be shown"


@dataclass(frozen=True)
class Panel:
    """A panel of the story, as ``lurk/story.html.j2`` receives it."""

    title: str
    text: object
    more: str
    url: str
    name: str
    crops: tuple[MarkedPicture, ...]
    drawn: SvgPicture | None
    shows_weights: bool


def render_story(keys: Mapping[object, object], site: Site, templates: Templates, address: Callable[[str], str]) -> str:
    """Render filters at growing depth: those that the rules choose, or the ones in ``panels``.

    Raises:
        ConfigError: A key is unknown, or the model, a layer or a filter is.
    """
    model = _model(keys, _STORY_KEYS, site)
    if (why := _why_nothing(model, site)) is not None:
        return templates.body("embed.html.j2", missing=why, layer=None, filter=None, model=site.titles[model])
    highlights = from_summary(site.highlights[model], lambda src: address(f"{site.folder(model)}/{src}"))
    if "panels" in keys:
        declared = keys["panels"]
        if not isinstance(declared, list) or not declared:
            raise ConfigError("lurk fence: panels is no list; give one, each item with layer and filter")
        panels = [_declared_panel(item, highlights, model, site, address) for item in declared]
    else:
        panels = [_chosen_panel(one, highlights.n_layers, model, site, address) for one in highlights.story]
    url = address(site.links[model])
    return templates.body("story.html.j2", panels=panels, title=site.titles[model], model_url=url)


def render_overview(
    keys: Mapping[object, object], site: Site, templates: Templates, address: Callable[[str], str]
) -> str:
    """Render the network on one screen, or its finds, as ``show`` says.

    Raises:
        ConfigError: A key is unknown, or the model is.
    """
    model = _model(keys, _NETWORK_KEYS, site)
    if (why := _why_nothing(model, site)) is not None:
        return templates.body("embed.html.j2", missing=why, layer=None, filter=None, model=site.titles[model])
    highlights = from_summary(site.highlights[model], lambda src: address(f"{site.folder(model)}/{src}"))
    return templates.body(
        f"{keys['show']}.html.j2",
        columns=highlights.columns,
        finds=highlights.finds,
        title=site.titles[model],
        model_url=address(site.links[model]),
        folder=address(f"{site.folder(model)}/results.json").removesuffix("results.json"),
    )


def _model(keys: Mapping[object, object], known: Sequence[str], site: Site) -> str:
    """Return the model that a fence names.

    Raises:
        ConfigError: It names none, or has an unknown key.
    """
    for key in keys:
        if key not in known:
            hint = near(str(key), known) or "; there are " + ", ".join(known)
            raise ConfigError(f"lurk fence: {key!r} is not known{hint}")
    if "model" not in keys:
        raise ConfigError("lurk fence: 'model' is missing; give the name of one")
    model = str(keys["model"])
    check_model(model, site)
    return model


def _why_nothing(model: str, site: Site) -> str | None:
    """Say why there is nothing to show of a model; None if there is something."""
    if (missing := site.missing.get(model)) is not None:
        return f"{site.titles[model]} is not shown: {missing}"
    return None if site.highlights[model]["story"] else f"{site.titles[model]} is not shown: {_NOTHING}."


def _chosen_panel(one: ShownFilter, n_layers: int, model: str, site: Site, address: Callable[[str], str]) -> Panel:
    url = f"{address(site.links[f'{model}/{one.slug}'])}#filter-{one.index}"
    title = f"Layer {one.place} of {n_layers}"
    return Panel(title, one.sentence, "", url, one.name, one.crops, one.drawn, one.shows_weights)


def _declared_panel(
    declared: object, highlights: Highlights, model: str, site: Site, address: Callable[[str], str]
) -> Panel:
    """Return the panel of a filter that the author names.

    Its pictures are those of the chosen story, where that holds it, too: they are in one small file. Else they are
    parts of the photos, and of the sheets of its layer.

    Raises:
        ConfigError: A key is unknown or missing, or the layer or the filter is unknown.
    """
    if not isinstance(declared, dict):
        raise ConfigError("lurk fence: panels: an item is no mapping; give each as layer and filter")
    for key in declared:
        if key not in _PANEL_KEYS:
            hint = near(str(key), _PANEL_KEYS) or "; there are " + ", ".join(_PANEL_KEYS)
            raise ConfigError(f"lurk fence: panels: {key!r} is not known{hint}")
    if "layer" not in declared or not isinstance(declared.get("filter"), int):
        raise ConfigError("lurk fence: panels: an item names no filter; give each a layer and, as a number, a filter")
    target, results, item = find_filter(site, model, declared["layer"], declared["filter"])
    layers, layer = list(site.layers[model]), results["layer"]
    called = item.get("name", item.get("output_class"))
    name = f"Filter {item['index']}{f' {called}' if called else ''} of {layer['title']}"
    place = f"Layer {layers.index(layer['name']) + 1} of {len(layers)}"
    pictures = FilterPictures(site.folder(target), results["sheets"], address)
    crops, drawn = _pictures(item, layer["name"], highlights, pictures, site, model)
    return Panel(
        title=str(declared.get("title", place)),
        text=declared.get("caption", f"{name}."),
        more=f"{place}. Receptive field: {formatting.receptive_field(layer['receptive_field'])}.",
        url=f"{address(site.links[target])}#filter-{item['index']}",
        name=name,
        crops=crops,
        drawn=drawn,
        shows_weights=is_computed(item.get("kernel")),
    )


def _pictures(
    item: FilterResult, layer: str, highlights: Highlights, pictures: FilterPictures, site: Site, model: str
) -> tuple[tuple[MarkedPicture, ...], SvgPicture | None]:
    """Return the crops of a filter with what surrounds them, and its synthesis or its weights."""
    for one in highlights.story:
        if (one.layer, one.index) == (layer, item["index"]):
            return one.crops, one.drawn
    name, kernel = f"Filter {item['index']} of {layer}", item.get("kernel")
    weights = pictures.svg(kernel, f"{name}, its weights", _DRAWN_PX) if is_computed(kernel) else None
    drawn = weights or pictures.synthesis(item)
    return tuple(_crops(item, name, pictures, site, model)), drawn


def _crops(item: FilterResult, name: str, pictures: FilterPictures, site: Site, model: str) -> list[MarkedPicture]:
    """Return the published crops of a filter with what surrounds them."""
    images = _read_model(site.path(f"{site.folder(model)}/results.json"))["images"]
    marked = []
    for rank, maximum in enumerate(item.get("top_max", [])[:STORY_CROPS], 1):
        image = images[maximum["image"]]
        photo = image["picture"]
        if photo is not None and "crop" in maximum:
            marked.append(
                _crop(maximum, photo["rect"], (image["height"], image["width"]), pictures, f"{name}, crop {rank}")
            )
    return marked


def _crop(
    maximum: MaximumResult, photo: Sequence[int], frame: tuple[int, int], pictures: FilterPictures, text: str
) -> MarkedPicture:
    """Return a crop and its surroundings: a part of the photo, whose rectangle in its sheet is ``photo``."""
    window = context_window(maximum["box"], frame)
    top, left, bottom, right = scale_box(window, frame, (photo[3], photo[2]))
    rect = [photo[0] + left, photo[1] + top, right - left, bottom - top]
    view = pictures.svg({"src": maximum["crop"]["src"], "rect": rect}, text, _CROP_PX)
    return mark_crop(view, window, maximum["box"])


@lru_cache(maxsize=4)
def _read_model(path: Path) -> ModelResults:
    return cast("ModelResults", json.loads(path.read_text("utf-8")))
