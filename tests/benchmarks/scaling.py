"""How the cost of an analysis grows with the number of layers, and with the number of filters of a layer."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import numpy as np
from PIL import Image

from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.run.stages.gradients import Gradients
from mkdocs_lurk.store import Store
from tests.benchmarks.job import Meter
from tests.benchmarks.rows import Row
from tests.benchmarks.workspace import Workspace

_LAYERS, _FILTERS = (50, 100, 200, 500), (1_000, 5_000, 20_000)
_PICTURES, _SIDE = 12, 16
_MOST = 1.5
"""Of the cost of one layer, or filter, in the smallest network."""


def measure(workspace: Workspace) -> list[Row]:
    """Analyse chains of layers of three filters, and layers of many filters, without gradient ascent."""
    return [_of_depth(workspace), _of_width(workspace)]


def _of_depth(workspace: Workspace) -> Row:
    """A gradient runs through all layers before its own: its cost is stated for each of them."""
    whole, rest, gradients = {}, {}, {}
    for n_layers in _LAYERS:
        total, of_gradients = _cpu_seconds(workspace, "Chain", n_layers)
        whole[n_layers] = total
        rest[n_layers] = (total - of_gradients) / n_layers
        gradients[n_layers] = of_gradients / n_layers**2
    growth = max(per[_LAYERS[-1]] / per[_LAYERS[0]] for per in (rest, gradients))
    return Row(
        "scaling",
        f"chains of layers of 3 filters, {_PICTURES} pictures of {_SIDE} px",
        f"of {_LAYERS[-1]} layers each costs at most {_MOST} of what it does of {_LAYERS[0]}, and so does each layer "
        "that a gradient runs through",
        _curve(whole, "layers") + f"; at most {growth:.2f} times",
        growth <= _MOST,
        {"seconds": whole, "rest_per_layer": rest, "gradients_per_layer_passed": gradients},
    )


def _of_width(workspace: Workspace) -> Row:
    whole = {n_filters: _cpu_seconds(workspace, "Wide", n_filters)[0] for n_filters in _FILTERS}
    growth = whole[_FILTERS[-1]] / _FILTERS[-1] / (whole[_FILTERS[0]] / _FILTERS[0])
    return Row(
        "scaling",
        f"a layer of many filters, {_PICTURES} pictures of {_SIDE} px",
        f"of {_FILTERS[-1]:,} filters each costs at most {_MOST} of what it does of {_FILTERS[0]:,}",
        _curve(whole, "filters") + f"; {growth:.2f} times",
        growth <= _MOST,
        {"seconds": whole},
    )


def _curve(seconds: dict[int, float], of_what: str) -> str:
    return ", ".join(f"{number:,}: {spent:.1f}" for number, spent in seconds.items()) + f" CPU-seconds by {of_what}"


def _cpu_seconds(workspace: Workspace, network: str, size: int) -> tuple[float, float]:
    """Analyse a network of a size; return the CPU-seconds of all, and of the gradients."""
    model = {
        "name": f"{network.lower()}-{size}",
        "source": f"tests.benchmarks.networks:{network}",
        "arguments": {"size": size},
        "images": str(_pictures(workspace.folder / "small")),
        "transform": {"crop": _SIDE, "mean": [0.5] * 3, "std": [0.25] * 3},
        "top_k": 2,
        "synthesis": False,
        "ignore": ["unused-range"],
    }
    config = from_mapping({"models": [model], "device": "cpu", "cache_dir": "cache-scaling"}, workspace.folder)
    meter, start = Meter(), process_time()
    analyze(config, config.models[0], Store(config.cache_dir), meter)
    return process_time() - start, sum(meter.spent[Gradients.name])


def _pictures(folder: Path) -> Path:
    """Write random pictures, once."""
    random = np.random.default_rng(0)
    for number in range(0 if folder.exists() else _PICTURES):
        folder.mkdir(exist_ok=True)
        Image.fromarray(random.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8)).save(folder / f"{number:02d}.png")
    return folder
