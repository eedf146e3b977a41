"""What fences share: reading them, and finding what they name in what is published."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import cast

from mkdocs_lurk.errors import ConfigError, join_first, near
from mkdocs_lurk.limits import MOST_FENCE
from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.pages.pictures.sheets import SheetRegion
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture, svg_picture
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.records.results_records import FilterResult, LayerResults, Picture
from mkdocs_lurk.yaml_text import YamlTextError, read_yaml

_PICTURE_PX = 112


def read_fence(contents: str) -> dict[object, object]:
    """Read the YAML of a fence.

    Raises:
        ConfigError: It is no mapping, or too long.
    """
    if len(contents) > MOST_FENCE:
        raise ConfigError(f"lurk fence: it has {len(contents):,} characters; give {MOST_FENCE:,} at most")
    try:
        keys = read_yaml(contents)
    except YamlTextError as error:
        raise ConfigError(
            f"lurk fence: this is no YAML that is read: {error}; write lines of 'key: value', and put a text that "
            "begins with a sign or holds ': ' in quotes"
        ) from error
    if not isinstance(keys, dict):
        raise ConfigError("lurk fence: it holds no keys; give model, layer and filter, each on a line of its own")
    return keys


def check_model(name: str, site: Site, place: str = "lurk fence") -> None:
    """Check that there is a model of a name.

    Raises:
        ConfigError: There is none.
    """
    if name not in site.titles:
        hint = near(name, site.titles) or "; there are " + join_first(site.titles, 5)
        raise ConfigError(f"{place}: there is no model {name!r}{hint}")


def find_layer(site: Site, model: str, layer: object) -> tuple[str, LayerResults]:
    """Find what is published of a layer, which may be called by its name or by its address.

    Returns:
        The link target of the layer, and its results.

    Raises:
        ConfigError: There is no such layer.
    """
    target = _layer_target(site, model, layer)
    return target, _read_results(site.path(f"{site.folder(target)}/results.json"))


def find_filter(site: Site, model: str, layer: object, index: int) -> tuple[str, LayerResults, FilterResult]:
    """Find a filter in what is published of its layer, which may be called by its name or by its address.

    Returns:
        The link target of the layer, its results, and the filter's.

    Raises:
        ConfigError: There is no such layer or filter.
    """
    target, results = find_layer(site, model, layer)
    return target, results, _find_filter(results, index, target)


def _layer_target(site: Site, model: str, layer: object) -> str:
    """Return the link target of a layer, which a fence may call by its name or by its address.

    Raises:
        ConfigError: The model has no such layer.
    """
    layers, wanted = site.layers[model], str(layer)
    address = layers.get(wanted, wanted)
    if address not in layers.values():
        hint = near(wanted, layers) or "; there are " + join_first(layers, 5)
        raise ConfigError(f"{model} has no layer {layer!r}{hint}")
    return f"{model}/{address}"


def _find_filter(results: LayerResults, index: int, target: str) -> FilterResult:
    for item in results["filters"]:
        if item["index"] == index:
            return item
    known = [item["index"] for item in results["filters"]]
    raise ConfigError(
        f"filter {index} of {target} was not analysed, or does not exist; it has {len(known)}, "
        f"from {min(known, default=0)} to {max(known, default=0)}"
    )


@lru_cache(maxsize=16)
def _read_results(path: Path) -> LayerResults:
    return cast("LayerResults", json.loads(path.read_text("utf-8")))


@dataclass(frozen=True)
class FilterPictures:
    """Turns pictures of a layer's ``results.json`` into SVGs for another page.

    Attributes:
        folder: The layer's folder under the site.
        sheets: The size of every sheet, as ``results.json`` has it.
        address: Turns an address under the site into one for the page.
    """

    folder: str
    sheets: Mapping[str, list[int]]
    address: Callable[[str], str]

    def crops(self, item: FilterResult) -> list[SvgPicture]:
        """Return the crops of the highest maxima."""
        maxima = enumerate(item.get("top_max", []), 1)
        return [self.svg(maximum["crop"], f"Crop {rank}") for rank, maximum in maxima if "crop" in maximum]

    def synthesis(self, item: FilterResult) -> SvgPicture | None:
        """Return the picture made by gradient ascent, if there is one that shows what the filter looks for."""
        synthesis = item.get("max_activ")
        if not is_computed(synthesis) or synthesis["won_by"] is not None:
            return None
        return self.svg(synthesis["picture"], "Picture made by gradient ascent")

    def svg(self, picture: Picture, text: str, longer_side_px: int = _PICTURE_PX) -> SvgPicture:
        """Show a published picture."""
        x, y, width, height = picture["rect"]
        sheet_width, sheet_height = self.sheets[picture["src"]]
        address = self.address(join_address(self.folder, picture["src"]))
        region = SheetRegion(address, x, y, width, height)
        return svg_picture(region, {address: (sheet_width, sheet_height)}, text, longer_side_px)


def join_address(folder: str, src: str) -> str:
    """Return the address under the site of an address relative to a folder."""
    if src.startswith("../"):
        return str(PurePosixPath(folder).parent / src[3:])
    return f"{folder}/{src}"
