"""What the tests of the engine share: networks, pictures, requests, and the comparison with single passes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.gradients.engine import GradientEngine
from mkdocs_lurk.analysis.gradients.requests import GradientRequest, GradientResult, GradientSettings
from mkdocs_lurk.analysis.gradients.single import filter_gradients
from mkdocs_lurk.analysis.probed_network import ProbedNetwork

SIZE, N_PICTURES = 16, 3


REPLAY = GradientSettings(least_plain_batch=1000)
"""Small pictures are replayed like large ones."""


PLAIN = GradientSettings()


class TwoConvolutions(nn.Module):
    """Receptive fields of 3 and 5 px."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.second = nn.Conv2d(6, 5, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(F.relu(self.first(x), inplace=True))


def pictures() -> Tensor:
    return torch.randn(N_PICTURES, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))


def requests() -> list[GradientRequest]:
    """Means, and units in the middle, at the edge and in the corner."""
    places = (None, (0, 0), (4, 7), (7, 3))
    return [
        GradientRequest(image, layer, index, place)
        for image in range(N_PICTURES)
        for layer in ("first", "second")
        for index in (0, 3)
        for place in places
    ]


def computed(
    network: ProbedNetwork, settings: GradientSettings = REPLAY, at_once: int = 64
) -> dict[GradientRequest, GradientResult]:
    asked = requests()
    limits: list[int] = []

    def limit_batch(n_pictures: int) -> int:
        limits.append(n_pictures)
        return min(n_pictures, at_once)

    def load(images: Sequence[int]) -> Tensor:
        assert len(images) <= at_once
        return pictures()[list(images)]

    found = dict(GradientEngine(network, "guided", load, limit_batch, settings).compute(asked))
    assert sorted(found) == list(range(len(asked)))
    return {request: found[place] for place, request in enumerate(asked)}


def compare_with_single_passes(
    network: ProbedNetwork, found: dict[GradientRequest, GradientResult], least_cosine: float
) -> None:
    for request, result in found.items():
        x, places = pictures()[[request.image]], None if request.position is None else [request.position]
        wanted, _ = filter_gradients(network.probe, x, request.layer, [request.filter], "guided", places)
        if result.grad_box is not None:
            top, left, bottom, right = result.grad_box.as_list()
            outside = wanted.clone()
            outside[:, :, top:bottom, left:right] = 0
            assert not outside.any()
            wanted = wanted[:, :, top:bottom, left:right]
        assert result.gradient is not None
        gradient = torch.from_numpy(result.gradient)
        assert gradient.shape == wanted[0].shape
        if wanted.any():
            assert torch.cosine_similarity(gradient.flatten(), wanted.flatten(), 0) > least_cosine
            assert gradient.abs().max() == pytest.approx(float(wanted.abs().max()), rel=2e-2)


class RefusesBatches(nn.Module):
    """Runs on one picture at a time, beyond its second layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        for place, layer in enumerate(self.layers):
            if place == 2 and x.shape[0] > 1:
                raise RuntimeError("one picture at a time")
            x = layer(x).relu()
        return x
