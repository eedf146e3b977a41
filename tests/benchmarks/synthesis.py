"""What share of the usual recipe's cost it takes to reach the score of its pictures."""

from __future__ import annotations

import copy
import math
import statistics
from typing import Any

import torch
from torch import Tensor

from mkdocs_lurk.analysis.synthesis.synthesise import ImageStatistics, Recipe, synthesise
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.run.session import Session
from tests.benchmarks import usual
from tests.benchmarks.clock import timed
from tests.benchmarks.rows import Row
from tests.benchmarks.setting import DEMO, Setting, opened

_LAYERS = ("features.0", "features.4.expand3x3", "features.7.expand3x3", "features.12.expand3x3")
_FILTERS, _LADDER = 4, (4, 6, 8, 12, 16, 24, 32, 48, 64)
_FASTER = 60


def measure(setting: Setting) -> list[Row]:
    """Filters of early, middle and late layers of SqueezeNet 1.1, with its trained weights."""
    declared = {
        "name": "squeezenet",
        "source": "torchvision:squeezenet1_1",
        "weights": str(DEMO / "squeezenet1_1.safetensors"),
        "images": str(DEMO / "photos"),
    }
    session = opened(from_mapping({"models": [declared], "device": "cpu", "cache_dir": "cache"}, setting.folder))
    pixels = torch.stack([torch.from_numpy(session.pictures.pixels(n)).movedim(-1, 0) / 255 for n in range(100)])
    statistics_ = ImageStatistics.of(pixels)
    found = [one for layer in _LAYERS for one in _layer(session, statistics_, layer)]
    shares = [one["share"] for one in found]
    median = statistics.median(shares)
    reached = sum(math.isfinite(share) for share in shares)
    return [
        Row(
            "synthesis",
            f"SqueezeNet 1.1, {len(found)} filters early, middle and late: the score that the usual recipe reaches",
            f"reached at 1/{_FASTER} of its cost, median",
            f"1/{1 / median:.0f} of its cost, median; reached by {reached} of {len(found)} within {_LADDER[-1]} steps"
            if math.isfinite(median)
            else f"reached by {reached} of {len(found)} within {_LADDER[-1]} steps",
            median <= 1 / _FASTER,
            {"filters": [{**one, "share": one["share"] if math.isfinite(one["share"]) else None} for one in found]},
        )
    ]


def _layer(session: Session, averages: ImageStatistics, layer: str) -> list[dict[str, Any]]:
    transform = session.pictures.transform
    mean, std = (torch.tensor(values)[:, None, None] for values in (transform.mean, transform.std))
    count = session.probe.shapes[layer][0]
    filters = [round((n + 0.5) * count / _FILTERS) for n in range(_FILTERS)]

    def normalised(pictures: Tensor) -> Tensor:
        return (pictures - mean) / std

    plain = copy.deepcopy(session.probe.module).to(memory_format=torch.channels_last)
    with timed() as theirs:
        drawn = usual.pictures(plain, layer, filters, transform.height, normalised, usual.STEPS)
    with torch.no_grad():
        seen = (drawn * 255).round() / 255
        goals = session.probe.maps(normalised(seen), layer, filters).mean((1, 2)).tolist()
    found = [
        {"layer": layer, "filter": index, "goal": goal, "share": math.inf, "steps": None, "scores": {}}
        for index, goal in zip(filters, goals, strict=True)
    ]
    for steps in _LADDER:
        with timed() as ours:
            made = synthesise(
                session.probe,
                layer,
                filters,
                mean=transform.mean,
                std=transform.std,
                size=(transform.channels, transform.height, transform.width),
                statistics=averages,
                recipe=Recipe(steps=steps),
                fast=session.fast,
                batch=_FILTERS,
            )
        for one, picture in zip(found, made, strict=True):
            one["scores"][steps] = picture.score
            if picture.score >= one["goal"] and one["steps"] is None:
                one |= {"steps": steps, "share": ours.cpu_s / theirs.cpu_s}
        if all(one["steps"] for one in found):
            break
    return found
