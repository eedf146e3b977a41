from __future__ import annotations

import pytest
import torch

from mkdocs_lurk.analysis.synthesis.fourier import FourierCanvas, tile_texture, zoom
from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from tests.analysis.synthesis.pictures import clouds_with_spectrum

SIZES = [(32, 32), (24, 40), (31, 17)]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_coefficients_of_unit_variance_have_the_statistics_of_the_data(height: int, width: int) -> None:
    data = ImageStatistics.of(clouds_with_spectrum(1.0))
    canvas = FourierCanvas(height, width, data, 4.0)
    noise = torch.stack([canvas.noise(seed) for seed in range(40)])
    assert canvas.colour_planes(noise).var() == pytest.approx(1.0, rel=0.15)
    drawn = ImageStatistics.of(canvas.pixels(noise))
    assert drawn.colours @ drawn.colours.T == pytest.approx(data.colours @ data.colours.T, rel=0.25, abs=0.02)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_coefficients_of_colour_planes_are_the_inverse(height: int, width: int) -> None:
    canvas = FourierCanvas(height, width, ImageStatistics.of(clouds_with_spectrum(1.0)), 4.0)
    planes = canvas.colour_planes(canvas.noise(0)[None])
    assert torch.allclose(canvas.colour_planes(canvas.coefficients_of(planes)), planes, atol=1e-5)


@pytest.mark.parametrize(("small", "whole"), [((16, 16), (64, 64)), ((20, 24), (48, 80)), ((16, 32), (40, 32))])
def test_tiling_keeps_the_contrast_and_hides_the_repetition(small: tuple[int, int], whole: tuple[int, int]) -> None:
    random = torch.Generator().manual_seed(0)
    planes = torch.randn((6, 2, *small), generator=random) + 3.0
    tiled = tile_texture(planes, *whole, seed=1)
    assert tiled.shape == (6, 2, *whole)
    assert tiled.mean() == pytest.approx(3.0, abs=0.1)
    assert tiled.std() == pytest.approx(1.0, rel=0.1)
    for axis in (0, 1):
        if whole[axis] >= 2 * small[axis]:
            difference = tiled.roll(small[axis], axis + 2) - tiled
            assert difference.std() > 0.8


def test_tiling_is_periodic() -> None:
    wave = torch.sin(torch.arange(16) * (2 * torch.pi / 16))
    tiled = tile_texture((wave[:, None] + wave)[None, None], 64, 64, seed=0)
    largest_step_inside = (tiled[..., 1:, :] - tiled[..., :-1, :]).abs().max()
    assert (tiled[..., 0, :] - tiled[..., -1, :]).abs().max() <= 1.2 * largest_step_inside


@pytest.mark.parametrize("factor", [0.8, 0.95, 1.0, 1.07, 1.3])
def test_zoom_changes_the_period(factor: float) -> None:
    wave = torch.cos(torch.arange(64) * (2 * torch.pi / 16)).expand(1, 1, 64, 64)
    zoomed = zoom(wave, factor)
    assert zoomed.shape == wave.shape
    expected = torch.cos((torch.arange(64) + 0.5) * (round(64 / factor) / 64 * 2 * torch.pi / 16) - torch.pi / 16)
    assert torch.allclose(zoomed[0, 0, 0], expected, atol=0.12)
