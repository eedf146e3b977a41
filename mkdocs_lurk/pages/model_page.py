"""What the template of a model's page receives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.card import Card
from mkdocs_lurk.pages.card_parts import EVALUATION
from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.pages.definitions import meaning
from mkdocs_lurk.pages.escaping import code, spoken
from mkdocs_lurk.pages.highlights.shown import Highlights
from mkdocs_lurk.pages.model_records import is_computed, skip_reason
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture
from mkdocs_lurk.pages.preparation import describe_preparation
from mkdocs_lurk.pages.provenance import ProvenanceRow, provenance_rows
from mkdocs_lurk.records.evaluation_record import EvaluationRecord
from mkdocs_lurk.records.model_record import LayerInfo, ModelRecord, Skipped
from mkdocs_lurk.records.verification_record import OnceResult, VerificationRecord


class Fact(NamedTuple):
    """A figure at the top of the page; ``meaning`` is a sentence, or empty where the label says it all."""

    label: str
    value: str
    meaning: str


@dataclass(frozen=True)
class LayerRow:
    """A line of the layer table, and the pictures of the layer's strip."""

    name: str
    title: str
    slug: str
    kind: str
    filters: str
    output: str
    field: str
    field_meaning: str
    parameters: str
    views: tuple[SvgPicture, ...] = ()


@dataclass(frozen=True)
class ModelPage:
    """What ``lurk/model.md.j2`` receives as ``page``."""

    about: DeclaredModel
    facts: tuple[Fact, ...]
    proof: str
    evaluation: str
    is_evaluated: bool
    has_classes: bool
    has_quiz: bool
    is_compared: bool
    has_cost: bool
    is_live: bool
    card: Card | None
    measured: tuple[tuple[str, str], ...]
    untold: tuple[str, ...]
    layers: tuple[LayerRow, ...]
    preparation: str
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    missing: tuple[Markup, ...]
    skipped_images: tuple[tuple[str, str], ...]
    provenance: tuple[ProvenanceRow, ...]
    highlights: Highlights


_ONCE: Mapping[OnceResult, str] = {
    "gradients": "gradients",
    "crops": "crops",
    "classes": "means of classes",
    "statistics": "statistics",
    "wiring": "wiring",
    "labels": "labels",
    "effect": "effects on the output",
    "tuning": "tuning",
    "facets": "facets",
    "evaluation": "the evaluation",
    "twin": "the comparison with chance",
}
"""What the results are called that are not computed a second time."""
_ONCE_BEFORE: tuple[OnceResult, ...] = ("gradients", "crops", "classes", "statistics", "wiring")
"""Those of a record of an earlier version, which did not list them."""
_FIELD_MEANINGS = {"exact": "receptive_field", "effective": "effective_field", "whole": "receptive_field"}


def layer_row(layer: LayerInfo, title: str, strip: Sequence[SvgPicture] = ()) -> LayerRow:
    """Return a layer's line of the layer table."""
    return LayerRow(
        name=layer["name"],
        title=title,
        slug=layer["slug"],
        kind=formatting.layer_kind(layer["kind"]),
        filters=f"{layer['filters']:,}",
        output=formatting.shape(layer["output"]),
        field=formatting.receptive_field(layer["receptive_field"]),
        field_meaning=meaning(_FIELD_MEANINGS[layer["receptive_field"]["status"]]),
        parameters=f"{layer['parameters']:,}",
        views=tuple(strip),
    )


def model_page(
    declared: DeclaredModel,
    record: ModelRecord,
    rows: Sequence[LayerRow],
    *,
    has_classes: bool,
    has_quiz: bool,
    highlights: Highlights,
) -> ModelPage:
    """Gather everything that a model's page says."""
    card = declared.card
    return ModelPage(
        about=declared,
        facts=tuple(_facts(record)),
        proof=_proof(record["verified"]) if "verified" in record else "",
        evaluation=_evaluation(record["evaluation"]),
        is_evaluated=is_computed(record["evaluation"]),
        has_classes=has_classes,
        has_quiz=has_quiz,
        is_compared=is_computed(record.get("twin")),
        has_cost="cost" in record,
        card=card,
        measured=tuple(_measured(record["evaluation"])),
        untold=_untold(card, record["evaluation"]),
        is_live=is_computed(record.get("live")),
        layers=tuple(rows),
        preparation=describe_preparation(record["model"]["input"]),
        warnings=tuple(warning["consequence"] for warning in record["warnings"] if warning["name"] != "unreadable"),
        notes=tuple(_notes(declared, record)),
        missing=tuple(
            Markup("{} has no page: {}.").format(code(name), spoken(why))
            for name, why in record["skipped_layers"].items()
        ),
        skipped_images=tuple((path, why) for path, why in record["skipped_images"]),
        provenance=provenance_rows(record.get("provenance")),
        highlights=highlights,
    )


