"""What the template of a model's page receives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.card import Card
from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture
from mkdocs_lurk.records import LayerInfo, ModelRecord


@dataclass(frozen=True)
class LayerRow:
    """A line of the layer table, and the pictures of the layer's strip."""

    name: str
    slug: str
    kind: str
    filters: str
    output: str
    field: str
    parameters: str
    views: tuple[SvgPicture, ...] = ()


@dataclass(frozen=True)
class ModelPage:
    """What ``lurk/model.md.j2`` receives as ``page``."""

    about: DeclaredModel
    facts: tuple[tuple[str, str], ...]
    card: Card | None
    layers: tuple[LayerRow, ...]
    notes: tuple[str, ...]
    missing: tuple[str, ...]
    skipped_images: tuple[tuple[str, str], ...]


def layer_row(layer: LayerInfo, strip: Sequence[SvgPicture] = ()) -> LayerRow:
    """Return a layer's line of the layer table."""
    return LayerRow(
        name=layer["name"],
        slug=layer["slug"],
        kind=formatting.layer_kind(layer["kind"]),
        filters=f"{layer['filters']:,}",
        output=formatting.shape(layer["output"]),
        field=formatting.receptive_field(layer["receptive_field"]),
        parameters=f"{layer['parameters']:,}",
        views=tuple(strip),
    )


def model_page(declared: DeclaredModel, record: ModelRecord, rows: Sequence[LayerRow]) -> ModelPage:
    """Gather everything that a model's page says."""
    return ModelPage(
        about=declared,
        facts=tuple(_facts(record)),
        card=declared.card,
        layers=tuple(rows),
        notes=(*record["notes"], *([formatting.describe_unseen(declared.unseen)] if declared.unseen else [])),
        missing=tuple(f"`{name}` has no page: {why}." for name, why in record["skipped_layers"].items()),
        skipped_images=tuple((path, why) for path, why in record["skipped_images"]),
    )


def _facts(record: ModelRecord) -> list[tuple[str, str]]:
    """Return label and value of the facts at the top of the page."""
    model = record["model"]
    n_readable = sum("skipped" not in image for image in record["images"])
    facts = [
        ("Parameters", formatting.count(model["parameters"])),
        ("Input", formatting.shape(model["input"]["size"])),
        ("Layers looked at", f"{len(record['layers'])}"),
        ("Pictures looked at", f"{n_readable:,}"),
    ]
    evaluation = record["evaluation"]
    if evaluation is not None and 2 * evaluation["n"] >= n_readable:
        accuracy = formatting.percent(evaluation["top1"])
        facts.append(("Right at first guess", f"{accuracy} of {evaluation['n']:,} pictures"))
    verified = record.get("verified")
    if verified is not None:
        error = verified["largest"]
        precision = f"to 1 part in {formatting.count(int(float(f'{1 / error:.2g}')))}" if error else "exactly"
        facts.append((f"{formatting.plural(verified['scores'], 'score')} checked again", f"Right {precision}"))
    return facts
