"""Guided gradients of filters of every layer, in plain forward passes a pair, and how like float32's they are."""

from __future__ import annotations

import copy
import random
import statistics
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import torch
from mkdocs_lurk.run.pairs import Pair, all_pairs
from mkdocs_lurk.run.projector import Projector

from mkdocs_lurk.analysis.gradients.single import project as single
from mkdocs_lurk.run.session import Session, runs
from mkdocs_lurk.run.stages.gradients import encoded
from tests.benchmarks.clock import cpu_s, timed
from tests.benchmarks.rows import Row
from tests.benchmarks.setting import Setting, mined, opened

FILTERS, PHOTOS, TOP_K = 4224, 1000, 4
_PICTURES, _GROUPS, _FORWARDS, _COMPARED = 21, 3, 3, 32
_MOST, _ALIKE = 0.20, 0.995


@dataclass(frozen=True)
class Sample:
    """What some pairs of VGG16 took.

    Attributes:
        forwards: Plain forward passes a pair.
        pair_s: CPU-seconds a pair.
        encode_s: CPU-seconds to encode a pair's gradient.
        cosines: Of some of the gradients to those of a single pass in float32.
        dtype: The number format of the way back.
    """

    forwards: float
    pair_s: float
    encode_s: float
    cosines: list[float]
    dtype: str


def measure(setting: Setting) -> list[Row]:
    """Pairs drawn from those of all filters, as many a picture as there are in the whole job."""
    found = sampled(setting)
    lowest, low, middle = (float(np.quantile(found.cosines, q)) for q in (0, 0.01, 0.5))
    return [
        Row(
            "gradients",
            f"VGG16, guided pairs (mean and maximum) of all layers, 224 px, {found.dtype}; {_PICTURES} pictures, "
            f"{_pairs_a_picture()} pairs each",
            f"at most {_MOST:.2f} plain float32 forwards a pair; cosine at least {_ALIKE}",
            f"{found.forwards:.2f} forwards a pair; cosine to float32: median {middle:.5f}, lowest {lowest:.4f} of "
            f"{len(found.cosines)}",
            found.forwards <= _MOST and lowest >= _ALIKE,
            {
                "forwards": found.forwards,
                "pair_s": found.pair_s,
                "encode_s": found.encode_s,
                "cosines": {"lowest": lowest, "low": low, "median": middle},
            },
        )
    ]


def sampled(setting: Setting) -> Sample:
    """Project the sample, once for all rows."""
    if "gradients" not in setting.memory:
        setting.memory["gradients"] = _sample(setting)
    found: Sample = setting.memory["gradients"]
    return found


def _pairs_a_picture() -> int:
    return round(FILTERS * 2 * TOP_K / PHOTOS)


def _sample(setting: Setting) -> Sample:
    session = opened(setting.vgg(cache="pairs"))
    plain = copy.deepcopy(session.probe.module).to(memory_format=torch.contiguous_format)
    one = session.pictures.tensor([0])
    drawn = random.Random(0)  # noqa: S311 - a sample, no secret
    pictures = [list(group) for _, group in groupby(all_pairs(session, mined(session)), key=lambda pair: pair.image)]
    pictures = [own for own in pictures if len(own) >= _pairs_a_picture()]
    chosen = [sorted(drawn.sample(own, _pairs_a_picture()), key=own.index) for own in drawn.sample(pictures, _PICTURES)]

    def forward() -> None:
        with torch.inference_mode():
            plain(one)

    projector = Projector(session)
    first = [pair for own in chosen[: _PICTURES // _GROUPS] for pair in own]
    list(projector.project(_fresh(first)))  # what happens once should not count
    costs, encode_s, cosines, units = [], [], [], []
    for group in runs(chosen, _PICTURES // _GROUPS):
        pairs = _fresh([pair for own in group for pair in own])
        before = [cpu_s(forward) for _ in range(_FORWARDS)]
        spent = cpu_s(lambda pairs=pairs: list(projector.project(pairs))) / len(pairs)
        unit = statistics.median(before + [cpu_s(forward) for _ in range(_FORWARDS)])
        units.append(unit)
        costs.append(spent / unit)
        with timed() as encoding:
            for pair in pairs:
                if pair.gradient is not None:
                    encoded(pair.gradient)
        encode_s.append(encoding.cpu_s / len(pairs))
        cosines += [_cosine(session, pair) for pair in pairs[:: len(pairs) // _COMPARED] if pair.gradient is not None]
    middle = statistics.mean(costs)
    dtype = str(projector.way.dtype).removeprefix("torch.")
    return Sample(middle, middle * statistics.median(units), statistics.mean(encode_s), cosines, dtype)


def _fresh(pairs: list[Pair]) -> list[Pair]:
    return [replace(pair, facts={}, gradient=None) for pair in pairs]


def _cosine(session: Session, pair: Pair) -> float:
    x, places = session.pictures.tensor([pair.image]), None if pair.position is None else [pair.position]
    wanted, _ = single(session.probe, x, pair.layer, [pair.filter], session.config.gradient, places)
    top, left, bottom, right = pair.facts.get("grad_box", (0, 0, *session.size))
    a, b = torch.from_numpy(pair.gradient).double(), wanted[0, :, top:bottom, left:right].double()
    return float((a * b).sum() / (a.norm() * b.norm()).clamp(min=1e-30)) if b.any() else 1.0
