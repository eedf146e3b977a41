"""What the template of the page receives that compares two models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.highlights.shown import MarkedPicture
from mkdocs_lurk.pages.model_records import is_computed, skip_reason
from mkdocs_lurk.pages.pictures.comparison_charts import CkaChart, cka_chart
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture
from mkdocs_lurk.records.comparison_record import (
    AccuracyComparison,
    ChangedPicture,
    ComparedLayer,
    ComparisonRecord,
    FilterPair,
)

SHOWN_PICTURES, SHOWN_MATCHES = 12, 24


@dataclass(frozen=True)
class ComparedSide:
    """One of the two models.

    Attributes:
        name: Its name, for links.
        title: Its title.
        up: The way from the page's folder to the model's.
    """

    name: str
    title: str
    up: str


@dataclass(frozen=True)
class ShownSide:
    """A filter as one side of a pair: what it is called, where it is (empty if it was not analysed), and its crops."""

    name: str
    href: str
    index: int
    crops: tuple[MarkedPicture, ...]


@dataclass(frozen=True)
class ShownPair:
    """A filter of the first model and one of the second, and how far they respond alike."""

    first: ShownSide
    second: ShownSide
    correlation: str


@dataclass(frozen=True)
class ShownChange:
    """A picture that one model names right and the other does not; ``view`` is none if it is not shown."""

    image: int
    view: SvgPicture | None
    href: str
    path: str
    label: str
    first: str
    second: str


@dataclass(frozen=True)
class LayerLine:
    """A layer in the table of its model; ``slug`` is its folder."""

    name: str
    slug: str
    filters: str
    matched: str
    best: str
    same: str


@dataclass(frozen=True)
class ComparisonPage:
    """What ``lurk/comparison.md.j2`` receives as ``page``.

    Attributes:
        models: The two.
        lead: Sentences.
        accuracy: Sentences.
        gained: Pictures that the second model alone names right, some of them.
        lost: Pictures that the first model alone names right, some of them.
        left_out: How many of both are not shown.
        matched: Sentences.
        layers: The lines of each model's table.
        cka: The map; none if there are too few pictures, as ``no_cka`` says.
        no_cka: Why there is no map.
        changed: Of each model the filters that nothing in the other is like.
        matches: The best matches.
        more_matches: How many of them are not listed.
    """

    models: tuple[ComparedSide, ComparedSide]
    lead: str
    accuracy: str
    gained: tuple[ShownChange, ...]
    lost: tuple[ShownChange, ...]
    left_out: tuple[int, int]
    matched: str
    layers: tuple[tuple[LayerLine, ...], ...]
    cka: CkaChart | None
    no_cka: str
    changed: tuple[tuple[ShownPair, ...], ...]
    matches: tuple[ShownPair, ...]
    more_matches: int


@dataclass(frozen=True)
class Drawing:
    """How filters and pictures are shown on the page.

    Attributes:
        pair: Takes a pair of filters and whether to show crops; returns both sides.
        picture: Takes a picture that changed.
        slugs: Of each model, the folder of each of its layers.
    """

    pair: Callable[[FilterPair, bool], tuple[ShownSide, ShownSide]]
    picture: Callable[[ChangedPicture], ShownChange]
    slugs: tuple[dict[str, str], dict[str, str]]


def comparison_page(
    models: tuple[ComparedSide, ComparedSide], record: ComparisonRecord, drawing: Drawing
) -> ComparisonPage:
    """Gather everything that the page says."""
    accuracy, cka = record["accuracy"], record["cka"]
    changed = [accuracy["gained"], accuracy["lost"]] if is_computed(accuracy) else [[], []]
    gained, lost = (tuple(map(drawing.picture, pictures[:SHOWN_PICTURES])) for pictures in changed)
    matches = record["matches"][:SHOWN_MATCHES]
    n_pictures = formatting.plural(record["pictures"], "picture")
    return ComparisonPage(
        models=models,
        lead=f"Both saw the same pictures; responses to {n_pictures} are compared.",
        accuracy=_accuracy(models, accuracy) if is_computed(accuracy) else f"Not compared: {skip_reason(accuracy)}.",
        gained=gained,
        lost=lost,
        left_out=(len(changed[0]) - len(gained), len(changed[1]) - len(lost)),
        matched=_matched(models, record),
        layers=tuple(
            tuple(_line(layer, slugs) for layer in layers)
            for layers, slugs in zip(record["layers"], drawing.slugs, strict=True)
        ),
        cka=cka_chart(record["layers"], cka["values"]) if is_computed(cka) else None,
        no_cka="" if is_computed(cka) else f"There is no map: {skip_reason(cka)}.",
        changed=tuple(tuple(_pairs(pairs, drawing, with_crops=True)) for pairs in record["changed"]),
        matches=tuple(_pairs(matches, drawing, with_crops=False)),
        more_matches=len(record["matches"]) - len(matches),
    )


def _pairs(pairs: Sequence[FilterPair], drawing: Drawing, *, with_crops: bool) -> list[ShownPair]:
    return [ShownPair(*drawing.pair(pair, with_crops), f"{pair[4]:.2f}") for pair in pairs]


def _accuracy(models: Sequence[ComparedSide], accuracy: AccuracyComparison) -> str:
    """Say how often both are right, and how likely such a difference is by chance."""
    n, gained, lost = accuracy["n"], len(accuracy["gained"]), len(accuracy["lost"])
    first, second = (formatting.percent(right / n) for right in accuracy["right"])
    text = (
        f"Of {formatting.plural(n, 'picture')} with a known class, {models[0].title} names {first} right, and "
        f"{models[1].title} {second}. Gained: {gained:,}, which {models[1].title} alone names right. Lost: {lost:,}."
    )
    if not gained + lost:
        return f"{text} Both are right about the same pictures."
    return (
        f"{text} If both were right equally often, so unequal numbers would come about with a probability of "
        f"{accuracy['p']:.2g} (McNemar's test, exact)."
    )


def _matched(models: Sequence[ComparedSide], record: ComparisonRecord) -> str:
    """Say how many filters are each other's best match."""
    n = len(record["matches"])
    counts = [sum(layer["filters"] for layer in layers) for layers in record["layers"]]
    shares = [
        f"{formatting.percent(n / count) if count else '0 %'} of the {count:,} of {model.title}"
        for model, count in zip(models, counts, strict=True)
    ]
    return (
        f"{formatting.plural(n, 'filter')} of each model match: of all filters of the other one they correlate most "
        f"with each other, and above what 99 of 100 filters find in shuffled pictures (r = {record['chance']:.2f}). "
        f"That is {shares[0]}, and {shares[1]}."
    )


def _line(layer: ComparedLayer, slugs: dict[str, str]) -> LayerLine:
    return LayerLine(
        name=layer["name"],
        slug=slugs.get(layer["name"], ""),
        filters=f"{layer['filters']:,}",
        matched=formatting.percent(layer["matched"] / layer["filters"]),
        best="-" if layer["best"] is None else f"{layer['best']:.2f}",
        same="-" if layer["same"] is None else f"{layer['same']:.2f}",
    )
