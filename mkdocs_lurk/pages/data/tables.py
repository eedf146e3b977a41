"""A model's published results as tables, for spreadsheets and data frames: CSV files, comma-separated, in UTF-8.

A cell that a spreadsheet would take for a formula gets an apostrophe in front: names of classes and files come from
outside.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator

from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.records.comparison_record import ComparisonRecord
from mkdocs_lurk.records.results_records import FilterResult, MaximumResult, MeanResult
from mkdocs_lurk.results import Results

Cell = str | int | float | bool | None
Row = dict[str, Cell]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def filter_rows(results: Results) -> Iterator[Row]:
    """Yield a row for each analysed filter: its figures, its label, its strongest pictures and its synthesis."""
    paths = {image["id"]: image["path"] for image in results.model["images"]}
    for layer in results.layers():
        for item in layer["filters"]:
            yield {"layer": layer["layer"]["name"], "filter": item["index"], **_filter_cells(item, paths)}


def top_rows(results: Results) -> Iterator[Row]:
    """Yield a row for each picture in a filter's lists, by mean and by maximum; rank 1 is the strongest.

    The position is that of the unit in the feature map, the box in pixels of the network's input, half-open.
    """
    paths = {image["id"]: image["path"] for image in results.model["images"]}
    for layer in results.layers():
        for item in layer["filters"]:
            where: Row = {"layer": layer["layer"]["name"], "filter": item["index"]}
            for rank, mean in enumerate(item.get("top_avg", []), 1):
                yield {**where, "by": "mean", "rank": rank, **_ranked_cells(mean, paths), **_place_cells(None)}
            for rank, maximum in enumerate(item.get("top_max", []), 1):
                yield {**where, "by": "maximum", "rank": rank, **_ranked_cells(maximum, paths), **_place_cells(maximum)}


def image_rows(results: Results) -> Iterator[Row]:
    """Yield a row for each picture: what it is, and what the network takes it for."""
    for image in results.model["images"]:
        best = next(iter(image.get("predictions", [])), None)
        yield {
            "id": image["id"],
            "path": image["path"],
            "label": image["label"],
            "width": image["width"],
            "height": image["height"],
            "prediction": best[0] if best else None,
            "probability": best[1] if best else None,
            "skipped": image.get("skipped"),
        }


def class_rows(results: Results) -> Iterator[Row]:
    """Yield a row for each evaluated class; none where the network was not evaluated."""
    evaluation = results.model["evaluation"]
    for item in evaluation["classes"] if is_computed(evaluation) else []:
        yield {
            "class": item["name"],
            "output": item["output"],
            "pictures": item["n"],
            "predicted": item["predicted"],
            "precision": item["precision"],
            "recall": item["recall"],
            "f1": item["f1"],
        }


def cost_rows(results: Results) -> Iterator[Row]:
    """Yield a row for each convolution and linear layer that runs; none where the cost is not known."""
    cost = results.model.get("cost")
    for layer in cost["layers"] if cost is not None else []:
        yield {
            "layer": layer["name"],
            "kind": layer["kind"],
            "output": " x ".join(map(str, layer["output"])),
            "parameters": layer["parameters"],
            "macs": layer["macs"],
            "activation_bytes": layer["activation_bytes"],
        }


def match_rows(comparison: ComparisonRecord) -> Iterator[Row]:
    """Yield a row for each pair of filters of two models that match."""
    first, second = (model["name"] for model in comparison["models"])
    for layer, index, other_layer, other_index, correlation in comparison["matches"]:
        yield {
            "first_model": first,
            "first_layer": layer,
            "first_filter": index,
            "second_model": second,
            "second_layer": other_layer,
            "second_filter": other_index,
            "correlation": correlation,
        }


MATCHES = "matches.csv"
"""The table beside the ``results.json`` of a comparison."""
TABLES: dict[str, Callable[[Results], Iterable[Row]]] = {
    "filters.csv": filter_rows,
    "top.csv": top_rows,
    "images.csv": image_rows,
    "classes.csv": class_rows,
    "cost.csv": cost_rows,
}
"""Each table's file name, and what makes its rows."""


def csv_text(rows: Iterable[Row]) -> str:
    """Return rows as CSV with a header; an empty text without rows. An empty cell is a value that is not there."""
    out = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    for row in rows:
        if writer is None:
            writer = csv.DictWriter(out, list(row), lineterminator="\n")
            writer.writeheader()
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return out.getvalue()


def _cell(value: Cell) -> Cell:
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _filter_cells(item: FilterResult, paths: dict[int, str]) -> Row:
    stats = item.get("stats")
    selectivity = stats["selectivity"] if stats else None
    label, synthesis = item.get("label"), item.get("max_activ")
    proven = label if is_computed(label) else None
    made = synthesis if is_computed(synthesis) else None
    mean, maximum = next(iter(item.get("top_avg", [])), None), next(iter(item.get("top_max", [])), None)
    return {
        "dead": stats["dead"] if stats else None,
        "always_on": stats["always_on"] if stats else None,
        "mean_of_maxima": stats["mean"] if stats else None,
        "deviation_of_maxima": stats["deviation"] if stats else None,
        "positive_share": stats["positive_share"] if stats else None,
        "best_class": selectivity["class"] if selectivity else None,
        "selectivity": selectivity["index"] if selectivity else None,
        "auc": selectivity["auc"] if selectivity else None,
        "label": " or ".join(proven["any_of"]) if proven else None,
        "label_correlation": proven["correlation"] if proven else None,
        "label_threshold": proven["threshold"] if proven else None,
        "highest_mean": mean["score"] if mean else None,
        "highest_mean_image": paths[mean["image"]] if mean else None,
        "highest_maximum": maximum["score"] if maximum else None,
        "highest_maximum_image": paths[maximum["image"]] if maximum else None,
        "synthesis_score": made["score"] if made else None,
        "synthesis_ratio": made["ratio"] if made else None,
    }


def _ranked_cells(ranked: MeanResult | MaximumResult, paths: dict[int, str]) -> Row:
    return {"image": ranked["image"], "path": paths[ranked["image"]], "score": ranked["score"]}


def _place_cells(maximum: MaximumResult | None) -> Row:
    y, x = maximum["position"] if maximum else (None, None)
    top, left, bottom, right = maximum["box"] if maximum else (None, None, None, None)
    return {"y": y, "x": x, "box_top": top, "box_left": left, "box_bottom": bottom, "box_right": right}
