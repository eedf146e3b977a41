"""What the templates receive, and nothing they need to reckon with: made from the store's read-only view alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.names import slug
from mkdocs_lurk.pages import words
from mkdocs_lurk.pages.card import Card, read_card
from mkdocs_lurk.pages.layer_pictures import LayerPictures
from mkdocs_lurk.pages.sheets import Spot
from mkdocs_lurk.pages.views import Marked, View, view

Json = dict[str, Any]
_TILE_SHOWN_PX = 96


@dataclass(frozen=True)
class About:
    """What the author says of a model, which may change without a new analysis."""

    name: str
    title: str
    source: str
    card_text: str | None = None
    card_path: Path = Path()

    @classmethod
    def of(cls, config: ModelConfig) -> About:
        """Read what ``mkdocs.yml`` and the card say."""
        text = config.card.read_text("utf-8") if config.card else None
        return cls(config.name, config.title, config.source, text, config.card or Path())

    @property
    def card(self) -> Card | None:
        """The model card; none was declared where it is None."""
        return None if self.card_text is None else read_card(self.card_text, self.card_path)

    @property
    def analyze(self) -> str:
        """The command that computes what is missing."""
        return f"mkdocs-lurk analyze {self.name}"


@dataclass(frozen=True)
class Link:
    """A layer's page, or a model's."""

    name: str
    slug: str


@dataclass(frozen=True)
class LayerRow:
    """A line of the layer table."""

    name: str
    slug: str
    kind: str
    filters: str
    output: str
    field: str
    parameters: str
    views: tuple[View, ...] = ()


@dataclass(frozen=True)
class FilterRow:
    """A tile and a line of the table that stand in for the gallery where there is no JavaScript."""

    index: int
    crop: View | None
    synthesis: View | None
    dead: bool
    best_max: str
    best_avg: str
    path: str
    ratio: str
    label: str


@dataclass(frozen=True)
class ModelPage:
    """What ``lurk/model.md.j2`` receives as ``page``."""

    about: About
    facts: tuple[tuple[str, str], ...]
    card: Card | None
    layers: tuple[LayerRow, ...]
    notes: tuple[str, ...]
    missing: tuple[str, ...]
    skipped_images: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class LayerPage:
    """What ``lurk/layer.md.j2`` receives as ``page``."""

    about: About
    layer: Link
    line: str
    field_note: str
    field: Marked | None
    previous: Link | None
    next: Link | None
    filters: tuple[FilterRow, ...]
    missing: tuple[str, ...]
    gradient: str
    top_k: int
    synthesis: bool


def link(entry: Mapping[str, Any]) -> Link:
    """The address of a layer's page."""
    return Link(entry["name"], entry.get("slug") or slug(entry["name"]))


def layer_row(entry: Mapping[str, Any], views: Sequence[View] = ()) -> LayerRow:
    """A line of the layer table."""
    parameters = entry.get("parameters")
    return LayerRow(
        name=entry["name"],
        slug=link(entry).slug,
        kind=words.kind(entry["kind"]),
        filters=f"{entry['filters']:,}",
        output=words.shape(entry["output"]),
        field=words.field(entry.get("receptive_field")),
        parameters="-" if parameters is None else f"{parameters:,}",
        views=tuple(views),
    )


def model_page(about: About, record: Json, rows: Sequence[LayerRow]) -> ModelPage:
    """Gather what a model's page says."""
    skipped_layers = record.get("skipped_layers") or {}
    missing = [f"`{name}` has no page: {why}." for name, why in skipped_layers.items()]
    missing += [_not_computed(name, why, about) for name, why in _skipped_results(record)]
    return ModelPage(
        about=about,
        facts=tuple(_model_facts(record)),
        card=about.card,
        layers=tuple(rows),
        notes=tuple(record.get("notes") or ()),
        missing=tuple(missing),
        skipped_images=tuple((path, why) for path, why in record.get("skipped_images") or ()),
    )


def _model_facts(record: Json) -> list[tuple[str, str]]:
    model = record["model"]
    shown = [image for image in record["images"] if "skipped" not in image]
    facts = [
        ("Parameters", words.count(model["parameters"])),
        ("Input", f"{words.shape(model['input']['size'])}"),
        ("Layers looked at", f"{len(record['layers'])}"),
        ("Pictures looked at", f"{len(shown):,}"),
    ]
    evaluation = record.get("evaluation")
    if words.present(evaluation) and evaluation.get("top1") is not None and 2 * evaluation["n"] >= len(shown):
        facts.append(("Right at first guess", f"{words.percent(evaluation['top1'])} of {evaluation['n']:,} pictures"))
    verified = record.get("verified")
    if words.present(verified):
        off = verified["largest"]
        close = f"to 1 part in {words.count(int(float(f'{1 / off:.2g}')))}" if off else "exactly"
        facts.append((f"{words.plural(verified['scores'], 'score')} checked again", f"Right {close}"))
    return facts


