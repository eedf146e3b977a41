"""The engine's gradients equal those of single passes, whatever the method."""

from __future__ import annotations

import logging
from collections.abc import Sequence
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
from mkdocs_lurk.analysis.gradients.requests import GradientRequest, GradientResult, GradientSettings
from mkdocs_lurk.analysis.gradients.single import filter_gradients
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from tests.analysis.networks import probed_network, seeded

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


@pytest.mark.parametrize("at_once", [1, 5, 64])
def test_plain_passes_of_several_layers_give_the_gradients_of_single_ones(at_once: int) -> None:
    network = probed_network(seeded(TwoConvolutions), SIZE)
    compare_with_single_passes(network, computed(network, PLAIN, at_once), 0.999999)


class Chain(nn.Module):
    """Layers of two filters one after the other; counts its passes."""

    def __init__(self, n_layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv2d(3 if n == 0 else 2, 2, 3, padding=1) for n in range(n_layers))
        self.n_passes = self.n_layers_run = 0

    def forward(self, x: Tensor) -> Tensor:
        self.n_passes += 1
        for layer in self.layers:
            self.n_layers_run += 1
            x = layer(x).relu()
        return x


def passes_of(n_layers: int) -> tuple[int, int, int]:
    """Compute the gradients of every filter of a chain: gradients, passes, and the sets of hooks set meanwhile."""
    module = seeded(lambda: Chain(n_layers))
    network = probed_network(module, SIZE)
    module.n_passes = 0
    hooks: list[int] = []
    set_hook = module.layers[0].register_forward_hook
    module.layers[0].register_forward_hook = lambda *given, **named: hooks.append(1) or set_hook(*given, **named)
    asked = [GradientRequest(image, f"layers.{n}", f) for image in range(3) for n in range(n_layers) for f in range(2)]
    engine = GradientEngine(network, "guided", lambda images: pictures()[list(images)], lambda size: size, PLAIN)
    assert len(dict(engine.compute(asked))) == len(asked)
    return len(asked), module.n_passes, len(hooks)


def test_one_plain_pass_serves_as_many_small_pictures_of_any_layers_as_a_batch_holds() -> None:
    """Cost grows with layers times depth, by one pass of 64 pictures for each 64 gradients, and not by one for each."""
    for n_layers in (5, 20, 60):
        n_gradients, n_passes, n_hooks = passes_of(n_layers)
        assert n_gradients == 6 * n_layers
        assert n_passes == -(-n_gradients // PLAIN.largest_batch)
        assert n_hooks == 1


def test_plain_passes_end_at_the_deepest_layer_that_is_asked_for() -> None:
    module = seeded(lambda: Chain(6))
    network = probed_network(module, SIZE)
    module.n_layers_run = 0
    engine = GradientEngine(network, "guided", lambda images: pictures()[list(images)], lambda size: size, PLAIN)
    list(engine.compute([GradientRequest(0, "layers.1", 0), GradientRequest(1, "layers.3", 1)]))
    assert module.n_layers_run == 4


class Rooted(TwoConvolutions):
    """Takes the root of zeros, whose derivative is infinite."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return self.second(x + (x - x).sqrt())


@pytest.mark.parametrize("make", [Rooted, RefusesBatches], ids=["infinite derivative", "one picture at a time"])
def test_gradients_that_get_in_each_others_way_are_computed_one_by_one(
    make: type[nn.Module], caplog: pytest.LogCaptureFixture
) -> None:
    network = probed_network(seeded(make), SIZE)
    names = [layer.name for layer in network.layers]
    asked = [GradientRequest(image, name, index) for image in range(2) for name in names for index in range(2)]
    engine = GradientEngine(network, "guided", lambda images: pictures()[list(images)], lambda size: size, PLAIN)
    with caplog.at_level(logging.INFO):
        found = dict(engine.compute(asked))
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"gradients of layers {names[0]!r} to {names[-1]!r}: computed one by one (")
    for place, request in enumerate(asked):
        x = pictures()[[request.image]]
        wanted, _ = filter_gradients(network.probe, x, request.layer, [request.filter], "guided")
        assert np.allclose(found[place].gradient, wanted[0].numpy(), atol=1e-6, equal_nan=True)


def test_large_pictures_are_replayed_and_small_ones_are_not() -> None:
    for size, replayed in ((79, False), (80, True)):
        network = probed_network(seeded(TwoConvolutions), size)
        assert (GradientEngine(network, "guided", lambda _: torch.zeros(0), int).method is not None) == replayed
