"""A gradient is published with few levels, symmetric about mid-grey, and keeps its direction."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mkdocs_lurk.images.webp import gradient_pixels
from mkdocs_lurk.pages.pictures.quantised import quantise_gradient


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    a, b = (pixels.astype(float).ravel() - 128 for pixels in (one, other))
    return float(a @ b / np.sqrt((a @ a) * (b @ b))) if (a @ a) * (b @ b) else float(not a.any() and not b.any())


def heavy_tailed(seed: int, side: int = 50, power: float = 1.0) -> np.ndarray:
    values = np.random.default_rng(seed).laplace(size=(3, side, side))
    return gradient_pixels(np.sign(values) * np.abs(values) ** power)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 30), st.floats(0.2, 4.0), st.sampled_from([1.0, 0.995, 0.985]))
def test_the_direction_is_kept(seed: int, side: int, power: float, stored_cosine: float) -> None:
    pixels = heavy_tailed(seed, side, power)
    assert cosine(quantise_gradient(pixels, stored_cosine), pixels) * stored_cosine >= 0.98


@pytest.mark.parametrize("power", [0.3, 1.0, 2.0])
def test_there_are_few_levels(power: float) -> None:
    pixels = heavy_tailed(0, power=power)
    quantised = quantise_gradient(pixels)
    assert len(np.unique(quantised)) <= 31 < len(np.unique(pixels))
    assert cosine(quantised, pixels) < 0.99  # else a coarser step would have done


def test_zero_stays_mid_grey_and_the_opposite_gradient_is_the_opposite_picture() -> None:
    values = np.random.default_rng(0).laplace(size=(3, 40, 40))
    values[:, :, :20] = 0
    one, other = (quantise_gradient(gradient_pixels(sign * values)).astype(int) for sign in (1, -1))
    assert (one[:, :20] == 128).all()
    assert np.array_equal(one - 128, 128 - other)


def test_a_gradient_of_zeros_stays_grey() -> None:
    assert (quantise_gradient(np.full((4, 4, 3), 128, np.uint8)) == 128).all()


def test_a_picture_that_is_coarse_already_stays_as_it_is() -> None:
    pixels = heavy_tailed(0)
    assert np.array_equal(quantise_gradient(pixels, stored_cosine=0.97), pixels)
