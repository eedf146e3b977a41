"""How much contrast the picture of a gradient needs."""

from __future__ import annotations

import numpy as np
import pytest

from mkdocs_lurk.pages.pictures.gradient_contrast import gradient_contrast


def gradient(height: int, width: int, values: int = 0) -> np.ndarray:
    return np.full((height, width, 3), 128 + values, np.uint8)


def test_a_strong_gradient_is_left_as_it_is() -> None:
    assert gradient_contrast(gradient(48, 48, 127)) == [1, 1]


def test_a_few_large_values_do_not_hide_the_rest() -> None:
    pixels = gradient(48, 48, -30)
    pixels[0, :20] = 255
    assert gradient_contrast(pixels) == [4.2, 4.2]  # 127 / 30


def test_specks_are_told_from_patches() -> None:
    pixels = gradient(96, 72)
    pixels[::4, ::4] = 1  # one pixel of the 16 in each patch, at full strength
    plain, mask = gradient_contrast(pixels)
    assert (plain, mask) == (1, 12)


@pytest.mark.parametrize("shape", [(3, 3), (1, 5), (29, 224), (224, 29)])
def test_any_size_has_a_contrast_within_bounds(shape: tuple[int, int]) -> None:
    assert gradient_contrast(gradient(*shape)) == [12, 12]
    assert all(1 <= gain <= 12 for gain in gradient_contrast(gradient(*shape, 9)))
