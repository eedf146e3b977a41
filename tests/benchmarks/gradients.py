"""Cost of guided gradients in plain forward passes per pair of a filter and a picture, and their accuracy."""

from __future__ import annotations

import copy
import random
import statistics
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
import torch

from mkdocs_lurk.analysis.gradients.single import project as single
from mkdocs_lurk.run.pairs import Pair, all_pairs
from mkdocs_lurk.run.projector import Projector
from mkdocs_lurk.run.session import Session, runs
from mkdocs_lurk.run.stages.gradients import encoded
from tests.benchmarks.cpu_time import cpu_seconds, cpu_timer
from tests.benchmarks.rows import Row
from tests.benchmarks.workspace import Workspace, measure_all, open_first_model

FILTERS, PHOTOS, TOP_K = 4224, 1000, 4
_PICTURES, _GROUPS, _FORWARDS, _COMPARED = 21, 3, 3, 32
_MOST_FORWARDS, _LEAST_COSINE = 0.20, 0.995


@dataclass(frozen=True)
class Sample:
    """Cost and accuracy of the gradients of some pairs, for VGG16.

    Attributes:
        forwards: Cost in plain forward passes per pair.
        pair_s: CPU-seconds per pair.
        encode_s: CPU-seconds to encode the gradient of a pair.
        cosines: Cosine similarities of some gradients to those of a single float32 backward pass.
        dtype: The number format of the backward pass.
    """

    forwards: float
    pair_s: float
    encode_s: float
    cosines: list[float]
    dtype: str


def measure(workspace: Workspace) -> list[Row]:
    """Measure pairs of all filters, as many per picture as in the whole job."""
    sample = sampled(workspace)
    lowest, low, median = (float(np.quantile(sample.cosines, q)) for q in (0, 0.01, 0.5))
    return [
        Row(
            "gradients",
            f"VGG16, guided pairs (mean and maximum) of all layers, 224 px, {sample.dtype}; {_PICTURES} pictures, "
            f"{_pairs_per_picture()} pairs each",
            f"at most {_MOST_FORWARDS:.2f} plain float32 forwards a pair; cosine at least {_LEAST_COSINE}",
            f"{sample.forwards:.2f} forwards a pair; cosine to float32: median {median:.5f}, lowest {lowest:.4f} of "
            f"{len(sample.cosines)}",
            sample.forwards <= _MOST_FORWARDS and lowest >= _LEAST_COSINE,
            {
                "forwards": sample.forwards,
                "pair_s": sample.pair_s,
                "encode_s": sample.encode_s,
                "cosines": {"lowest": lowest, "low": low, "median": median},
            },
        )
    ]


def sampled(workspace: Workspace) -> Sample:
    """Compute the gradients of the sample, once for all rows."""
    if "gradients" not in workspace.shared:
        workspace.shared["gradients"] = _sample(workspace)
    sample: Sample = workspace.shared["gradients"]
    return sample


def _pairs_per_picture() -> int:
    return round(FILTERS * 2 * TOP_K / PHOTOS)


def _sample(workspace: Workspace) -> Sample:
    session = open_first_model(workspace.vgg(cache="pairs"))
    plain = copy.deepcopy(session.probe.module).to(memory_format=torch.contiguous_format)
    one = session.pictures.tensor([0])
    by_picture = _drawn_pairs(session)

    def forward() -> None:
        with torch.inference_mode():
            plain(one)

    projector = Projector(session)
    warm_up = [pair for pairs in by_picture[: _PICTURES // _GROUPS] for pair in pairs]
    list(projector.project(_fresh(warm_up)))
    costs, encode_s, cosines, forwards_s = [], [], [], []
    for group in runs(by_picture, _PICTURES // _GROUPS):
        pairs = _fresh([pair for own in group for pair in own])
        before = [cpu_seconds(forward) for _ in range(_FORWARDS)]
        pair_s = cpu_seconds(lambda pairs=pairs: list(projector.project(pairs))) / len(pairs)
        forward_s = statistics.median(before + [cpu_seconds(forward) for _ in range(_FORWARDS)])
        forwards_s.append(forward_s)
        costs.append(pair_s / forward_s)
        with cpu_timer() as encoding:
            for pair in pairs:
                if pair.gradient is not None:
                    encoded(pair.gradient)
        encode_s.append(encoding.seconds / len(pairs))
        cosines += [_cosine(session, pair) for pair in pairs[:: len(pairs) // _COMPARED] if pair.gradient is not None]
    cost = statistics.mean(costs)
    dtype = str(projector.way.dtype).removeprefix("torch.")
    return Sample(cost, cost * statistics.median(forwards_s), statistics.mean(encode_s), cosines, dtype)


def _drawn_pairs(session: Session) -> list[list[Pair]]:
    """Draw pictures, and pairs of each in the order in which they are projected."""
    generator = random.Random(0)  # noqa: S311 - a sample, no secret
    per_picture = _pairs_per_picture()
    in_order = all_pairs(session, measure_all(session))
    by_picture = [list(group) for _, group in groupby(in_order, key=lambda pair: pair.image)]
    by_picture = [pairs for pairs in by_picture if len(pairs) >= per_picture]
    drawn = generator.sample(by_picture, _PICTURES)
    return [sorted(generator.sample(pairs, per_picture), key=pairs.index) for pairs in drawn]


def _fresh(pairs: list[Pair]) -> list[Pair]:
    """Return copies of pairs without any results."""
    return [replace(pair, facts={}, gradient=None) for pair in pairs]


def _cosine(session: Session, pair: Pair) -> float:
    """Return the cosine similarity of a pair's gradient to that of a single float32 backward pass."""
    x, positions = session.pictures.tensor([pair.image]), None if pair.position is None else [pair.position]
    exact, _ = single(session.probe, x, pair.layer, [pair.filter], session.config.gradient, positions)
    top, left, bottom, right = pair.facts.get("grad_box", (0, 0, *session.size))
    a, b = torch.from_numpy(pair.gradient).double(), exact[0, :, top:bottom, left:right].double()
    return float((a * b).sum() / (a.norm() * b.norm()).clamp(min=1e-30)) if b.any() else 1.0
