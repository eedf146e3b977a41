"""The engine's gradients equal those of single passes, whatever the method."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.gradients.engine import GradientEngine
from mkdocs_lurk.analysis.gradients.input_windows import try_windows
from mkdocs_lurk.analysis.gradients.methods import choose_method, smooth_noise
from mkdocs_lurk.analysis.gradients.recording import Recording
from mkdocs_lurk.analysis.gradients.requests import GradientRequest
from mkdocs_lurk.analysis.gradients.single import filter_gradients
from tests.analysis.gradients.engines import (
    REPLAY,
    SIZE,
    RefusesBatches,
    TwoConvolutions,
    compare_with_single_passes,
    computed,
    pictures,
)
from tests.analysis.networks import probed_network, seeded


class DependsOnPosition(TwoConvolutions):
    """Brighter pictures on the right, so that a part of a picture gives other numbers than the same pixels in it."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x * torch.linspace(0, 1, x.shape[-1]))


class Alternating(TwoConvolutions):
    """Runs another operation, which changes nothing, every other time."""

    def __init__(self) -> None:
        super().__init__()
        self.n_runs = 0

    def forward(self, x: Tensor) -> Tensor:
        self.n_runs += 1
        return super().forward(F.max_pool2d(x, 1) if self.n_runs % 2 else x)


@pytest.mark.parametrize(
    ("dtype", "least_cosine"), [(torch.float32, 0.99999), (torch.bfloat16, 0.999)], ids=["float32", "bfloat16"]
)
@pytest.mark.parametrize("largest_window", [0.0, 1.0], ids=["whole pictures", "windows"])
@pytest.mark.parametrize("at_once", [1, 64])
def test_gradients_equal_those_of_single_passes(
    dtype: torch.dtype, least_cosine: float, largest_window: float, at_once: int
) -> None:
    network = probed_network(seeded(TwoConvolutions), SIZE, dtype)
    settings = replace(REPLAY, largest_window=largest_window)
    compare_with_single_passes(network, computed(network, settings, at_once), least_cosine)


def test_means_have_no_box_and_units_have_their_receptive_field() -> None:
    network = probed_network(seeded(TwoConvolutions), SIZE)
    for request, result in computed(network).items():
        if request.position is None:
            assert (result.box, result.field_box, result.grad_box, result.field) == (None, None, None, None)
        else:
            field = network.fields[request.layer].box(*request.position, request.filter)
            assert result.field == "exact"
            assert result.field_box == field
            assert result.box == result.grad_box == field.clip(SIZE, SIZE)


@pytest.mark.parametrize("make", [TwoConvolutions, Alternating], ids=["replayed", "one by one"])
def test_units_whose_field_covers_the_picture_have_effective_boxes(make: type[nn.Module]) -> None:
    network = probed_network(seeded(make), 5)
    request = GradientRequest(0, "second", 1, (1, 1))
    engine = GradientEngine(network, "guided", lambda _: torch.randn(1, 3, 5, 5), lambda n: n, REPLAY)
    ((place, result),) = engine.compute([request])
    assert place == 0
    assert result.field == "effective"
    assert result.field_box is None
    assert result.grad_box is None
    assert result.gradient is not None
    assert result.gradient.shape == (3, 5, 5)
    assert result.energy is not None
    assert result.energy >= 0.9


@pytest.mark.parametrize(
    ("make", "usable"), [(TwoConvolutions, True), (DependsOnPosition, False)], ids=["everywhere alike", "by position"]
)
@pytest.mark.parametrize("dead", [0, 2, 9])
def test_windows_are_used_if_their_gradients_are_those_of_whole_pictures(
    make: type[nn.Module], usable: bool, dead: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Filters whose gradient is 0 prove nothing; if none of the first four proves anything, windows are not used."""
    module = seeded(make)
    module.second.weight.data[:dead] = 0
    network = probed_network(module, SIZE)
    trial = Recording(network.probe, smooth_noise(network), torch.float32, masks_only=True)
    with caplog.at_level(logging.DEBUG, "mkdocs.plugins.lurk"):
        jumps = try_windows(network, trial, "second", REPLAY)
    assert (jumps is not None) == (usable and dead < 4)
    assert ("computed from whole pictures" in caplog.text) == (jumps is None)


def test_bfloat16_is_used_if_it_gives_the_same_gradients() -> None:
    network = probed_network(seeded(TwoConvolutions), SIZE, torch.bfloat16)
    method = choose_method(network, smooth_noise(network), "guided", REPLAY)
    assert method is not None
    assert (method.probe, method.dtype, method.masks_only) == (network.fast_probe, torch.bfloat16, True)


def test_bfloat16_is_given_up_if_it_does_not(caplog: pytest.LogCaptureFixture) -> None:
    network = probed_network(seeded(TwoConvolutions), SIZE, torch.bfloat16)
    spoiled = network.fast_probe.copy_to(torch.device("cpu"), torch.bfloat16)
    spoiled.module.get_submodule("first").weight.data.add_(0.5)
    with caplog.at_level(logging.DEBUG, "mkdocs.plugins.lurk"):
        method = choose_method(replace(network, fast_probe=spoiled), smooth_noise(network), "guided", REPLAY)
    assert method is not None
    assert (method.probe, method.dtype, method.masks_only) == (network.probe, torch.float32, True)
    assert "not computed from recordings of masks in bfloat16: layer 'second': cosine" in caplog.text
    exact = replace(network, fast_probe=network.probe, fast_dtype=torch.float32)
    others = computed(replace(network, fast_probe=spoiled))
    for request, result in computed(exact).items():
        assert np.array_equal(result.gradient, others[request].gradient)


def test_networks_that_cannot_be_replayed_are_computed_in_plain_passes(caplog: pytest.LogCaptureFixture) -> None:
    network, ordinary = (probed_network(seeded(make), SIZE) for make in (Alternating, TwoConvolutions))
    with caplog.at_level(logging.INFO, "mkdocs.plugins.lurk"):
        assert choose_method(network, smooth_noise(network), "guided", REPLAY) is None
    assert "computed in plain passes" in caplog.text
    wanted = computed(ordinary)
    for request, result in computed(network).items():
        assert np.allclose(result.gradient, wanted[request].gradient, atol=1e-6)
        assert replace(result, gradient=None) == replace(wanted[request], gradient=None)


def test_a_layer_whose_replay_fails_is_computed_one_by_one_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    network = probed_network(seeded(RefusesBatches), SIZE)
    x = pictures()
    requests = [GradientRequest(0, f"layers.{layer}", index) for layer in range(3) for index in range(2)]
    engine = GradientEngine(network, "guided", lambda images: x[list(images)], lambda size: size, REPLAY)
    with caplog.at_level(logging.INFO):
        found = dict(engine.compute(requests))
    assert sorted(found) == list(range(len(requests)))
    for place, request in enumerate(requests):
        wanted, _ = filter_gradients(network.probe, x[:1], request.layer, [request.filter], "guided")
        assert np.allclose(found[place].gradient, wanted[0].numpy(), atol=1e-6)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == "gradients of layer 'layers.2': computed one by one (RuntimeError: one picture at a time)"
