"""A gradient's picture shows the channels that photos show; where it would say something false, there is none."""

from __future__ import annotations

import numpy as np
import pytest

from mkdocs_lurk.analysis.gradients.requests import GradientResult
from mkdocs_lurk.images.webp import decode_picture, describe_shown_channels
from mkdocs_lurk.run.gradient_pictures import describe_gradient, encode_gradient
from mkdocs_lurk.run.stages.gradients import RankedPicture, ranked_mean


@pytest.mark.parametrize(("channels", "shown"), [(1, 1), (2, 1), (3, 3), (4, 3), (12, 3)])
def test_the_shown_channels_are_scaled_by_their_own_largest_value(channels: int, shown: int) -> None:
    gradient = np.random.default_rng(0).normal(size=(channels, 6, 5)).astype(np.float32)
    gradient[shown:] *= 1e4
    facts, found = describe_gradient(GradientResult(gradient)), decode_picture(encode_gradient(gradient)) - 128.0
    wanted = np.moveaxis(np.broadcast_to(gradient[:shown], (3, 6, 5)), 0, -1)
    cosine = float((found * wanted).sum() / np.linalg.norm(found) / np.linalg.norm(wanted))
    assert np.abs(found).max() == 127
    assert facts["grad_cosine"] == pytest.approx(cosine, abs=1e-4)
    assert cosine > 0.999


def cube(channels: int, channel: int, value: float) -> np.ndarray:
    gradient = np.zeros((channels, 4, 4), np.float32)
    gradient[channel, 1, 2] = value
    return gradient


@pytest.mark.parametrize(
    ("gradient", "why"),
    [
        (cube(12, 7, 1.0), "the gradient lies in channels that are not shown"),
        (cube(2, 1, 1.0), "the gradient lies in channels that are not shown"),
        (cube(3, 1, np.nan), "its gradient is not a finite number"),
        (cube(12, 7, np.inf), "its gradient is not a finite number"),
    ],
)
def test_a_gradient_that_cannot_be_shown_says_why(gradient: np.ndarray, why: str) -> None:
    facts = describe_gradient(GradientResult(gradient))
    assert ranked_mean(RankedPicture("a", 0, 0, 0, 1.0), facts, "unit", "0")["grad"] == {"skipped": why}


def test_a_gradient_of_zero_is_shown() -> None:
    assert describe_gradient(GradientResult(np.zeros((12, 4, 4), np.float32))) == {
        "grad_size": [4, 4],
        "grad_cosine": 1,
    }


def test_channels_that_are_not_shown_are_said() -> None:
    assert [len(describe_shown_channels(n)) for n in (1, 2, 3, 4, 12)] == [0, 1, 0, 1, 1]
    assert describe_shown_channels(12) == [
        "The network takes 12 channels; photos, gradients, syntheses and kernels show the first three of them, as red, "
        "green and blue."
    ]
