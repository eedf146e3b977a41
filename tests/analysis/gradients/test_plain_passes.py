"""Many small pictures share plain passes, whose gradients are those of single ones."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mkdocs_lurk.analysis.gradients.engine import GradientEngine
from mkdocs_lurk.analysis.gradients.requests import GradientRequest
from mkdocs_lurk.analysis.gradients.single import filter_gradients
from tests.analysis.gradients.engines import (
    PLAIN,
    SIZE,
    RefusesBatches,
    TwoConvolutions,
    compare_with_single_passes,
    computed,
    pictures,
)
from tests.analysis.networks import probed_network, seeded


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
