from __future__ import annotations

import pytest
import torch

from mkdocs_lurk.analysis.synthesis.fourier import FourierCanvas, radial_frequencies, zoom
from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from tests.analysis.synthesis.pictures import coloured_clouds

SIZES = [(32, 32), (24, 40), (31, 17)]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_coefficients_of_unit_variance_have_the_contrast_and_the_colours_of_the_data(height: int, width: int) -> None:
    data = ImageStatistics.of(coloured_clouds())
    canvas = FourierCanvas(height, width, data)
    noise = torch.stack([canvas.noise(seed) for seed in range(40)])
    assert canvas.colour_planes(noise).var() == pytest.approx(1.0, rel=0.15)
    drawn = ImageStatistics.of(canvas.pixels(noise))
    assert drawn.colours @ drawn.colours.T == pytest.approx(data.colours @ data.colours.T, rel=0.25, abs=0.02)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_amplitudes_fall_as_one_over_the_frequency(height: int, width: int) -> None:
    canvas = FourierCanvas(height, width, ImageStatistics.of(coloured_clouds()))
    planes = canvas.colour_planes(torch.stack([canvas.noise(seed) for seed in range(60)]))
    amplitudes = torch.fft.rfft2(planes).abs().square().mean((0, 1)).sqrt()
    frequencies = radial_frequencies(height, width)
    low, high = (amplitudes[(frequencies - f).abs() < 0.02].mean() for f in (0.1, 0.4))
    assert low / high == pytest.approx(4, rel=0.15)


@pytest.mark.parametrize("factor", [0.8, 0.95, 1.0, 1.07, 1.3])
def test_zoom_changes_the_period(factor: float) -> None:
    wave = torch.cos(torch.arange(64) * (2 * torch.pi / 16)).expand(1, 1, 64, 64)
    zoomed = zoom(wave, factor)
    assert zoomed.shape == wave.shape
    expected = torch.cos((torch.arange(64) + 0.5) * (round(64 / factor) / 64 * 2 * torch.pi / 16) - torch.pi / 16)
    assert torch.allclose(zoomed[0, 0, 0], expected, atol=0.12)