def _skipped_results(record: Json) -> list[tuple[str, str]]:
    names = {"graph": "The map", "evaluation": "The accuracy", "verified": "The second check of the scores"}
    found = ((text, words.skipped(record.get(name))) for name, text in names.items())
    return [(text, why) for text, why in found if why is not None]


def layer_page(
    about: About,
    record: Json,
    place: int,
    layer: Json,
    filters: Sequence[FilterRow],
    field: Marked | None = None,
) -> LayerPage:
    """Gather what a layer's page says.

    Args:
        about: What the author says.
        record: The model record.
        place: The layer's place in the record's list.
        layer: The layer record.
        filters: Its tiles and lines.
        field: A unit's receptive field upon a photo.
    """
    entries = record["layers"]
    entry = entries[place]
    return LayerPage(
        about=about,
        layer=link(entry),
        line=_layer_line(entry),
        field_note=words.sentence(entry.get("field_note")),
        field=field,
        previous=link(entries[place - 1]) if place else None,
        next=link(entries[place + 1]) if place + 1 < len(entries) else None,
        filters=tuple(filters),
        missing=tuple(_layer_missing(about, entry, layer)),
        gradient=words.GRADIENTS.get(str(record.get("gradient")), str(record.get("gradient"))),
        top_k=record.get("top_k", 4),
        synthesis=any(words.present(item.get("max_activ")) for item in layer["filters"]),
    )


def _layer_line(entry: Json) -> str:
    row = layer_row(entry)
    parts = [f"{row.kind[:1].upper()}{row.kind[1:]}", f"{words.plural(entry['filters'], 'filter')}"]
    parts.append(f"output {row.output}")
    parts.append(f"each unit sees {row.field}")
    if entry.get("parameters") is not None:
        parts.append(words.plural(entry["parameters"], "parameter"))
    return ", ".join(parts) + "."


def _layer_missing(about: About, entry: Json, layer: Json) -> list[str]:
    filters = layer["filters"]
    found = []
    if len(filters) < entry["filters"]:
        found.append(
            f"Looked at: {len(filters):,} of {entry['filters']:,} filters, as `filters` in `mkdocs.yml` says. "
            f"For the rest, set `filters: all` and run `{about.analyze}`."
        )
    reasons: dict[tuple[str, str], list[int]] = {}
    for item in filters:
        for name, text in _RESULTS.items():
            why = words.skipped(item.get(name))
            if why is not None:
                reasons.setdefault((text, why), []).append(item["index"])
    for (text, why), indices in reasons.items():
        which = "" if len(indices) == len(filters) else f" of {words.plural(len(indices), 'filter')}"
        found.append(_not_computed(f"{text}{which}", why, about))
    if filters and all(item.get("max_activ") is None for item in filters):
        found.append(
            f"No picture was made by gradient ascent, as `synthesis` in `mkdocs.yml` says; give it `steps` and run "
            f"`{about.analyze}`."
        )
    return found


_RESULTS = {
    "top_avg": "The list of the highest means",
    "top_max": "The list of the highest maxima",
    "max_activ": "The picture made by gradient ascent",
    "classes": "The means by class",
    "stats": "The distribution of responses",
    "wiring": "The wiring",
}


def _not_computed(what: str, why: str, about: About) -> str:
    return f"{what} was not computed: {why.rstrip('.')}. To compute it, change that and run `{about.analyze}`."


def filter_rows(
    filters: Sequence[Json], images: Sequence[Json], pictures: LayerPictures, slug: str
) -> tuple[FilterRow, ...]:
    """The tiles and lines of a layer, seen from its folder ``slug``."""
    rows = []
    for item, crop, made in zip(filters, pictures.crops, pictures.syntheses, strict=True):
        best_max, best_avg = _first(item, "top_max"), _first(item, "top_avg")
        index = item["index"]
        ratio = (item["max_activ"] or {}).get("ratio") if words.present(item.get("max_activ")) else None
        means = item["classes"].get("max") if words.present(item.get("classes")) else None
        rows.append(
            FilterRow(
                index=index,
                crop=_tile(crop, pictures, slug, f"Filter {index}: the crop of its highest maximum"),
                synthesis=_tile(made, pictures, slug, f"Filter {index}: the picture made by gradient ascent"),
                dead=bool((item.get("stats") or {}).get("dead")),
                best_max=words.score(best_max["score"] if best_max else None),
                best_avg=words.score(best_avg["score"] if best_avg else None),
                path=images[best_max["image"]]["path"] if best_max else "-",
                ratio=words.score(ratio),
                label=str(max(means, key=lambda pair: pair[1])[0]) if means else "-",
            )
        )
    return tuple(rows)


def _first(item: Json, name: str) -> Json | None:
    ranked = item.get(name)
    return ranked[0] if isinstance(ranked, list) and ranked else None


def _tile(spot: Spot | None, pictures: LayerPictures, slug: str, text: str) -> View | None:
    if spot is None:
        return None
    return view(spot, pictures.sizes, text, _TILE_SHOWN_PX, slug)
