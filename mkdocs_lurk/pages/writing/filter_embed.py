"""Filters inside an author's own page: static pictures and figures, with a link to each filter's place."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.pages.embed import FilterPictures, check_model, find_filter
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.pages.writing.filter_parts import PARTS, Part, ShownFrom
from mkdocs_lurk.records.results_records import FilterResult, ModelResults

KEYS = ("model", "layer", "filter", "filters", "show", "size", "link", "caption")
_NAMED_KEYS = ("model", "layer", "filter")
_ALL = ("crops", "synthesis")
_SIZE_PX, _SMALLEST_PX, _LARGEST_PX, _MOST_FILTERS = 112, 24, 512, 24
_NONE = "there is no such picture that shows what the filter looks for"
_WITHHELD = "the author does not publish the photos that it responds to most"


@dataclass(frozen=True)
class _Named:
    """A filter that a fence names; ``layer`` as YAML reads it: ``0`` is a number."""

    model: str
    layer: object
    index: int


@dataclass(frozen=True)
class EmbeddedFilter:
    """A filter, as ``lurk/embed.html.j2`` receives it.

    Attributes:
        url: The address of its place; None if it is not to be linked.
        called: Its name, or the class of its output; None without one.
        name: What it is called where several are shown.
        parts: What is shown of it.
    """

    index: int
    called: str | None
    layer: str
    model: str
    url: str | None
    page_url: str
    model_url: str
    name: str
    parts: tuple[Part, ...]

    @property
    def groups(self) -> list[Part]:
        """What is shown, in order: pictures without lines of several parts are in one row."""
        groups: list[Part] = []
        for part in self.parts:
            if part.is_plain and groups and groups[-1].is_plain:
                groups[-1] = Part(pictures=groups[-1].pictures + part.pictures)
            elif not part.is_empty:
                groups.append(part)
        return groups


def render_filters(
    keys: Mapping[object, object], site: Site, templates: Templates, address: Callable[[str], str]
) -> str:
    """Render the HTML of one filter, or of several side by side.

    Args:
        keys: ``model``, ``layer`` and ``filter``, or ``filters`` with numbers, or with a model, a layer and a filter
            each; if wanted, ``show`` (names of ``PARTS``), ``size`` in pixels, ``link`` and ``caption``.
        site: What was generated.
        templates: The templates of pages.
        address: Turns an address under the site into one for the page with the fence.

    Raises:
        ConfigError: A key is unknown, or a model, a layer or a filter is.
    """
    _check_keys(keys, KEYS)
    named, shows, size, link = _named(keys), _shows(keys.get("show", "all")), _size(keys), _link(keys)
    for one in named:
        check_model(one.model, site)
        if (missing := site.missing.get(one.model)) is not None:
            title = site.titles[one.model]
            return templates.body("embed.html.j2", missing=missing, layer=one.layer, filter=one.index, model=title)
    found = [_Found.of(one, site) for one in named]
    filters = [one.shown(shows, size, link, address) for one in found]
    withheld = "crops" in shows and any(one.withholds for one in found)
    anything = any(not part.is_empty for one in filters for part in one.parts)
    return templates.body(
        "embed.html.j2",
        filters=filters,
        shows=shows,
        lacking=_lacking(shows, filters) if anything else (),
        caption=keys.get("caption"),
        withheld=withheld,
        layer=named[0].layer,
        filter=named[0].index,
        model=site.titles[named[0].model],
        missing=None if anything else _WITHHELD if withheld else _NONE,
    )


@dataclass(frozen=True)
class _Found:
    """A named filter, and what is published of it."""

    named: _Named
    site: Site
    target: str
    item: FilterResult
    layer: str
    sheets: Mapping[str, list[int]]

    @classmethod
    def of(cls, named: _Named, site: Site) -> _Found:
        target, results, item = find_filter(site, named.model, named.layer, named.index)
        return cls(named, site, target, item, results["layer"]["title"], results["sheets"])

    @property
    def withholds(self) -> bool:
        """Whether crops of it are not published."""
        return any("crop" not in maximum for maximum in self.item.get("top_max", []))

    def shown(
        self, shows: Sequence[str], size_px: int, link: str | bool, address: Callable[[str], str]
    ) -> EmbeddedFilter:
        site, named = self.site, self.named
        pictures = FilterPictures(site.folder(self.target), self.sheets, address)
        images = _model_results(site.path(f"{site.folder(named.model)}/results.json"))["images"]
        source = ShownFrom(self.item, pictures, images, size_px)
        called = self.item.get("name", self.item.get("output_class"))
        place = f"{address(site.links[self.target])}#filter-{named.index}"
        return EmbeddedFilter(
            index=named.index,
            called=called,
            layer=self.layer,
            model=site.titles[named.model],
            url=link if isinstance(link, str) else place if link else None,
            page_url=place,
            model_url=address(site.links[named.model]),
            name=f"Filter {named.index}{f' {called}' if called else ''} of {self.layer} in {site.titles[named.model]}",
            parts=tuple(PARTS[show](source) for show in shows),
        )


def _named(keys: Mapping[object, object]) -> list[_Named]:
    """Return the filters that a fence names.

    Raises:
        ConfigError: It names none, both one and several, or too many.
    """
    several = keys.get("filters")
    if several is None:
        return [_one(keys)]
    if "filter" in keys:
        raise ConfigError("lurk fence: it has both 'filter' and 'filters'; give one of them")
    if not isinstance(several, list) or not 1 <= len(several) <= _MOST_FILTERS:
        raise ConfigError(f"lurk fence: filters: this is no list of filters; give 1 to {_MOST_FILTERS} of them")
    common: dict[object, object] = {key: value for key, value in keys.items() if key in _NAMED_KEYS}
    for one in several:
        _check_keys(one if isinstance(one, dict) else {}, _NAMED_KEYS)
    return [_one(common | (one if isinstance(one, dict) else {"filter": one})) for one in several]


def _check_keys(keys: Mapping[object, object], known: Sequence[str]) -> None:
    for key in keys:
        if key not in known:
            hint = near(str(key), known) or "; there are " + ", ".join(known)
            raise ConfigError(f"lurk fence: {key!r} is not known{hint}")


def _one(keys: Mapping[object, object]) -> _Named:
    for key in _NAMED_KEYS:
        if key not in keys:
            raise ConfigError(
                f"lurk fence: {key!r} is missing; give model, layer and filter, each on a line of its own"
            )
    index = keys["filter"]
    if not isinstance(index, int) or isinstance(index, bool):
        raise ConfigError(f"lurk fence: filter: {index!r} is no number; give that of a filter, from 0 on")
    return _Named(str(keys["model"]), keys["layer"], index)


def _shows(declared: object) -> tuple[str, ...]:
    """Return what is shown of each filter.

    Raises:
        ConfigError: Something is unknown.
    """
    if declared == "all":
        return _ALL
    shows = declared if isinstance(declared, list) and declared else [declared]
    for show in shows:
        if show not in PARTS:
            hint = near(str(show), PARTS) or f"; give a list of {', '.join(PARTS)}"
            raise ConfigError(f"lurk fence: show: {show!r} is not known{hint}")
    return tuple(dict.fromkeys(shows))


def _size(keys: Mapping[object, object]) -> int:
    size = keys.get("size", _SIZE_PX)
    if not isinstance(size, int) or not _SMALLEST_PX <= size <= _LARGEST_PX:
        raise ConfigError(f"lurk fence: size: {size!r} is no size; give {_SMALLEST_PX} to {_LARGEST_PX} pixels")
    return size


def _link(keys: Mapping[object, object]) -> str | bool:
    """Return where pictures lead: an address, or whether they lead to the filter."""
    link = keys.get("link", True)
    if isinstance(link, bool) or (isinstance(link, str) and link.startswith(("lurk:", "https://", "http://"))):
        return link
    raise ConfigError(f"lurk fence: link: {link!r} leads nowhere; give true, false, or an address of lurk: or https:")


def _lacking(shows: Sequence[str], filters: Sequence[EmbeddedFilter]) -> tuple[str, ...]:
    """Return what no filter has of what is to be shown, apart from what the default shows if it is there."""
    lacking = (show for n, show in enumerate(shows) if all(one.parts[n].is_empty for one in filters))
    return () if tuple(shows) == _ALL else tuple(lacking)


@lru_cache(maxsize=4)
def _model_results(path: Path) -> ModelResults:
    return cast("ModelResults", json.loads(path.read_text("utf-8")))
