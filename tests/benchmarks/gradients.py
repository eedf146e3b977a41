"""Guided gradients of filters of every layer, in plain forward passes a pair, and how like float32's they are."""

from __future__ import annotations

import copy
import statistics
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from mkdocs_lurk.run.projecting import Pair, pairs_of, project_pairs
from mkdocs_lurk.run.session import Session
from tests.benchmarks.clock import cpu_s
from tests.benchmarks.rows import Row
from tests.benchmarks.setting import Setting, mined, opened

_FILTERS, _COMPARED, _FORWARDS = 16, 4, 3
_MOST, _ALIKE = 0.20, 0.995


def measure(setting: Setting) -> list[Row]:
    """Both kinds of pairs of every layer, weighted by its filters; a run of as many filters as a unit has."""
    session = opened(setting.vgg())
    findings = mined(session)
    plain = copy.deepcopy(session.probe.module).to(memory_format=torch.contiguous_format)
    one = session.pictures.tensor([0])
    costs: dict[str, dict[str, float]] = {}
    cosines: list[float] = []

    def forward() -> None:
        with torch.inference_mode():
            plain(one)

    project_pairs(session, session.layers[0].name, pairs_of(session, findings, session.layers[0].name, [0]))
    for layer in session.layers:
        filters = range(layer.filters // _FILTERS // 2, layer.filters, layer.filters // _FILTERS)
        pairs = pairs_of(session, findings, layer.name, filters)
        before = [cpu_s(forward) for _ in range(_FORWARDS)]
        spent = cpu_s(lambda name=layer.name, own=pairs: project_pairs(session, name, own))
        after = [cpu_s(forward) for _ in range(_FORWARDS)]
        unit = statistics.median(before + after)
        costs[layer.name] = {"filters": layer.filters, "pairs": len(pairs), "forwards": spent / unit / len(pairs)}
        cosines += _cosines(session, layer.name, pairs[:: _FILTERS // _COMPARED])
    total = sum(layer.filters for layer in session.layers)
    average = sum(layer.filters * costs[layer.name]["forwards"] for layer in session.layers) / total
    lowest, low, middle = (float(np.quantile(cosines, q)) for q in (0, 0.01, 0.5))
    format_ = str(session.fast_dtype).removeprefix("torch.")
    return [
        Row(
            "gradients",
            f"VGG16, guided pairs (mean and maximum) of all layers, 224 px, {format_}",
            f"at most {_MOST:.2f} plain float32 forwards a pair; cosine at least {_ALIKE}",
            f"{average:.2f} forwards a pair; cosine to float32: median {middle:.4f}, 99 % above {low:.4f}, lowest "
            f"{lowest:.4f}",
            average <= _MOST and low >= _ALIKE,
            {"forwards": average, "layers": costs, "cosines": {"lowest": lowest, "low": low, "median": middle}},
        )
    ]


def _cosines(session: Session, layer: str, pairs: Sequence[Pair]) -> list[float]:
    exact = [replace(pair, facts={}, gradient=None) for pair in pairs]
    project_pairs(replace(session, fast=session.probe, fast_dtype=torch.float32), layer, exact)
    found = []
    for pair, wanted in zip(pairs, exact, strict=True):
        if pair.gradient is not None and wanted.gradient is not None and wanted.gradient.any():
            a, b = pair.gradient.ravel().astype(np.float64), wanted.gradient.ravel().astype(np.float64)
            found.append(float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-30)))
    return found
