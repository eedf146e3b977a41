"""Figures inside a sentence: a code span such as ``lurk squeezenet accuracy`` shows the number of this build.

The form is a code span, since Markdown changes nothing inside one, macros see no braces in it, and knitr and Quarto
have used the same for long: a word for who computes, then what. Elsewhere the author sees what was meant.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast
from urllib.parse import unquote

from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.embed import check_model, find_filter, find_layer
from mkdocs_lurk.pages.model_records import (
    is_computed,
    is_dead,
    label_correlation,
    label_name,
    preferred_class,
    synthesis_ratio,
)
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.pages.writing.faults import ShownFigure
from mkdocs_lurk.records.results_records import FilterResult, LayerResults, ModelResults

_NO_BREAK = "\N{NO-BREAK SPACE}"
_FORMAT = re.compile(r"\+?,?(?:\.\d{1,2})?[defg%]?")
_CHANCE, _NO_CLASS = "no label above chance", "no clear class preference"
Value = float | int | str | None


@dataclass(frozen=True)
class _Kind:
    """What can be asked of a model, a layer or a filter: each figure's value, and how it is shown by itself."""

    name: str
    figures: Mapping[str, Callable[..., Value]]
    shown: Mapping[str, Callable[..., str]]


def show_figure(expression: str, site: Site) -> ShownFigure | None:
    """Return the figure that a code span asks for: ``lurk MODEL[/LAYER[#FILTER]] FIGURE [FORMAT] [UNIT]``.

    Args:
        expression: What stands in the code span.
        site: What was generated.

    Returns:
        None if the span asks for none: its first word is another, or it has fewer than three.

    Raises:
        ConfigError: What it names is unknown, or has no such figure.
    """
    words = expression.split()
    if len(words) < 3 or words[0] != "lurk":
        return None
    target, figure, *rest = words[1:]
    model = unquote(target.partition("/")[0].partition("#")[0])
    check_model(model, site, expression)
    if (why := site.missing.get(model)) is not None:
        return ShownFigure("\N{EN DASH}", {"title": f"{site.titles[model]} has no results: {why}"})
    kind, arguments = _subject(target, model, site)
    if figure not in kind.figures:
        hint = near(figure, kind.figures) or "; there are " + ", ".join(kind.figures)
        raise ConfigError(f"{expression}: there is no figure {figure!r} of a {kind.name}{hint}")
    value = kind.figures[figure](*arguments)
    if value is None:
        raise ConfigError(f"{expression}: this was not computed, or is not published; see the page of the {kind.name}")
    text = _formatted(value, rest, kind.shown.get(figure, _plain), expression)
    return ShownFigure(text, {"class": "lurk-number"})


def _subject(target: str, model: str, site: Site) -> tuple[_Kind, tuple[object, ...]]:
    """Return what a target is, and the arguments of its figures.

    Raises:
        ConfigError: There is no such layer or filter.
    """
    path, _, index = target.partition("#")
    _, _, layer = unquote(path).partition("/")
    index = index.removeprefix("filter-")
    if not layer and not index:
        return _MODEL, (_model_results(site.path(f"{site.folder(model)}/results.json")), model, site)
    if not index:
        return _LAYER, (find_layer(site, model, layer)[1],)
    if not re.fullmatch(r"\d{1,9}", index) or not layer:
        raise ConfigError(f"lurk {target}: {index!r} names no filter of a layer; give MODEL/LAYER#12")
    return _FILTER, (find_filter(site, model, layer, int(index))[2],)


def _formatted(value: float | str, rest: list[str], shown: Callable[..., str], expression: str) -> str:
    """Return a value as text, in the author's format and with the author's unit where they are given."""
    spec = rest[0] if rest and _FORMAT.fullmatch(rest[0]) else ""
    unit = " ".join(rest[1:] if spec else rest)
    if unit.startswith((".", ",", "+")):
        raise ConfigError(f"{expression}: {unit.split()[0]!r} is no format; give one such as .2f, .1%, ,d or .3g")
    if not spec:
        text = shown(value)
    elif isinstance(value, str):
        raise ConfigError(f"{expression}: it is no number; leave out the format {spec!r}")
    else:
        text = f"{int(value) if spec.endswith('d') else value:{spec}}".replace("%", f"{_NO_BREAK}%")
        text = formatting.with_minus(text)
    return f"{text}{_NO_BREAK}{unit}" if unit else text


