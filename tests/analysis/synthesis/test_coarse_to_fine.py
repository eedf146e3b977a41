from __future__ import annotations

import logging

import pytest
import torch
from torch import Tensor, nn

from mkdocs_lurk.analysis.synthesis.settings import AscentSettings
from tests.analysis.networks import Branching, seeded
from tests.analysis.synthesis.builders import synthesised


class InputRecorder(nn.Module):
    """Records the sizes and the numbers of its inputs; refuses all sizes but one if that is given."""

    def __init__(self, only_px: int | None) -> None:
        super().__init__()
        self.only_px, self.sizes, self.batches = only_px, set[tuple[int, ...]](), set[int]()
        self.one = nn.Conv2d(3, 2, 3, padding=1)
        self.two = nn.Conv2d(2, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        if self.only_px and x.shape[-1] != self.only_px:
            raise AssertionError(f"made for {self.only_px} px")
        self.sizes.add(tuple(x.shape[2:]))
        self.batches.add(len(x))
        return self.two(torch.relu(self.one(x)))


@pytest.mark.parametrize("only_px", [None, 96])
def test_early_steps_use_a_small_canvas_if_the_network_accepts_it(
    only_px: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    torch.manual_seed(0)
    module = InputRecorder(only_px)
    with caplog.at_level(logging.DEBUG, "mkdocs.plugins.lurk"):
        (synthesis,) = synthesised(module, "two", [0], size=(3, 96, 96), settings=AscentSettings(steps=12), batch=1)
    assert module.sizes == ({(96, 96), (64, 64)} if only_px is None else {(96, 96)})
    assert synthesis.failed is None
    assert synthesis.pixels.shape == (96, 96, 3)
    refusal = "layer 'two': every step of gradient ascent is taken at full size"
    assert (refusal in caplog.text) == (only_px is not None)
    assert ("64 x 64 px: AssertionError: made for 96 px" in caplog.text) == (only_px is not None)


def test_no_small_canvas_where_it_saves_little() -> None:
    torch.manual_seed(0)
    module = InputRecorder(None)
    synthesised(module, "two", [0], size=(3, 72, 72), settings=AscentSettings(steps=4))
    assert module.sizes == {(72, 72)}


def test_every_batch_has_the_same_number_of_pictures() -> None:
    """Kernels may round differently for another number; single pictures come from the questions about the layer."""
    torch.manual_seed(0)
    module = InputRecorder(None)
    synthesised(module, "two", [1, 0, 1, 0, 1], size=(3, 16, 16), settings=AscentSettings(steps=4), batch=4)
    assert module.batches == {1, 4}


def test_seed_decides_the_noise() -> None:
    without_transforms = AscentSettings(steps=8, jitter=0, zoom=0)
    one, other = (
        synthesised(seeded(Branching), "last", [2], seed=seed, settings=without_transforms)[0] for seed in (3, 4)
    )
    assert one.pixels.tobytes() != other.pixels.tobytes()
