"""A single filter inside an author's own page: static pictures with a link to the filter's place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.names import slug
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.sheets import Spot
from mkdocs_lurk.pages.site import FOLDER, Site
from mkdocs_lurk.pages.views import View, view

_KEYS = ("model", "layer", "filter", "show", "caption")
_SHOWS = ("all", "crops", "synthesis")
_SHOWN_PX = 112

Json = dict[str, Any]


def draw_filter(declared: str, site: Site, templates: Templates, address: Callable[[str], str]) -> str:
    """Make the HTML of an embedded filter.

    Args:
        declared: YAML with ``model``, ``layer``, ``filter`` and, if wanted, ``show`` (``all``, ``crops`` or
            ``synthesis``) and ``caption``.
        site: What was generated.
        templates: The templates of pages.
        address: Makes of an address under the site one for the page at hand.

    Raises:
        ConfigError: A key is unknown, or the model, the layer or the filter is.
    """
    keys = _read(declared)
    layer = slug(str(keys["layer"]))
    model = str(keys["model"])
    if model not in site.links or not model:
        models = [target for target in site.links if target and "/" not in target]
        raise ConfigError(f"lurk fence: there is no model {model!r}{near(model, models)}")
    missing = site.missing.get(model)
    if missing is not None:
        return templates.body(
            "embed.html.j2", missing=missing, layer=keys["layer"], filter=keys["filter"], model=site.titles[model]
        )
    target = f"{model}/{layer}"
    if target not in site.links:
        layers = [other.removeprefix(f"{model}/") for other in site.links if other.startswith(f"{model}/")]
        raise ConfigError(f"lurk fence: {model} has no layer {keys['layer']!r}{near(str(keys['layer']), layers)}")
    found = _results(site.path(f"{FOLDER}/{target}/results.json"))
    item = next((one for one in found["filters"] if one["index"] == keys["filter"]), None)
    if item is None:
        raise ConfigError(f"lurk fence: filter {keys['filter']} of {target} was not looked at, or does not exist")
    crops, synthesis = _views(item, found, f"{FOLDER}/{target}", keys.get("show", "all"), address)
    return templates.body(
        "embed.html.j2",
        page_url=address(site.links[target]),
        model_url=address(site.links[model]),
        model=site.titles[model],
        layer=keys["layer"],
        filter=keys["filter"],
        crops=crops,
        synthesis=synthesis,
        caption=keys.get("caption"),
        missing=None if crops or synthesis else "there is no such picture",
    )


def _read(declared: str) -> Json:
    try:
        keys = yaml.safe_load(declared)
    except yaml.YAMLError as error:
        raise ConfigError(f"lurk fence: this is no YAML: {getattr(error, 'problem', error)}") from error
    if not isinstance(keys, dict):
        raise ConfigError("lurk fence: give model, layer and filter, each on a line of its own")
    for key in keys:
        if key not in _KEYS:
            raise ConfigError(f"lurk fence: {key!r} is not known{near(str(key), _KEYS)}")
    for key in _KEYS[:3]:
        if key not in keys:
            raise ConfigError(f"lurk fence: {key!r} is missing")
    if not isinstance(keys["filter"], int):
        raise ConfigError(f"lurk fence: filter: {keys['filter']!r} is no number")
    if keys.get("show", "all") not in _SHOWS:
        raise ConfigError(f"lurk fence: show: {keys['show']!r} is not known; give all, crops or synthesis")
    return keys


@lru_cache(maxsize=16)
def _results(path: Path) -> Json:
    found: Json = json.loads(path.read_text("utf-8"))
    return found


def _views(
    item: Json, found: Mapping[str, Any], folder: str, show: str, address: Callable[[str], str]
) -> tuple[list[View], View | None]:
    def one(picture: Json, text: str) -> View:
        src = str(picture["src"])
        x, y, width, height = picture["rect"]
        uri = address(_joined(folder, src))
        return view(Spot(uri, x, y, width, height), {uri: found["sheets"][src]}, text, _SHOWN_PX)

    crops: list[View] = []
    best = item.get("top_max")
    if show != "synthesis" and isinstance(best, list):
        crops = [one(entry["crop"], f"Crop {rank}") for rank, entry in enumerate(best, 1) if "crop" in entry]
    made = item.get("max_activ") or {}
    synthesis = (
        one(made["picture"], "Picture made by gradient ascent") if show != "crops" and "picture" in made else None
    )
    return crops, synthesis


def _joined(folder: str, src: str) -> str:
    """The address under the site of what lies at ``src``, seen from a folder."""
    if src.startswith("../"):
        return str(PurePosixPath(folder).parent / src[3:])
    return f"{folder}/{src}"
