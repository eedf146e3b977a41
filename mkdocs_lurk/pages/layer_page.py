"""What the template of a layer's page receives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.pages.definitions import DEFINITIONS
from mkdocs_lurk.pages.effect_words import effect_meaning, effect_words, layer_sentences
from mkdocs_lurk.pages.escaping import escaped
from mkdocs_lurk.pages.facet_words import kinds_of_crops
from mkdocs_lurk.pages.model_page import layer_row
from mkdocs_lurk.pages.model_records import (
    is_computed,
    is_dead,
    label_correlation,
    label_name,
    preferred_class,
    skip_reason,
    synthesis_ratio,
)
from mkdocs_lurk.pages.pictures.layer_pictures import LayerPictures
from mkdocs_lurk.pages.pictures.photos import Photos
from mkdocs_lurk.pages.pictures.sheets import SheetRegion
from mkdocs_lurk.pages.pictures.svg_pictures import BoxedPicture, SvgPicture, svg_picture
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.model_record import FilterRecord, LayerEntry, LayerRecord
from mkdocs_lurk.records.response_records import RangeEntry

_TILE_PX, _RANGE_PX, _FOUND_LABELS = 96, 40, 24
_NO_PREFERENCE = {
    "border": "it wins mostly at the border, where the network reads padding beside the picture",
    "flat": "a flat picture of its mean colour does about as well",
}
_RESULT_TITLES = {
    "max_activ": "The picture made by gradient ascent",
    "wiring": "The wiring",
    "label": "The label",
    "effect": "The effect on the output",
    "facets": "The division of the crops into kinds",
}


@dataclass(frozen=True)
class LayerLink:
    """A layer whose page is linked."""

    name: str
    title: str
    slug: str


@dataclass(frozen=True)
class FilterRow:
    """A tile and a line of the table that stand in for the gallery on pages without JavaScript.

    ``range`` is the responses from the weakest picture to the strongest in words; ``range_photos`` are the photos of
    the weakest and of the median. ``effect`` is the classes that the filter raises and lowers most, ``kinds`` how many
    kinds its crops are of. These are empty
    where that was not asked for.
    """

    index: int
    name: str
    crop: SvgPicture | None
    synthesis: SvgPicture | None
    dead: bool
    best_max: str
    best_avg: str
    path: str
    ratio: str
    label: str
    effect: str = ""
    kinds: str = ""
    range: str = ""
    range_photos: tuple[SvgPicture, ...] = ()


@dataclass(frozen=True)
class FoundFilter:
    """A filter that a site's search finds by its name or its label."""

    index: int
    title: str
    text: str


@dataclass(frozen=True)
class LayerPage:
    """What ``lurk/layer.md.j2`` receives as ``page``."""

    about: DeclaredModel
    title: str
    layer: LayerLink
    line: Markup
    field_note: str
    field: BoxedPicture | None
    previous: LayerLink | None
    next: LayerLink | None
    filters: tuple[FilterRow, ...]
    found: tuple[FoundFilter, ...]
    missing: tuple[str, ...]
    for_author: tuple[str, ...]
    gradient: str
    top_k: int
    synthesis: bool
    has_effect: bool
    effect: tuple[str, ...]
    effect_meaning: str
    record: LayerRecord
    is_live: bool
    meanings: Mapping[str, str]