def _notes(declared: DeclaredModel, record: ModelRecord) -> list[str]:
    """Return what a reader should know, in sentences."""
    notes = list(record["notes"])
    n = len(record["images"])
    readable = [image for image in record["images"] if "skipped" not in image]
    hidden, shrunk = (sum(image.get("shown") == mode for image in readable) for mode in ("none", "thumbnails"))
    if hidden:
        notes.append(f"Not shown, as the author wishes: {hidden:,} of {n:,} pictures. They count in every figure.")
    if shrunk:
        notes.append(f"Shown as thumbnails only, as the author wishes: {shrunk:,} of {n:,} pictures.")
    if why := skip_reason(record.get("twin")):
        notes.append(f"Not compared with chance: {why}.")
    if why := skip_reason(record.get("live")):
        notes.append(f"It does not run in browsers: {why}.")
    if declared.disclosure.anonymous:
        notes.append("Where the model comes from, and from whom, is left out on purpose.")
    if declared.unseen:
        notes.append(formatting.describe_unseen(declared.unseen))
    return notes


def _facts(record: ModelRecord) -> list[Fact]:
    """Return the facts at the top of the page."""
    model = record["model"]
    n_readable = sum("skipped" not in image for image in record["images"])
    facts = [
        Fact("Parameters", formatting.count(model["parameters"]), meaning("parameters")),
        *_multiply_adds(record),
        Fact("Input", formatting.shape(model["input"]["size"]), meaning("input")),
        Fact("Layers analysed", f"{len(record['layers'])}", ""),
        Fact("Pictures analysed", f"{n_readable:,}", meaning("pictures")),
    ]
    evaluation = record["evaluation"]
    if is_computed(evaluation) and 2 * evaluation["n"] >= n_readable:
        value = f"{formatting.percent(evaluation['top1'])} of {evaluation['n']:,} pictures"
        facts.append(Fact("Right at first guess", value, meaning("accuracy", evaluation["n"])))
    if "verified" in record:
        verified = record["verified"]
        value = f"{verified['scores']:,}, {_agreement(verified)}"
        facts.append(Fact("Scores computed again", value, meaning("verified")))
    return facts


def _measured(evaluation: EvaluationRecord | Skipped) -> list[tuple[str, str]]:
    """Return the rows of a card that an evaluation fills in: what was measured here, on which pictures."""
    if not is_computed(evaluation):
        return []
    on = f"on {formatting.plural(evaluation['n'], 'picture')}"
    rows = [("Accuracy, measured here", f"{formatting.percent(evaluation['top1'])} {on}")]
    if "top5" in evaluation:
        rows.append(("Top-5 accuracy, measured here", f"{formatting.percent(evaluation['top5'])} {on}"))
    return [*rows, ("Macro F1, measured here", f"{evaluation['macro']['f1']:.3g} {on}")]


def _untold(card: Card | None, evaluation: EvaluationRecord | Skipped) -> tuple[str, ...]:
    """Return what of the usual template neither the card nor the evaluation says anything of."""
    missing = () if card is None else card.missing
    return tuple(name for name in missing if name != EVALUATION or not is_computed(evaluation))


def _multiply_adds(record: ModelRecord) -> list[Fact]:
    return (
        [Fact("Multiply-adds", formatting.count(record["cost"]["macs"]), meaning("macs"))] if "cost" in record else []
    )


def _agreement(verified: VerificationRecord) -> str:
    """Say the same of the largest difference in few words: facts stand beside each other in one row."""
    largest = verified["largest"]
    return f"within {formatting.score(largest)}" if largest else "no difference"


def _largest_difference(verified: VerificationRecord) -> str:
    largest = verified["largest"]
    return f"largest difference {formatting.score(largest)}" if largest else "no difference"


def _evaluation(evaluation: EvaluationRecord | Skipped) -> str:
    """Say how often the network is right, with the interval; or why that is not known."""
    if is_computed(evaluation):
        return formatting.accuracy(evaluation)
    return f"Not evaluated: {skip_reason(evaluation)}."


def _proof(verified: VerificationRecord) -> str:
    """Say which results were proven by a second computation, and which were not."""
    again = verified["syntheses_again"]
    subjects = [f"{formatting.plural(verified['scores'] - again, 'score')} of pictures"]
    if verified["syntheses"]:
        subjects.append(f"{again:,} of {formatting.plural(verified['syntheses'], 'score')} of syntheses")
    once = [_ONCE[name] for name in verified.get("once", _ONCE_BEFORE)]
    return (
        f"Computed a second time, from the stored pictures: {' and '.join(subjects)}; "
        f"{_largest_difference(verified)}." + (f" Computed once: {formatting.enumeration(once)}." if once else "")
    )
