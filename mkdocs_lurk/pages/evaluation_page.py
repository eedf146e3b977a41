"""What the template of a model's evaluation receives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.data.results_json import compact_json
from mkdocs_lurk.pages.data.script_records import PhotoRank
from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.pages.definitions import meaning
from mkdocs_lurk.pages.evaluation_words import describe_calibration, describe_coverage, which_pictures
from mkdocs_lurk.pages.model_page import Fact
from mkdocs_lurk.pages.picture_cards import CARD_PX, PictureCard, PictureCards
from mkdocs_lurk.pages.pictures.evaluation_charts import (
    ConfusionChart,
    LineChart,
    Point,
    cell_id,
    confusion_chart,
    coverage_line,
    matrix_data,
    reliability_points,
)
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.evaluation_record import ClassEvaluation, EvaluatedPicture, EvaluationRecord

_SMALL_PX = 48
_SHOWN_CARDS, _SHOWN_PAIRS, _SHOWN_OF_PAIR = 12, 10, 8
_SHOWN_ROWS = 200


@dataclass(frozen=True)
class ConfusedPictures:
    """The pictures of a class that are taken for a class, some of them as cards."""

    anchor: str
    own: str
    taken: str
    share: str
    is_right: bool
    cards: tuple[PictureCard, ...]
    left_out: int


@dataclass(frozen=True)
class ClassRow:
    """A line of the table of classes."""

    name: str
    n: str
    recall: str
    precision: str
    f1: str
    predicted: str


@dataclass(frozen=True)
class LinkedRow:
    """A line of a smaller table; ``slug`` is the address of the class's page, empty if it has none."""

    name: str
    values: tuple[str, ...]
    slug: str = ""


@dataclass(frozen=True)
class EvaluationPage:
    """What ``lurk/evaluation.md.j2`` receives as ``page``."""

    about: DeclaredModel
    lead: str
    which: tuple[str, ...]
    warnings: tuple[str, ...]
    facts: tuple[Fact, ...]
    confusion: ConfusionChart
    matrix: str
    confused: tuple[ConfusedPictures, ...]
    pairs: tuple[ConfusedPictures, ...]
    classes: tuple[ClassRow, ...]
    classes_left_out: int
    groups: tuple[LinkedRow, ...]
    calibration: str
    reliability: tuple[Point, ...]
    coverage: LineChart | None
    mistakes: tuple[PictureCard, ...]
    unsure: tuple[PictureCard, ...]
    labels: tuple[LinkedRow, ...]
    labels_left_out: int


def evaluation_page(
    model: PublishedModel,
    evaluation: EvaluationRecord,
    ranks: Mapping[int, Sequence[PhotoRank]],
    addresses: Mapping[str, str],
) -> EvaluationPage:
    """Gather everything that a model's page of evaluation says.

    Args:
        model: The model; the files of its photos are written.
        evaluation: Its evaluation.
        ranks: For each picture the filters that rank it among their best, the most telling first.
        addresses: The address of the page of each class that has one, by its label.
    """
    cards, chart = PictureCards(model, evaluation, ranks, ".."), confusion_chart(evaluation)
    rows = sorted((one for one in evaluation["classes"] if one["n"]), key=lambda one: (one["f1"], one["name"]))
    labels = [_label_row(*row, addresses) for row in evaluation["labels"]]
    confused, calibration = _most_confused(evaluation)[:_SHOWN_PAIRS], evaluation["calibration"]
    mistakes, unsure = _telling_cards(cards, evaluation)
    return EvaluationPage(
        about=model.declared,
        lead=formatting.accuracy(evaluation),
        which=tuple(which_pictures(model.record, evaluation)),
        warnings=_consequences(model),
        facts=tuple(_facts(evaluation)),
        confusion=chart,
        matrix=compact_json(matrix_data(evaluation)),
        confused=_pairs(cards, evaluation, confused, _SMALL_PX, 4),
        pairs=_pairs(cards, evaluation, _drawn_pairs(evaluation, chart, confused), CARD_PX, _SHOWN_OF_PAIR),
        classes=tuple(map(_class_row, rows[:_SHOWN_ROWS])),
        classes_left_out=max(0, len(rows) - _SHOWN_ROWS),
        groups=_group_rows(evaluation),
        calibration=describe_calibration(evaluation),
        reliability=reliability_points(calibration["bins"], evaluation["n"]) if calibration else (),
        coverage=_coverage(evaluation),
        mistakes=mistakes,
        unsure=unsure,
        labels=tuple(labels[:_SHOWN_ROWS]),
        labels_left_out=max(0, len(labels) - _SHOWN_ROWS),
    )


def _coverage(evaluation: EvaluationRecord) -> LineChart | None:
    curve = evaluation["coverage"]
    return None if curve is None else coverage_line(curve["points"], describe_coverage(evaluation))


