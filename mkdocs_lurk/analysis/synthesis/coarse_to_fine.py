"""Gradient ascent on a small canvas first, then at the network's input size."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mkdocs_lurk.analysis.synthesis.ascent import GradientAscent, draw_transforms
from mkdocs_lurk.analysis.synthesis.fourier import FourierCanvas, tile_texture
from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from mkdocs_lurk.analysis.synthesis.scoring import FilterScorer
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings

_CANVAS_MULTIPLE_PX = 16
_WORTHWHILE_SHARE = 0.6
"""A small canvas is used up to this share of the full size's pixels."""


@dataclass(frozen=True)
class AscentResult:
    """What gradient ascent made for a batch of filters.

    Attributes:
        pixels: The pictures after the last step, ``(n, c, h, w)``, uint8.
        pixels_before: The pictures before the last step, of the same kind.
        scores_by_step: The scores before each step, of the transformed pictures, ``(n, steps)``.
        had_gradient: Whether each picture ever had a gradient that is finite and not zero, ``(n,)``.
        had_non_finite: Whether each picture ever had a gradient that is not finite, ``(n,)``.
    """

    pixels: Tensor
    pixels_before: Tensor
    scores_by_step: Tensor
    had_gradient: Tensor
    had_non_finite: Tensor


class CoarseToFineAscent:
    """Makes pictures of a layer's filters, one batch at a time.

    Args:
        scorer: Scores pictures and differentiates the scores.
        size: The network's input size ``(c, h, w)``.
        statistics: The averages of the model's own pictures.
        settings: How the ascent is done.
        seed: The seed of the noise and of the random transforms.

    Attributes:
        full: The canvas of the network's input size.
        small: The small canvas; None if the layer has none.
    """

    def __init__(
        self,
        scorer: FilterScorer,
        size: tuple[int, int, int],
        statistics: ImageStatistics,
        settings: AscentSettings,
        seed: int,
    ) -> None:
        self.scorer, self.settings, self.seed = scorer, settings, seed
        self.full = FourierCanvas(size[1], size[2], statistics, settings.mean_colour_step, scorer.device)
        self.small: FourierCanvas | None = None
        small_size = _small_canvas_size(scorer.probe.shapes[scorer.layer], size, settings)
        if small_size is not None and settings.small_steps and scorer.accepts_size(*small_size):
            self.small = FourierCanvas(*small_size, statistics, settings.mean_colour_step, scorer.device)

    def run(self, filters: Sequence[int]) -> AscentResult:
        """Maximise the score of one picture for each filter."""
        steps, small_steps = self.settings.steps, self.settings.small_steps if self.small else 0
        transforms = draw_transforms(self.settings, small_steps, self.seed)
        learning_rates = self.settings.learning_rates(small_steps)

        def objective(pictures: Tensor) -> tuple[Tensor, Tensor]:
            return self.scorer.scores_and_gradients(pictures, filters)

        scores_by_step: list[Tensor] = []
        noise = self._noise(self.full, filters, "full")
        initial = self.settings.initial_contrast * noise
        had_gradient = had_non_finite = torch.zeros(len(filters), dtype=torch.bool, device=self.scorer.device)
        if self.small:
            small_noise = self._noise(self.small, filters, "small")
            coarse = GradientAscent(
                self.small, self.settings.initial_contrast * small_noise, self.settings, learning_rates
            )
            scores_by_step += coarse.run(objective, range(small_steps), transforms, small_noise)
            initial = initial + self._enlarged(self.small, coarse.coefficients)
            had_gradient, had_non_finite = coarse.had_gradient, coarse.had_non_finite
        fine = GradientAscent(self.full, initial, self.settings, learning_rates)
        scores_by_step += fine.run(objective, range(small_steps, steps - 1), transforms, noise)
        pixels_before = to_bytes(fine.pixels())
        scores_by_step += fine.run(objective, range(steps - 1, steps), transforms, noise)
        return AscentResult(
            to_bytes(fine.pixels()),
            pixels_before,
            torch.stack(scores_by_step, 1),
            had_gradient | fine.had_gradient,
            had_non_finite | fine.had_non_finite,
        )

    def _noise(self, canvas: FourierCanvas, filters: Sequence[int], canvas_name: str) -> Tensor:
        """Draw each filter's own noise, ``(n, c, h, w // 2 + 1, 2)``, whatever else is in the batch."""
        names = [f"{self.seed}/{self.scorer.layer}/{index}/{canvas_name}" for index in filters]
        return torch.stack([canvas.noise(_seed_from(name)) for name in names])

    def _enlarged(self, small: FourierCanvas, coefficients: Tensor) -> Tensor:
        """Return the coefficients at full size of pictures on the small canvas, by tiling."""
        planes = small.colour_planes(coefficients)
        tiled = tile_texture(planes, self.full.height, self.full.width, _seed_from(f"{self.seed}/quilt"))
        return self.full.coefficients_of(tiled)


def to_bytes(pictures: Tensor) -> Tensor:
    """Return pictures of values 0..1 as they are stored, uint8."""
    return (pictures * 255).round().to(torch.uint8)


def _small_canvas_size(
    layer_shape: tuple[int, int, int], input_size: tuple[int, int, int], settings: AscentSettings
) -> tuple[int, int] | None:
    """Return the small canvas's height and width in pixels; None if it would save little."""
    sides = []
    for units, input_px in zip(layer_shape[1:], input_size[1:], strict=True):
        side = max(settings.small_least_px, settings.small_units * max(1, round(input_px / units)))
        sides.append(min(input_px, -(-side // _CANVAS_MULTIPLE_PX) * _CANVAS_MULTIPLE_PX))
    worthwhile = sides[0] * sides[1] <= _WORTHWHILE_SHARE * input_size[1] * input_size[2]
    return (sides[0], sides[1]) if worthwhile else None


def _seed_from(name: str) -> int:
    """Return a seed that depends on the name alone, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest(), "big")