def layer_page(
    model: PublishedModel,
    place: int,
    layer: LayerRecord,
    rows: Sequence[FilterRow],
    field: BoxedPicture | None = None,
) -> LayerPage:
    """Gather everything that a layer's page says.

    Args:
        model: The model.
        place: The layer's place in the record's list.
        layer: The layer record.
        rows: Its tiles and lines.
        field: The receptive field of a unit, drawn upon a photo.
    """
    record, declared = model.record, model.declared
    entries = record["layers"]
    entry = entries[place]
    title = model.titles[entry["name"]]
    return LayerPage(
        about=declared,
        title=title,
        layer=_link(model, place),
        line=_summary_line(entry),
        field_note=formatting.sentence(entry["field_note"]),
        field=field,
        previous=_link(model, place - 1) if place else None,
        next=_link(model, place + 1) if place + 1 < len(entries) else None,
        filters=tuple(rows),
        found=tuple(_found_filters(model, entry, layer["filters"])),
        missing=tuple(_missing_results(entry, layer["filters"])),
        for_author=tuple(_notes_for_author(declared, entry, layer["filters"])),
        gradient=formatting.GRADIENT_METHODS.get(record["gradient"], record["gradient"]),
        top_k=record["top_k"],
        synthesis=any(is_computed(item.get("max_activ")) for item in layer["filters"]),
        has_effect=any(is_computed(item.get("effect")) for item in layer["filters"]),
        effect=tuple(layer_sentences(layer.get("effect"), entry["name"])),
        effect_meaning=effect_meaning(layer["filters"]),
        record=layer,
        is_live=is_computed(model.record.get("live")),
        meanings=DEFINITIONS,
    )


def filter_rows(
    model: PublishedModel, entry: LayerEntry, filters: Sequence[FilterRecord], pictures: LayerPictures
) -> tuple[FilterRow, ...]:
    """Return the tiles and lines of a layer."""
    rows, slug, images, photos = [], entry["slug"], model.record["images"], model.photos
    for item, crop, synthesis in zip(filters, pictures.crops, pictures.syntheses, strict=True):
        maxima, means = item.get("top_max", []), item.get("top_avg", [])
        index, best_class, picked = item["index"], preferred_class(item), item.get("range", [])
        rows.append(
            FilterRow(
                index=index,
                name=model.names.name(entry["name"], index) or "",
                crop=_tile(crop, pictures, slug, f"Filter {index}: the crop of its highest maximum"),
                synthesis=_tile(synthesis, pictures, slug, f"Filter {index}: the picture made by gradient ascent"),
                dead=is_dead(item),
                best_max=formatting.score(maxima[0]["score"] if maxima else None),
                best_avg=formatting.score(means[0]["score"] if means else None),
                path=images[maxima[0]["image"]]["path"] if maxima else "-",
                ratio=formatting.ratio(synthesis_ratio(item)),
                label=_label_words(item) or best_class or ("no clear preference" if item.get("classes") else "-"),
                effect=effect_words(item.get("effect")),
                kinds=kinds_of_crops(item),
                range=", ".join(f"{_range_name(entry)} {formatting.score(entry['score'])}" for entry in picked[::-1]),
                range_photos=tuple(_range_photos(index, picked, photos)),
            )
        )
    return tuple(rows)


def _found_filters(model: PublishedModel, entry: LayerEntry, filters: Sequence[FilterRecord]) -> list[FoundFilter]:
    """Return the filters that a search should find: those with a name, and some of those with the surest labels."""
    name = entry["name"]
    surest = sorted(filters, key=lambda item: (-(label_correlation(item) or -1), item["index"]))[:_FOUND_LABELS]
    labelled = {item["index"] for item in surest if label_correlation(item) is not None}
    found = []
    for item in filters:
        index, called = item["index"], model.names.name(name, item["index"])
        if called or index in labelled:
            answers = f"Answers to {label_name(item)}." if index in labelled else ""
            found.append(FoundFilter(index, f"filter {model.names.title(name, index)}", answers))
    return found


def _link(model: PublishedModel, place: int) -> LayerLink:
    entry = model.record["layers"][place]
    return LayerLink(entry["name"], model.titles[entry["name"]], entry["slug"])


def _summary_line(entry: LayerEntry) -> Markup:
    row = layer_row(entry, entry["name"])
    facts = [
        f"{row.kind[:1].upper()}{row.kind[1:]}",
        formatting.plural(entry["filters"], "filter"),
        f"output {row.output}",
        Markup('<span title="{}">receptive field {}</span>').format(escaped(row.field_meaning), escaped(row.field)),
        formatting.plural(entry["parameters"], "parameter"),
    ]
    return Markup(", ").join(map(escaped, facts)) + "."