def _telling_cards(
    cards: PictureCards, evaluation: EvaluationRecord
) -> tuple[tuple[PictureCard, ...], tuple[PictureCard, ...]]:
    """Return the surest mistakes and the least sure successes; none where the outputs say nothing about how sure."""
    if evaluation["outputs"] == "independent":
        return (), ()
    wrong = [one for one in evaluation["pictures"] if one[1] != one[2]]
    right = [one for one in evaluation["pictures"] if one[1] == one[2]]
    wrong.sort(key=lambda one: (-one[3], one[0]))
    right.sort(key=lambda one: (one[3], one[0]))
    mistakes, unsure = (tuple(map(cards.evaluated, some[:_SHOWN_CARDS])) for some in (wrong, right))
    return mistakes, unsure


def _consequences(model: PublishedModel) -> tuple[str, ...]:
    """Return what the warnings about accuracies mean for a reader."""
    about = ("chance", "class-order", "training-pictures")
    return tuple(warning["consequence"] for warning in model.record["warnings"] if warning["name"] in about)


def _group_rows(evaluation: EvaluationRecord) -> tuple[LinkedRow, ...]:
    """Return a row for each group: its pictures, how many stay within it, and how many are right."""
    return tuple(
        LinkedRow(
            one["name"],
            (f"{one['n']:,}", formatting.with_interval(one["right"], one["interval"]), formatting.percent(one["top1"])),
        )
        for one in evaluation["groups"]
    )


def _pairs(
    cards: PictureCards, evaluation: EvaluationRecord, pairs: Sequence[tuple[int, int]], shown_px: int, at_most: int
) -> tuple[ConfusedPictures, ...]:
    """Return the pictures of pairs of a right and a predicted class, the most confident first."""
    classes = evaluation["classes"]
    by_pair: dict[tuple[int, int], list[EvaluatedPicture]] = {}
    for picture in sorted(evaluation["pictures"], key=lambda one: (-one[3], one[0])):
        by_pair.setdefault((picture[1], picture[2]), []).append(picture)
    found = []
    for own, taken in pairs:
        pictures = by_pair[own, taken]
        shown = tuple(cards.evaluated(one, shown_px, with_filters=False) for one in pictures[:at_most])
        share = f"{len(pictures):,} of {classes[own]['n']:,}"
        names = classes[own]["name"], classes[taken]["name"]
        found.append(
            ConfusedPictures(cell_id(own, taken), *names, share, own == taken, shown, len(pictures) - len(shown))
        )
    return tuple(found)


def _facts(evaluation: EvaluationRecord) -> list[Fact]:
    n = evaluation["n"]
    facts = [Fact("Right at first guess", formatting.percent(evaluation["top1"]), meaning("accuracy", n))]
    if "top5" in evaluation:
        facts.append(Fact("Among the first five", formatting.percent(evaluation["top5"]), meaning("top5", n)))
    facts.append(Fact("Mean F1 of the classes", formatting.percent(evaluation["macro"]["f1"]), meaning("macro_f1")))
    facts.append(
        Fact("The same, weighted by pictures", formatting.percent(evaluation["weighted"]["f1"]), meaning("weighted_f1"))
    )
    calibration = evaluation["calibration"]
    if calibration is not None:
        facts.append(Fact("Calibration error", formatting.percent(calibration["ece"]), meaning("ece")))
        facts.append(Fact("Brier score", formatting.score(calibration["brier"]), meaning("brier")))
    return facts


def _most_confused(evaluation: EvaluationRecord) -> list[tuple[int, int]]:
    """Return pairs of a right and a wrong class, those with the most pictures first, then by their share."""
    classes = evaluation["classes"]
    wrong = [(right, guess, count) for right, guess, count in evaluation["confusions"] if right != guess]
    wrong.sort(key=lambda one: (-one[2], -one[2] / classes[one[0]]["n"], one))
    return [(right, guess) for right, guess, _ in wrong]


def _drawn_pairs(
    evaluation: EvaluationRecord, chart: ConfusionChart, confused: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return the pairs of classes that the chart or the list of the most confused leads to."""
    drawn = {cell.href for cell in chart.cells} | {cell_id(*pair) for pair in confused}
    pairs = [(right, guess) for right, guess, _ in evaluation["confusions"]]
    return [pair for pair in pairs if cell_id(*pair) in drawn]


def _class_row(one: ClassEvaluation) -> ClassRow:
    shares = (one["recall"], one["precision"], one["f1"])
    recall, precision, f1 = ("-" if share is None else formatting.percent(share) for share in shares)
    return ClassRow(one["name"], f"{one['n']:,}", recall, precision, f1, f"{one['predicted']:,}")


def _label_row(label: str | None, output: str | None, n: int, addresses: Mapping[str, str]) -> LinkedRow:
    values = (output or "none: left out", f"{n:,}")
    return LinkedRow("(no class)", values) if label is None else LinkedRow(label, values, addresses.get(label, ""))
