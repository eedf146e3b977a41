"""Cost of guided gradients in plain forward passes per pair of a filter and a picture, and their accuracy."""

from __future__ import annotations

import copy
import random
import statistics
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch

from mkdocs_lurk.analysis.gradients.engine import GradientEngine
from mkdocs_lurk.analysis.gradients.requests import GradientRequest, GradientResult
from mkdocs_lurk.analysis.gradients.single import filter_gradients
from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.run.gradient_pictures import encode_gradient
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.gradients import list_pairs
from tests.benchmarks.cpu_time import cpu_seconds, cpu_timer
from tests.benchmarks.rows import Row
from tests.benchmarks.workspace import Workspace, open_first_model, responses_of_all_pictures

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
    network = session.network
    plain = copy.deepcopy(network.probe.module).to(memory_format=torch.contiguous_format)
    one = session.pictures.tensor([0])
    by_picture = _drawn_requests(session)

    def forward() -> None:
        with torch.inference_mode():
            plain(one)

    engine = GradientEngine(network, session.config.gradient, session.pictures.tensor, session.limit_batch)
    list(engine.compute([request for requests in by_picture[: _PICTURES // _GROUPS] for request in requests]))
    costs, encode_s, cosines, forwards_s = [], [], [], []
    for group in chunks(by_picture, _PICTURES // _GROUPS):
        requests = [request for of_picture in group for request in of_picture]
        results: list[tuple[int, GradientResult]] = []
        before = [cpu_seconds(forward) for _ in range(_FORWARDS)]
        with cpu_timer() as computing:
            results += engine.compute(requests)
        pair_s = computing.seconds / len(requests)
        forward_s = statistics.median(before + [cpu_seconds(forward) for _ in range(_FORWARDS)])
        forwards_s.append(forward_s)
        costs.append(pair_s / forward_s)
        with cpu_timer() as encoding:
            for _, result in results:
                if result.gradient is not None:
                    encode_gradient(result.gradient)
        encode_s.append(encoding.seconds / len(requests))
        compared = results[:: len(results) // _COMPARED]
        cosines += [_cosine(session, requests[place], result) for place, result in compared]
    cost = statistics.mean(costs)
    dtype = str(network.fast_dtype).removeprefix("torch.")
    return Sample(cost, cost * statistics.median(forwards_s), statistics.mean(encode_s), cosines, dtype)


def _drawn_requests(session: Session) -> list[list[GradientRequest]]:
    """Draw pictures, and requests of each in the order in which an analysis makes them."""
    generator = random.Random(0)  # noqa: S311 - a sample, no secret
    per_picture, found = _pairs_per_picture(), responses_of_all_pictures(session).found
    pairs = [
        pair
        for layer in session.layers
        for pair in list_pairs(found, session.network.columns, layer, session.filters(layer))
    ]
    in_order = sorted((pair.request for pair in pairs), key=lambda request: request.image)
    by_picture = [list(group) for _, group in groupby(in_order, key=lambda request: request.image)]
    by_picture = [requests for requests in by_picture if len(requests) >= per_picture]
    drawn = generator.sample(by_picture, _PICTURES)
    return [sorted(generator.sample(requests, per_picture), key=requests.index) for requests in drawn]


def _cosine(session: Session, request: GradientRequest, result: GradientResult) -> float:
    """Return the cosine similarity of a gradient to that of a single float32 backward pass."""
    if result.gradient is None:
        return 1.0
    x, positions = session.pictures.tensor([request.image]), None if request.position is None else [request.position]
    exact, _ = filter_gradients(
        session.network.probe, x, request.layer, [request.filter], session.config.gradient, positions
    )
    if result.grad_box is not None:
        box = result.grad_box
        exact = exact[:, :, box.top : box.bottom, box.left : box.right]
    a, b = torch.from_numpy(result.gradient).double(), exact[0].double()
    return float((a * b).sum() / (a.norm() * b.norm()).clamp(min=1e-30)) if b.any() else 1.0
