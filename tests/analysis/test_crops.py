from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_lurk.analysis.crops import effective_box, input_window
from mkdocs_lurk.analysis.gradients.single import filter_gradients
from mkdocs_lurk.models.receptive_field.field import receptive_fields
from mkdocs_lurk.models.tracing.layers import find_layers
from mkdocs_lurk.models.tracing.trace import trace_network
from mkdocs_lurk.names import Box
from tests.analysis.networks import Branching, EveryConvolution, probed, seeded

SIZE = 40


@pytest.mark.parametrize("layer", ["stem", "left", "last"])
@pytest.mark.parametrize("position", [(0, 0), (3, 7), (9, 9), (9, 0), (4, 5)])
def test_a_unit_and_its_gradient_can_be_computed_from_its_input_window(layer: str, position: tuple[int, int]) -> None:
    module, x = seeded(Branching), torch.randn(1, 3, SIZE, SIZE)
    trace = trace_network(module, x)
    field = receptive_fields(trace, find_layers(trace, EveryConvolution).layers)[layer]
    probe = probed(module, SIZE)
    window = input_window(field.box(*position), position, tuple(int(step) for step in field.jump), (SIZE, SIZE))
    b = window.box
    whole, wanted = filter_gradients(probe, x, layer, [1], "guided", [position])
    cut, score = filter_gradients(
        probe, x[:, :, b.top : b.bottom, b.left : b.right], layer, [1], "guided", [window.position]
    )
    assert torch.allclose(score, wanted, atol=1e-6)
    padded = torch.zeros_like(whole)
    padded[:, :, b.top : b.bottom, b.left : b.right] = cut
    assert torch.allclose(padded, whole, atol=1e-7)
    assert b.height < SIZE or layer == "last"


@given(st.integers(0, 60), st.integers(1, 40), st.integers(1, 8), st.integers(20, 70))
def test_input_windows_contain_the_field_and_lie_on_the_grid(start: int, length: int, jump: int, size: int) -> None:
    start = min(start, size - 1)
    box = Box(start, start, start + length, start + length)
    window = input_window(box, (20, 20), (jump, jump), (size, size)).box
    inside = box.clip(size, size)
    assert window.top % jump == 0
    assert window.top <= inside.top
    assert inside.bottom <= window.bottom <= size


def test_an_effective_box_holds_its_share_of_the_energy() -> None:
    energy = np.zeros((20, 30), np.float32)
    energy[5:8, 10:14] = 1.0
    energy[0, 0] = 0.5
    box, share = effective_box(energy)
    assert box == Box(5, 10, 8, 14)
    assert share == pytest.approx(12 / 12.5)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_the_effective_box_of_an_energy_that_is_not_finite_is_the_whole_picture(value: float) -> None:
    energy = np.ones((6, 5), np.float32)
    energy[2, 3] = value
    assert effective_box(energy) == (Box(0, 0, 6, 5), 1.0)


def test_the_effective_box_of_no_energy_is_the_whole_picture() -> None:
    assert effective_box(np.zeros((4, 6), np.float32)) == (Box(0, 0, 4, 6), 1.0)


@given(st.integers(0, 2**32 - 1))
def test_an_effective_box_cannot_shrink_further(seed: int) -> None:
    energy = np.random.default_rng(seed).random((9, 7), np.float32) ** 4
    box, share = effective_box(energy)
    inside = energy[box.top : box.bottom, box.left : box.right]
    assert share == pytest.approx(inside.sum() / energy.sum(), rel=1e-5)
    assert share >= 0.9
    for smaller in (inside[1:], inside[:-1], inside[:, 1:], inside[:, :-1]):
        assert smaller.sum() / energy.sum() < 0.9 + 1e-6