def _plain(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return formatting.count(value) if isinstance(value, int) else formatting.score(value)


def _percent(value: float) -> str:
    return formatting.percent(value)


def _correlation(value: float) -> str:
    return formatting.fixed(value)


def _accuracy(results: ModelResults, key: str) -> Value:
    evaluation = results["evaluation"]
    return cast("Mapping[str, Value]", evaluation).get(key) if is_computed(evaluation) else None


def _layers(model: str, site: Site) -> list[LayerResults]:
    return [find_layer(site, model, layer)[1] for layer in site.layers[model]]


def _count_dead(layer: LayerResults) -> int | None:
    """Count the filters that respond to no picture; None where no responses were kept."""
    known = [item for item in layer["filters"] if "stats" in item]
    return sum(is_dead(item) for item in known) if known else None


def _count_all_dead(model: str, site: Site) -> int | None:
    counts = [_count_dead(layer) for layer in _layers(model, site)]
    return None if None in counts else sum(count or 0 for count in counts)


def _selectivity(item: FilterResult) -> float | None:
    found = item["stats"]["selectivity"] if "stats" in item else None
    return None if found is None else found["index"]


def _label(item: FilterResult) -> str | None:
    name = label_name(item)
    return _CHANCE if name == "" else name


def _class(item: FilterResult) -> str | None:
    return preferred_class(item) or (_NO_CLASS if item.get("classes") else None)


_MODEL = _Kind(
    "model",
    {
        "accuracy": lambda results, *_: _accuracy(results, "top1"),
        "top5": lambda results, *_: _accuracy(results, "top5"),
        "evaluated": lambda results, *_: _accuracy(results, "n"),
        "pictures": lambda results, *_: sum("skipped" not in image for image in results["images"]),
        "classes": lambda results, *_: len({image["label"] for image in results["images"]} - {None}),
        "parameters": lambda results, *_: results["model"]["parameters"],
        "layers": lambda results, *_: len(results["layers"]),
        "filters": lambda results, model, site: sum(len(layer["filters"]) for layer in _layers(model, site)),
        "dead": lambda results, model, site: _count_all_dead(model, site),
    },
    {"accuracy": _percent, "top5": _percent},
)
_LAYER = _Kind(
    "layer",
    {
        "title": lambda layer: layer["layer"]["title"],
        "filters": lambda layer: layer["layer"]["filters"],
        "analysed": lambda layer: len(layer["filters"]),
        "dead": _count_dead,
        "parameters": lambda layer: layer["layer"]["parameters"],
        "receptive-field": lambda layer: formatting.receptive_field(layer["layer"]["receptive_field"]),
        "output": lambda layer: formatting.shape(layer["layer"]["output"]),
    },
    {},
)
_FILTER = _Kind(
    "filter",
    {
        "name": lambda item: item.get("name", item.get("output_class")),
        "ratio": synthesis_ratio,
        "selectivity": _selectivity,
        "label": _label,
        "correlation": label_correlation,
        "class": _class,
        "maximum": lambda item: item["top_max"][0]["score"] if item.get("top_max") else None,
        "mean": lambda item: item["top_avg"][0]["score"] if item.get("top_avg") else None,
        "positive": lambda item: item["stats"]["positive_share"] if "stats" in item else None,
    },
    {"positive": _percent, "correlation": _correlation, "selectivity": _correlation},
)


@lru_cache(maxsize=4)
def _model_results(path: Path) -> ModelResults:
    return cast("ModelResults", json.loads(path.read_text("utf-8")))
