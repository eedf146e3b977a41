"""Adds to a built site, from its own files: a layer of 2,048 filters, and maps of known networks."""

from __future__ import annotations

import json
import runpy
import shutil
from pathlib import Path
from typing import Any

FILTERS = 2048
CHUNK = 128
CLASSES = 14
NAMED = 12
"""A filter of the large layer that has a name."""
NETWORKS = ("vgg16", "googlenet", "resnet152", "densenet201")
_GRAPHS = Path(__file__).parents[2] / "assets" / "gallery" / "dev" / "graphs.py"

Json = dict[str, Any]


def add_invented_pages(site: Path) -> None:
    """Add ``models/small/many/``, and ``models/NETWORK/`` for each known network."""
    models = site / "models"
    _add_large_layer(models / "small" / "features.0", models / "small" / "many")
    graphs = runpy.run_path(str(_GRAPHS))
    for name in NETWORKS:
        graph, layers = graphs[name]()
        _add_network(models / "small", models / name, graph, layers)
    (models / "many").mkdir()


def _add_large_layer(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    layer, details = _read(source / "layer.js"), _read(source / "filters-0.js")
    columns = layer["filters"]
    known = len(columns["index"])
    del columns["responders"]  # no column with one value per filter
    filters: Json = {name: [values[n % known] for n in range(FILTERS)] for name, values in columns.items()}
    filters["index"] = list(range(FILTERS))
    filters["name"][NAMED] = "eyes in fur"
    filters["max"] = [round(10 - n * 0.004, 3) for n in range(FILTERS)]
    filters["selectivity"] = [round(n / FILTERS, 4) for n in range(FILTERS)]
    filters["order"] = list(range(FILTERS))[::-1]
    filters["dead"] = [int(n % 100 == 1) for n in range(FILTERS)]
    filters["duplicate"] = [n - 1 if n % 50 == 3 else -1 for n in range(FILTERS)]
    filters["responders"] = {"0": [[n, 1.0] for n in range(7, FILTERS, 200)], "1": [[5, 2.0], [3, 1.0]]}
    chunks = range(-(-FILTERS // CHUNK))
    layer = {**layer, "chunk": CHUNK, "chunks": [f"filters-{k}.js" for k in chunks], "filters": filters}
    layer["layer"]["filters"] = FILTERS
    layer["labels"] += [f"class {n}" for n in range(len(layer["labels"]), CLASSES)]
    _write(target / "layer.js", "small/many", layer)
    means = {by: [[n, 1 - n / CLASSES] for n in range(CLASSES)] for by in ("max", "avg")}
    for k in chunks:
        numbers = range(k * CHUNK, min(FILTERS, (k + 1) * CHUNK))
        run = [{**details["filters"][n % known], "index": n, "classes": means} for n in numbers]
        _write(target / f"filters-{k}.js", f"small/many/filters-{k}", {**details, "filters": run})
    _replace(target / "index.html", "small/features.0", "small/many")


def _add_network(source: Path, target: Path, graph: Json, layers: list[Json]) -> None:
    target.mkdir()
    model = _read(source / "model.js")
    strip = model["layers"][0]["strip"]
    known = {**model, "name": target.name, "graph": graph, "layers": [{**layer, "strip": strip} for layer in layers]}
    known["sheets"] = [f"../small/{name}" for name in model["sheets"]]
    _write(target / "model.js", target.name, known)
    shutil.copy(source / "index.html", target / "index.html")
    _replace(target / "index.html", 'data-key="small"', f'data-key="{target.name}"')
    _replace(target / "index.html", 'xlink:href="', 'xlink:href="../small/')


def _read(path: Path) -> Json:
    found: Json = json.loads(path.read_text("utf-8").partition("]=")[2].strip().removesuffix(";"))
    return found


def _write(path: Path, key: str, value: Json) -> None:
    path.write_text(f"(window.lurkData||={{}})[{json.dumps(key)}]={json.dumps(value)};\n", "utf-8")


def _replace(path: Path, before: str, after: str) -> None:
    path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")