def _missing_results(entry: LayerEntry, filters: Sequence[FilterRecord]) -> list[str]:
    """Say in sentences which filters and results a visitor does not find here."""
    sentences = []
    if len(filters) < entry["filters"]:
        sentences.append(f"{len(filters):,} of {formatting.plural(entry['filters'], 'filter')} were analysed.")
    for (result, why), count in _count_skipped(filters).items():
        what = result if count == len(filters) else f"{result} of {formatting.plural(count, 'filter')}"
        sentences.append(f"{what} was not computed: {why.rstrip('.')}.")
    sentences += _syntheses_without_preference(filters)
    if filters and all("max_activ" not in item for item in filters):
        sentences.append("No pictures were made by gradient ascent.")
    return sentences


def _notes_for_author(declared: DeclaredModel, entry: LayerEntry, filters: Sequence[FilterRecord]) -> list[str]:
    """Say in sentences what computes what is missing; parts between backticks are code."""
    changes = []
    if len(filters) < entry["filters"]:
        changes.append("`filters` in `mkdocs.yml` chooses which filters are analysed; `all` is every one of them.")
    if any(skip_reason(item.get("max_activ")) or "max_activ" not in item for item in filters):
        changes.append("`synthesis` chooses for which of them a picture is made.")
    return [*changes, f"`{declared.analyze}` computes what is missing."] if changes else []


def _syntheses_without_preference(filters: Sequence[FilterRecord]) -> list[str]:
    """Say of how many filters the synthesis is not shown as what they look for, and why."""
    syntheses = [synthesis for item in filters if is_computed(synthesis := item.get("max_activ"))]
    sentences = []
    for won_by, why in _NO_PREFERENCE.items():
        count = sum(synthesis["won_by"] == won_by for synthesis in syntheses)
        if count:
            what = f"The picture made by gradient ascent of {formatting.plural(count, 'filter')}"
            sentences.append(f"{what} says little about what the filter looks for: {why}. It has no tile.")
    return sentences


def _count_skipped(filters: Sequence[FilterRecord]) -> dict[tuple[str, str], int]:
    """Count the filters of which a result was skipped, by the result and the reason; a dead filter has no tuning."""
    counts: dict[tuple[str, str], int] = {}
    for item in filters:
        for name, result in item.items():
            why = skip_reason(result)
            if why is not None and not (name in ("tuning", "facets") and is_dead(item)):
                key = _RESULT_TITLES.get(name, name.replace("_", " ").capitalize()), why
                counts[key] = counts.get(key, 0) + 1
    return counts


def _label_words(item: FilterRecord) -> str:
    """Return a filter's label with its proof; empty if none was looked for."""
    name, correlation = label_name(item), label_correlation(item)
    if name is None:
        return ""
    return "none above chance" if correlation is None else f"{name}, r {formatting.fixed(correlation)}"


def _range_name(entry: RangeEntry) -> str:
    """Return what a picture of the range is called, as in the opened filter."""
    if "of" in entry:
        return "most negative"
    return {1.0: "strongest", 0.0: "weakest"}.get(entry["quantile"], f"{100 * entry['quantile']:.0f} %")


def _range_photos(index: int, entries: Sequence[RangeEntry], photos: Photos) -> Iterator[SvgPicture]:
    """Yield the photos of the weakest response and of the median, where they are published."""
    for name in ("weakest", "50 %"):
        for entry in entries:
            region = photos.thumbnails[entry["image"]]
            if _range_name(entry) == name and region is not None:
                src = f"../{region.src}"
                text = f"Filter {index}: photo of the {'weakest response' if name == 'weakest' else 'median'}"
                yield svg_picture(SheetRegion(src, *region.rect), {src: photos.sizes[region.src]}, text, _RANGE_PX)


def _tile(region: SheetRegion | None, pictures: LayerPictures, slug: str, text: str) -> SvgPicture | None:
    return None if region is None else svg_picture(region, pictures.sizes, text, _TILE_PX, slug)
