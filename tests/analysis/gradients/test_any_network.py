"""Properties that hold for any network, tested on random ones."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from mkdocs_lurk.analysis.crops import input_window
from mkdocs_lurk.analysis.gradients.single import filter_gradients
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.responses import ResponseSummary, measure_responses, merge_all
from mkdocs_lurk.models.receptive_field.field import receptive_fields
from mkdocs_lurk.models.tracing.layers import Layer, find_layers
from mkdocs_lurk.models.tracing.trace import trace_network
from tests.analysis.networks import EveryConvolution
from tests.models.networks import Patch, Resize, random_networks
from tests.zoo.gradients import slow

Drawn = tuple[nn.Module, tuple[int, int, int]]
N_PICTURES, K = 9, 3
CUTS = st.lists(st.integers(1, N_PICTURES - 1), max_size=3, unique=True)
UNEVEN = (Patch, Resize, nn.ConvTranspose2d)


def analysed(drawn: Drawn) -> tuple[nn.Module, tuple[Layer, ...], Probe]:
    module, size = drawn
    module.requires_grad_(False)
    layers = find_layers(trace_network(module, torch.zeros(1, *size)), EveryConvolution).layers
    return module, layers, Probe.of(module, layers)


def summary_of(probe: Probe, layer: str, x: Tensor, ids: list[int]) -> ResponseSummary:
    responses, _ = measure_responses(probe, x[ids])
    return ResponseSummary.of(responses[layer], np.array(ids), np.zeros(len(ids), np.int64), 1, K)


def hooked_output(module: nn.Module, layer: str, x: Tensor) -> Tensor:
    outputs: list[Tensor] = []
    handle = module.get_submodule(layer).register_forward_hook(lambda _m, _i, output: outputs.append(output.clone()))
    with torch.no_grad():
        module(x)
    handle.remove()
    return outputs[0]


@settings(deadline=None, max_examples=40)
@given(
    random_networks(),
    st.randoms(use_true_random=False),
    CUTS,
)
def test_rankings_equal_a_full_sort_for_any_order_and_batches(drawn: Drawn, random, cuts: list[int]) -> None:
    module, layers, probe = analysed(drawn)
    x = torch.randn(N_PICTURES, *drawn[1])
    layer = random.choice(layers).name
    order = list(range(N_PICTURES))
    random.shuffle(order)
    edges = [0, *sorted(cuts), N_PICTURES]
    found = merge_all(summary_of(probe, layer, x, order[a:b]) for a, b in pairwise(edges))
    maps = hooked_output(module, layer, x)
    for best, scores in ((found.avg, maps.mean((2, 3))), (found.max, maps.amax((2, 3)))):
        scale = float(scores.abs().max())
        for index in range(maps.shape[1]):
            own = scores[:, index].tolist()
            wanted = sorted(own, reverse=True)[:K]
            assert np.allclose(best.scores[index], wanted, rtol=1e-5, atol=1e-6 * scale)
            # but for near-ties the pictures are the same, in the same order
            assert np.allclose([own[image] for image in best.images[index]], wanted, rtol=1e-5, atol=1e-6 * scale)
            assert len(set(best.images[index].tolist())) == K


@settings(deadline=None, max_examples=40)
@given(random_networks(), st.randoms(use_true_random=False))
def test_guided_gradients_equal_those_of_rewritten_relus(drawn: Drawn, random) -> None:
    module, layers, probe = analysed(drawn)
    x, layer = torch.randn(2, *drawn[1]), random.choice(layers)
    index = random.randrange(layer.filters)
    fast, _ = filter_gradients(probe, x, layer.name, [index, index], "guided")
    true = 2 * slow(module, x, layer.name, index)  # the mean there is over both pictures
    assert torch.allclose(fast, true, rtol=1e-4, atol=1e-5 * float(true.abs().max()) + 1e-12)


@settings(deadline=None, max_examples=40)
@given(random_networks(), st.randoms(use_true_random=False))
def test_an_input_window_suffices_for_its_unit(drawn: Drawn, random) -> None:
    module, size = drawn
    if any(isinstance(part, UNEVEN) for part in module.modules()):
        return  # the same pixels elsewhere give other numbers: the engine finds out and uses the whole picture
    module, layers, probe = analysed(drawn)
    known = receptive_fields(trace_network(module, torch.zeros(1, *size)), layers)
    layer = random.choice(layers)
    field = known[layer.name]
    if field.status != "exact" or any(step < 1 or not float(step).is_integer() for step in field.jump):
        return
    x = torch.randn(1, *size)
    _, height, width = layer.output
    place = (random.randrange(height), random.randrange(width))
    index = random.randrange(layer.filters)
    jump = (int(field.jump[0]), int(field.jump[1]))
    window = input_window(field.box(*place, index), place, jump, size[1:])
    b = window.box
    true = float(hooked_output(module, layer.name, x)[0, index, place[0], place[1]])
    try:
        cut = probe.maps(x[:, :, b.top : b.bottom, b.left : b.right], layer.name, [index])
        found = float(cut[0, window.position[0], window.position[1]])
    except (RuntimeError, IndexError):
        return  # too small for some operation, or resized to another size: the engine uses the whole picture then
    assert abs(found - true) <= 1e-4 * max(1.0, abs(true))
