"""What the rest of a site needs to know of a model's folder, and what such a folder may hold."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TypedDict, cast

from mkdocs_lurk.addresses import is_address_of
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.highlights.shown import HighlightsSummary, summary_filters, summary_pictures
from mkdocs_lurk.pages.link_previews import Preview
from mkdocs_lurk.pages.nav import CLASSES, PAGES
from mkdocs_lurk.pages.pictures.svg_pictures import PictureSummary
from mkdocs_lurk.records.record_check import check_record, record_error

BODY_SUFFIX = ".body"
_OWN_FILES = re.compile(
    r"index\.(md|body)|results\.json|(model|pictures|quiz|live|live-network|live-samples)\.js|(photos|thumbs|strip|story|network|finds)-[0-9]+\.webp|preview\.jpg"
)
_LAYER_FILES = re.compile(
    r"index\.(md|body)|results\.json|(layer|filters-[0-9]+)\.js|(sheet|tiles)-[0-9]+\.webp|preview(-[0-9]+)?\.jpg"
)


class ModelSummary(TypedDict):
    """What the rest of the site needs to know of a model's folder.

    Attributes:
        layers: Name and slug of each layer.
        titles: The title of each layer.
        facts: Label, value and meaning of each fact, for the list of models.
        views: Pictures of some filters, for the list of models.
        pages: Title and folder of each page of its own beside those of layers, as navigation lists them.
        classes: Label and slug of each class with a page.
        highlights: The filters that any page can show as a story, or as the network on one screen.
        previews: What links to its pages show on other sites.
        missing: Why there are no results; None if there are.
    """

    layers: list[tuple[str, str]]
    titles: list[str]
    facts: list[tuple[str, str, str]]
    views: list[PictureSummary]
    pages: list[tuple[str, str]]
    classes: list[tuple[str, str]]
    highlights: HighlightsSummary
    previews: list[Preview]
    missing: str | None


def check_folder(names: Collection[str], summary: object) -> None:
    """Check that a model's folder from the cache is one that ``write_model`` or ``write_placeholder`` can write.

    Args:
        names: The paths of its files, relative to it.
        summary: What was stored as its ``ModelSummary``.

    Raises:
        StoreError: The summary has a wrong type or address, a page is missing, or a file has another name than ours.
    """
    check_record(summary, ModelSummary, "the summary")
    checked = cast("ModelSummary", summary)
    if len(checked["titles"]) != len(checked["layers"]):
        raise StoreError("the summary: there is not one title for each layer")
    slugs = _check_addresses(checked)
    for folder in ("", *(f"{slug}/" for slug in slugs)):
        if lacking := {f"{folder}index.md", f"{folder}index{BODY_SUFFIX}"}.difference(names):
            raise StoreError(f"it has no {min(lacking)}")
    for name in names:
        slug, _, file = name.rpartition("/")
        if (slug and slug not in slugs) or not (_LAYER_FILES if slug else _OWN_FILES).fullmatch(file):
            raise StoreError(f"it holds {ascii(name)[:90]}, which is not among a model's files")
    for view in (*checked["views"], *summary_pictures(checked["highlights"])):
        sides = [value for field, value in view.items() if isinstance(value, int) and field not in ("x", "y")]
        if view["src"] not in names or min(*sides) < 1 or min(view["x"], view["y"]) < 0:
            raise StoreError("the summary: a picture is not in the folder, or has no size")
    pages = {"", *(slug for _, slug in checked["layers"])}
    if any(one["image"] not in names or one["page"] not in pages for one in checked["previews"]):
        raise StoreError("the summary: a preview is of no page, or has no picture")
    layers = {(name, slug) for name, slug in checked["layers"]}
    if any((one["layer"], one["slug"]) not in layers for one in summary_filters(checked["highlights"])):
        raise StoreError("the summary: a filter to show is of no layer")


def _check_addresses(summary: ModelSummary) -> set[str]:
    """Check that every page's address is one that its title leads to; returns all addresses.

    Raises:
        StoreError: One is not.
    """
    for kind, addresses in (("layer", summary["layers"]), ("class", summary["classes"])):
        for name, slug in addresses:
            if not is_address_of(slug, name):
                raise record_error(f"the summary: the address of a {kind}", slug, f"that of {ascii(name)[:60]}")
    for title, address in summary["pages"]:
        if PAGES.get(address) != title:
            raise record_error("the summary: the address of a page", address, f"that of {ascii(title)[:60]}")
    own, layers = ({slug for _, slug in addresses} for addresses in (summary["pages"], summary["layers"]))
    return own | layers | {f"{CLASSES}/{slug}" for _, slug in summary["classes"]}
