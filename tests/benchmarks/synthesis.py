"""The cost of reaching the scores of the usual feature visualisation, as a share of its cost."""

from __future__ import annotations

import copy
import math
import statistics
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings
from mkdocs_lurk.analysis.synthesis.synthesise import synthesise
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.run.session import Session
from tests.benchmarks import baseline
from tests.benchmarks.cpu_time import cpu_timer
from tests.benchmarks.rows import Row
from tests.benchmarks.workspace import DEMO, Workspace, open_first_model

_LAYERS = ("features.0", "features.4.expand3x3", "features.7.expand3x3", "features.12.expand3x3")
_FILTERS, _STEPS = 4, (4, 6, 8, 12, 16, 24, 32, 48, 64)
_SPEED_UP = 60


def measure(workspace: Workspace) -> list[Row]:
    """Filters of early, middle and late layers of SqueezeNet 1.1, with its trained weights."""
    declared = {
        "name": "squeezenet",
        "source": "torchvision:squeezenet1_1",
        "weights": str(DEMO / "squeezenet1_1.safetensors"),
        "images": str(DEMO / "photos"),
    }
    session = open_first_model(
        from_mapping({"models": [declared], "device": "cpu", "cache_dir": "cache"}, workspace.folder)
    )
    pixels = torch.stack([torch.from_numpy(session.pictures.pixels(n)).movedim(-1, 0) / 255 for n in range(100)])
    averages = ImageStatistics.of(pixels)
    results = [one for layer in _LAYERS for one in _layer(session, averages, layer)]
    shares = [one["share"] for one in results]
    median = statistics.median(shares)
    reached = sum(math.isfinite(share) for share in shares)
    return [
        Row(
            "synthesis",
            f"SqueezeNet 1.1, {len(results)} filters early, middle and late: the score that the usual recipe reaches",
            f"reached at 1/{_SPEED_UP} of its cost, median",
            f"1/{1 / median:.0f} of its cost, median; reached by {reached} of {len(results)} within {_STEPS[-1]} steps"
            if math.isfinite(median)
            else f"reached by {reached} of {len(results)} within {_STEPS[-1]} steps",
            median <= 1 / _SPEED_UP,
            {"filters": [{**one, "share": one["share"] if math.isfinite(one["share"]) else None} for one in results]},
        )
    ]


def _layer(session: Session, averages: ImageStatistics, layer: str) -> list[dict[str, Any]]:
    """Raise the number of steps until the baseline's score is reached, for some filters of a layer."""
    transform = session.pictures.transform
    n_filters = session.network.probe.shapes[layer][0]
    filters = [round((n + 0.5) * n_filters / _FILTERS) for n in range(_FILTERS)]
    goals, baseline_s = _baseline_scores(session, layer, filters)
    results = [
        {"layer": layer, "filter": index, "goal": goal, "share": math.inf, "steps": None, "scores": {}}
        for index, goal in zip(filters, goals, strict=True)
    ]
    for steps in _STEPS:
        with cpu_timer() as spent:
            syntheses = synthesise(
                session.network.probe,
                layer,
                filters,
                mean=transform.mean,
                std=transform.std,
                size=(transform.channels, transform.height, transform.width),
                statistics=averages,
                settings=AscentSettings(steps=steps),
                fast=session.network.fast_probe,
                batch=_FILTERS,
            )
        for one, synthesis in zip(results, syntheses, strict=True):
            one["scores"][steps] = synthesis.score
            if synthesis.score >= one["goal"] and one["steps"] is None:
                one |= {"steps": steps, "share": spent.seconds / baseline_s}
        if all(one["steps"] for one in results):
            break
    return results


def _baseline_scores(session: Session, layer: str, filters: Sequence[int]) -> tuple[list[float], float]:
    """Return the scores of the baseline's pictures as stored, and the CPU-seconds that it takes to make them."""
    transform = session.pictures.transform
    mean, std = (torch.tensor(values)[:, None, None] for values in (transform.mean, transform.std))

    def normalised(pictures: Tensor) -> Tensor:
        return (pictures - mean) / std

    plain = copy.deepcopy(session.network.probe.module).to(memory_format=torch.channels_last)
    with cpu_timer() as spent:
        pictures = baseline.synthetic_pictures(plain, layer, filters, transform.height, normalised, baseline.STEPS)
    with torch.no_grad():
        stored = (pictures * 255).round() / 255
        return session.network.probe.maps(normalised(stored), layer, filters).mean((1, 2)).tolist(), spent.seconds
