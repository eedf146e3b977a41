from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from mkdocs_lurk.analysis.synthesis.ascent import Recipe, views
from mkdocs_lurk.analysis.synthesis.fourier import FourierCanvas, quilt, zoom
from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics, distance_from_zero
from mkdocs_lurk.errors import ShapeError


def clouds(slope: float, colours: Tensor, n: int = 64, side: int = 48) -> Tensor:
    """Pictures whose logits have amplitudes ``1 / frequency ** slope`` and these principal colours."""
    random = torch.Generator().manual_seed(0)
    scale = distance_from_zero(side, side).clamp(min=1 / side) ** -slope
    scale[0, 0] = 0
    noise = torch.randn((n, len(colours), side, side), generator=random)
    planes = torch.fft.irfft2(torch.fft.rfft2(noise) * scale, s=(side, side))
    planes = planes / planes.std()
    return torch.einsum("nkhw,ck->nchw", planes, colours).sigmoid()


COLOURS = torch.tensor([[0.8, 0.2], [0.8, -0.2]])


@pytest.mark.parametrize("slope", [0.0, 1.0, 1.6])
def test_spectrum_is_read_off_the_pictures(slope: float) -> None:
    found = ImageStatistics.of(clouds(slope, COLOURS))
    low, high = found.amplitude(torch.tensor([0.08, 0.4])).tolist()
    assert low / high == pytest.approx(5**slope, rel=0.25)


def test_colours_are_read_off_the_pictures() -> None:
    found = ImageStatistics.of(clouds(1.0, COLOURS) * 1.0)
    assert found.mean == pytest.approx(torch.zeros(2), abs=0.02)
    assert found.colours @ found.colours.T == pytest.approx(COLOURS @ COLOURS.T, rel=0.1)


def test_order_of_the_pictures_does_not_matter() -> None:
    shown = clouds(1.0, COLOURS)
    assert ImageStatistics.of(shown).digest == ImageStatistics.of(shown.flip(0)).digest
    assert ImageStatistics.of(shown).digest != ImageStatistics.of(shown * 0.9).digest


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_blank_pictures_have_statistics_too(value: float) -> None:
    found = ImageStatistics.of(torch.full((3, 1, 8, 8), value))
    assert found.amplitudes.isfinite().all()
    assert FourierCanvas(8, 8, found, 4.0).scale.isfinite().all()


def test_no_pictures_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(n, c, h, w\), got \(0, 3, 8, 8\)"):
        ImageStatistics.of(torch.zeros(0, 3, 8, 8))


@pytest.mark.parametrize(("height", "width"), [(32, 32), (24, 40), (31, 17)])
def test_unit_coefficients_look_like_the_data(height: int, width: int) -> None:
    data = ImageStatistics.of(clouds(1.0, COLOURS))
    canvas = FourierCanvas(height, width, data, 4.0)
    noise = torch.stack([canvas.noise(seed) for seed in range(40)])
    assert canvas.planes(noise).var() == pytest.approx(1.0, rel=0.15)
    again = ImageStatistics.of(canvas.pixels(noise))
    assert again.colours @ again.colours.T == pytest.approx(data.colours @ data.colours.T, rel=0.25, abs=0.02)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (24, 40), (31, 17)])
def test_coefficients_are_found_again(height: int, width: int) -> None:
    canvas = FourierCanvas(height, width, ImageStatistics.of(clouds(1.0, COLOURS)), 4.0)
    planes = canvas.planes(canvas.noise(0)[None])
    assert torch.allclose(canvas.planes(canvas.coefficients(planes)), planes, atol=1e-5)


