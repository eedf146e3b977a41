"""What the template of a model's page "How far to trust these pictures" receives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.records.model_record import ModelRecord
from mkdocs_lurk.records.twin_record import FigureComparison, FigureName, TwinLayer, TwinRecord

FIGURE_WORDS: dict[FigureName, tuple[str, str]] = {
    "selectivity": ("Selectivity", "how far one class stands out, 0 to 1"),
    "label": ("Labels", "correlation with the label, on pictures that did not choose it"),
    "colour": ("Depends on colour", "the share of the response that is lost without colour"),
    "detail": ("Depends on fine detail", "the share of the response that is lost by a blur"),
    "mirror": ("Depends on left and right", "the share of the response that is lost in the mirror"),
    "orientation": ("Depends on orientation", "the share of the response that is lost by a turn of 90 degrees"),
    "scale": ("Depends on size", "the share of the response that is lost at half and at twice the size"),
    "shape": ("Depends on shape", "the share of the response that is lost when patches change places"),
}
"""Title of each figure, and what its axis shows."""
_UNDECIDED = "Nothing is concluded: two shuffled networks differ by it, too."
_NAMED = 4
"""Layers that a sentence names at most."""


@dataclass(frozen=True)
class Mark:
    """Where something stands on an axis, as a percentage of its width, written with its sign."""

    start: str
    width: str
    middle: str


@dataclass(frozen=True)
class ChartRow:
    """A layer of a chart: the band of the shuffled network, the trained one before it, and both in words.

    Attributes:
        slug: The layer's folder.
        differs: Whether the two differ.
    """

    name: str
    slug: str
    band: Mark
    trained: Mark
    differs: bool
    text: str


@dataclass(frozen=True)
class Chart:
    """One figure, layer by layer; ``low`` and ``high`` are the ends of its axis."""

    title: str
    anchor: str
    axis: str
    verdict: str
    low: str
    high: str
    rows: tuple[ChartRow, ...]


@dataclass(frozen=True)
class TrustPage:
    """What ``lurk/trust.md.j2`` receives as ``page``.

    Attributes:
        lead: Sentences.
        verdicts: Of each chart the title, what can be read off it in a sentence, and the anchor.
        gradients: The sanity checks of the gradients; None if none were made.
        gradient_rule: The rule by which gradients are computed.
        paths: Whether syntheses go the way of photos; None if that was not checked.
        labelled: How many filters have a label in both networks: layer, folder and two shares.
    """

    about: DeclaredModel
    lead: str
    verdicts: tuple[tuple[str, str, str], ...]
    charts: tuple[Chart, ...]
    labelled: tuple[tuple[str, str, str, str], ...]
    gradients: Chart | None
    gradient_rule: str
    paths: Chart | None


def trust_page(declared: DeclaredModel, record: ModelRecord, twin: TwinRecord) -> TrustPage:
    """Gather everything that the page says."""
    slugs = {entry["name"]: entry["slug"] for entry in record["layers"]}
    charts = [chart for name in FIGURE_WORDS if (chart := _figure_chart(name, twin["layers"], slugs)) is not None]
    gradients, paths = _gradient_chart(twin["layers"], slugs), _path_chart(twin["layers"], slugs)
    labelled = [(layer["name"], layer["labelled"]) for layer in twin["layers"] if "labelled" in layer]
    return TrustPage(
        about=declared,
        lead=_lead(twin),
        verdicts=tuple(
            (chart.title, chart.verdict, chart.anchor) for chart in (*charts, *filter(None, (gradients, paths)))
        ),
        charts=tuple(charts),
        labelled=tuple(
            (name, slugs[name], formatting.percent(trained), formatting.percent(shuffled))
            for name, (trained, shuffled) in labelled
        ),
        gradients=gradients,
        gradient_rule=formatting.GRADIENT_METHODS.get(record["gradient"], record["gradient"]),
        paths=paths,
    )


def _lead(twin: TwinRecord) -> str:
    """Say what was compared with what."""
    sentences = ["A network that has learnt nothing finds something in pictures, too."]
    if twin["pictures"]:
        sentences.append(
            f"So the same {formatting.plural(twin['pictures'], 'picture')} went through a twin of this network: every "
            "weight has another place within its layer, so that nothing is left of what training arranged. Where "
            "filters of the trained network do not differ from those of the twin, chance could have given their "
            "figures."
        )
    if twin["normalised"]:
        renewed = formatting.plural(twin["normalised"], "picture")
        sentences.append(f"The statistics of the twin's normalisations were computed anew, from {renewed}.")
    if twin["kept_statistics"]:
        kept = formatting.plural(twin["kept_statistics"], "normalisation")
        sentences.append(f"{kept} kept the statistics of the trained network, so that the twin's responses may be off.")
    return " ".join(sentences)


def _figure_chart(name: FigureName, layers: Sequence[TwinLayer], slugs: dict[str, str]) -> Chart | None:
    """Lay out the chart of one figure; None if no layer has it."""
    found = [(layer["name"], figure) for layer in layers for figure in layer["figures"] if figure["figure"] == name]
    if not found:
        return None
    title, axis = FIGURE_WORDS[name]
    values = [value for _, figure in found for value in (*figure["trained"], *figure["twin"])]
    low, high = min(0.0, *values), max(values)
    place = _placing(low, high)
    rows = tuple(
        ChartRow(
            name=layer,
            slug=slugs[layer],
            band=place(figure["twin"]),
            trained=place(figure["trained"]),
            differs=figure["differs"],
            text=_compared(layer, figure),
        )
        for layer, figure in found
    )
    verdict = _UNDECIDED if name == "detail" else _verdict([row.name for row in rows if not row.differs], len(rows))
    return Chart(title, f"figure-{name}", axis, verdict, _short(low), _short(high), rows)


def _gradient_chart(layers: Sequence[TwinLayer], slugs: dict[str, str]) -> Chart | None:
    """Lay out the chart of the sanity checks: the band ends at what the gradients of another filter reach."""
    found = [(layer["name"], layer["gradients"]) for layer in layers if "gradients" in layer]
    if not found:
        return None
    low = min(0.0, *(value for _, check in found for value in (check["twin"], check["other"])))
    place = _placing(low, 1.0)
    rows = tuple(
        ChartRow(
            name=layer,
            slug=slugs[layer],
            band=place([min(0.0, check["other"]), check["other"], max(0.0, check["other"])]),
            trained=place([check["twin"]] * 3),
            differs=check["differs"],
            text=f"{layer}: the twin's gradients correlate by {formatting.fixed(check['twin'])}, those of another "
            f"filter by {formatting.fixed(check['other'])} ({formatting.plural(check['n'], 'pair')})",
        )
        for layer, check in found
    )
    verdict = _gradient_verdict([row.name for row in rows if not row.differs], len(rows))
    return Chart("Gradients", "figure-gradients", "rank correlation of the gradients", verdict, _short(low), "1", rows)


def _path_chart(layers: Sequence[TwinLayer], slugs: dict[str, str]) -> Chart | None:
    """Lay out the chart of syntheses beside photos: the band goes from photos of different filters to those of one."""
    found = [(layer["name"], layer["paths"]) for layer in layers if "paths" in layer]
    if not found:
        return None
    low = min(0.0, *(value for _, own in found for value in (own["synthesis"], own["photos"], own["others"])))
    place = _placing(low, 1.0)
    rows = tuple(
        ChartRow(
            name=layer,
            slug=slugs[layer],
            band=place(sorted([own["others"], (own["others"] + own["photos"]) / 2, own["photos"]])),
            trained=place([own["synthesis"]] * 3),
            differs=own["alike"] is True,
            text=f"{layer}: syntheses and photos of one filter correlate by {own['synthesis']:.2f}, its photos among "
            f"themselves by {own['photos']:.2f}, photos of different filters by {own['others']:.2f} "
            f"({formatting.plural(own['n'], 'filter')})",
        )
        for layer, own in found
    )
    strange = [layer for layer, own in found if own["alike"] is False]
    told = sum(own["alike"] is not None for _, own in found)
    return Chart(
        "Syntheses",
        "figure-paths",
        "rank correlation of the responses",
        _path_verdict(strange, told),
        f"{low:.2g}",
        "1",
        rows,
    )


def _path_verdict(strange: Sequence[str], told: int) -> str:
    """Say in which layers syntheses are less like the photos of their filter than halfway."""
    if not told:
        return "Nothing is concluded: photos of one filter are hardly more alike than those of different ones."
    if not strange:
        return f"In {_of(told, told)}, the layer responds to them as to photos of the same filter."
    return (
        f"In {_of(len(strange), told)}, the layer responds to them less as to photos of the same filter than as to "
        f"photos of other filters: {_named(strange)}. There they excite the filter in another way than photos do."
    )


def _gradient_verdict(same: Sequence[str], n: int) -> str:
    """Say in which layers the gradients do not depend on the weights."""
    if not same:
        return f"In {_of(n, n)}, those of the twin are unlike those of the trained network."
    return (
        f"In {_of(len(same), n)}, those of the twin are like those of the trained network: {_named(same)}. "
        "There they show the picture rather than what the filter has learnt."
    )


def _placing(low: float, high: float) -> Callable[[Sequence[float]], Mark]:
    """Return what places low, middle and high value on an axis."""
    span = (high - low) or 1.0

    def place(values: Sequence[float]) -> Mark:
        start, middle, end = (100 * (value - low) / span for value in values)
        return Mark(f"{start:.1f}%", f"{end - start:.1f}%", f"{middle:.1f}%")

    return place


def _short(value: float) -> str:
    return formatting.with_minus(f"{value:.2g}")


def _compared(layer: str, figure: FigureComparison) -> str:
    """Say what a row shows."""
    (low, middle, high), (twin_low, twin_middle, twin_high) = figure["trained"], figure["twin"]
    return (
        f"{layer}: {_short(middle)} in the middle, {_short(low)} to {_short(high)}; shuffled {_short(twin_middle)}, "
        f"{_short(twin_low)} to {_short(twin_high)}. A filter has more of it than a shuffled one in "
        f"{formatting.percent(figure['above'])} of pairs"
    )


def _verdict(same: Sequence[str], n: int) -> str:
    if not same:
        return f"The trained network differs from chance in {_of(n, n)}."
    if len(same) == n:
        return "The trained network cannot be told from chance in any layer."
    return f"The trained network cannot be told from chance in {_of(len(same), n)}: {_named(same)}."


def _of(count: int, n: int) -> str:
    if n == 1:
        return "the one layer"
    return f"all {n} layers" if count == n else f"{count} of {n} layers"


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