@pytest.mark.parametrize(("small", "whole"), [((16, 16), (64, 64)), ((20, 24), (48, 80)), ((16, 32), (40, 32))])
def test_quilt_keeps_the_contrast_and_hides_the_repeats(small: tuple[int, int], whole: tuple[int, int]) -> None:
    random = torch.Generator().manual_seed(0)
    planes = torch.randn((6, 2, *small), generator=random) + 3.0
    laid = quilt(planes, *whole, seed=1)
    assert laid.shape == (6, 2, *whole)
    assert laid.mean() == pytest.approx(3.0, abs=0.1)
    assert laid.std() == pytest.approx(1.0, rel=0.1)
    for axis in (0, 1):
        if whole[axis] >= 2 * small[axis]:
            moved = laid.roll(small[axis], axis + 2) - laid
            assert moved.std() > 0.8


def test_quilt_has_no_seam_at_its_borders() -> None:
    ramp = torch.sin(torch.arange(16) * (2 * torch.pi / 16))
    laid = quilt((ramp[:, None] + ramp)[None, None], 64, 64, seed=0)
    inside = (laid[..., 1:, :] - laid[..., :-1, :]).abs().max()
    assert (laid[..., 0, :] - laid[..., -1, :]).abs().max() <= 1.2 * inside


@pytest.mark.parametrize("factor", [0.8, 0.95, 1.0, 1.07, 1.3])
def test_zoom_changes_the_period(factor: float) -> None:
    wave = torch.cos(torch.arange(64) * (2 * torch.pi / 16)).expand(1, 1, 64, 64)
    seen = zoom(wave, factor)
    assert seen.shape == wave.shape
    expected = torch.cos((torch.arange(64) + 0.5) * (round(64 / factor) / 64 * 2 * torch.pi / 16) - torch.pi / 16)
    assert torch.allclose(seen[0, 0, 0], expected, atol=0.12)


def test_views_come_from_the_seed_alone_and_end_sharp() -> None:
    recipe = Recipe(steps=20, zoom=0.05, jitter=0.1)
    assert views(recipe, 10, 1) == views(recipe, 10, 1)
    assert views(recipe, 10, 1) != views(recipe, 10, 2)
    factors = [view.factor for view in views(recipe, 10, 1)]
    assert factors[-1] == 1.0
    assert all(1 / 1.05 <= factor <= 1.05 for factor in factors)
    assert len(set(factors)) == 20


def test_small_canvas_is_shifted_anywhere() -> None:
    seen = views(Recipe(steps=400, jitter=0.1), 200, 0)
    shifts = [max(abs(view.down), abs(view.across)) for view in seen]
    assert 0.45 < max(shifts[:200]) <= 0.5
    assert 0.09 < max(shifts[200:]) <= 0.1


def test_rate_falls_at_the_end() -> None:
    recipe = Recipe(steps=100, rate=0.2, settle=0.3)
    rates = recipe.rates(0)
    assert rates[:70] == [0.2] * 70
    assert all(before > after for before, after in pairwise(rates[73:]))
    assert 0.02 <= rates[-1] < 0.03


@pytest.mark.parametrize(("steps", "first"), [(128, 0.1), (64, 0.1), (32, 0.2), (8, 0.3)])
def test_fewer_steps_are_longer(steps: int, first: float) -> None:
    assert Recipe(steps=steps, rate=0.1).rates(0)[0] == pytest.approx(first)


@pytest.mark.parametrize(("steps", "turn"), [(128, 120), (64, 60), (32, 30), (12, 10), (8, 6), (2, 0), (1, 0)])
def test_last_steps_are_taken_at_full_size(steps: int, turn: int) -> None:
    recipe = Recipe(steps=steps, rate=0.1, early_haste=(1.5, 0.75), late_haste=(3.0, 1.5))
    assert recipe.turn == turn
    rates = recipe.rates(turn)
    assert len(rates) == steps
    if turn:
        longer = min(3, max(1, 64 / steps))
        assert rates[0] == pytest.approx(0.15 * longer)
        assert rates[turn - 1] == pytest.approx(0.075 * longer)
        assert (rates[turn], rates[-1]) == (pytest.approx(0.3), pytest.approx(0.15))
