"""Gradient ascent on a batch of pictures, each along the gradient of its own score."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mkdocs_lurk.analysis.synthesis.fourier import FourierCanvas, zoom
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings

Objective = Callable[[Tensor, bool], tuple[Tensor, Tensor]]
"""Maps pictures ``(n, c, h, w)``, values 0..1, to their scores ``(n,)`` and the scores' gradients in the pictures.

The flag says whether the gradients leak."""

_BETA2 = 0.99
_TINY = 1e-20
_NOISE_STEP = 0.2
"""The step, in multiples of the noise, of a picture that has no gradient."""


@dataclass(frozen=True)
class RandomTransform:
    """A shift and a zoom of the pictures before a step, so that scores do not depend on one position or one size.

    Attributes:
        down: The shift downwards, as a share of the height.
        right: The shift to the right, as a share of the width.
        zoom: The enlargement; below 1 a reduction.
    """

    down: float
    right: float
    zoom: float

    def apply(self, pictures: Tensor) -> Tensor:
        """Return the periodic pictures ``(n, c, h, w)`` shifted and zoomed, at their own size."""
        height, width = pictures.shape[2:]
        shift = round(self.down * height), round(self.right * width)
        return zoom(pictures.roll(shift, (2, 3)), self.zoom)


def draw_transforms(settings: AscentSettings, seed: int) -> list[RandomTransform]:
    """Draw the random transform of every step.

    The transforms are the same for every filter, so that any filters can share a batch.
    """
    generator = random.Random(f"views {seed}")  # noqa: S311 - nothing here is secret
    transforms = []
    for step in range(settings.steps):
        offset = 0.5 if _has_borders_inside(step, settings) else 0.0
        down, right = (generator.uniform(-1, 1) * settings.jitter + offset for _ in range(2))
        factor = math.exp(generator.uniform(-1, 1) * math.log1p(settings.zoom))
        is_zoomed = generator.random() < settings.zoomed_share and step < settings.steps - 1
        transforms.append(RandomTransform(down, right, factor if is_zoomed else 1.0))
    return transforms


def _has_borders_inside(step: int, settings: AscentSettings) -> bool:
    """Return whether a step is taken with the borders of a picture that will be repeated in the middle."""
    if not settings.half_size or settings.steps < settings.least_seam_steps:
        return False
    n_last = round(settings.seam_share * settings.steps)
    return step >= settings.steps - n_last and (settings.steps - step) % 2 == n_last % 2


class GradientAscent:
    """Optimises the coefficients of several pictures at once.

    Args:
        canvas: Turns the coefficients into pictures.
        coefficients: The initial coefficients, ``(n, c, h, w // 2 + 1, 2)``.
        settings: Momentum and epsilon.

    Attributes:
        had_gradient: Whether each picture ever had a gradient that is finite and not zero, ``(n,)``.
        had_non_finite: Whether each picture ever had a gradient that is not finite, which is taken for zero, ``(n,)``.
    """

    def __init__(self, canvas: FourierCanvas, coefficients: Tensor, settings: AscentSettings) -> None:
        self.canvas = canvas
        self.coefficients = coefficients
        self.settings = settings
        self.had_gradient = torch.zeros(len(coefficients), dtype=torch.bool, device=coefficients.device)
        self.had_non_finite = torch.zeros_like(self.had_gradient)
        self._first_moment = torch.zeros_like(coefficients)
        self._second_moment = torch.zeros_like(coefficients[..., :1])
        self._updates = 0

    def pixels(self, contrast: float = 1.0) -> Tensor:
        """Return the pictures as they are now, at so many times their contrast, ``(n, c, h, w)``, uint8."""
        with torch.no_grad():
            return to_bytes(self.canvas.pixels(contrast * self.coefficients))

    def run(self, objective: Objective, transforms: Sequence[RandomTransform], noise: Tensor) -> Tensor:
        """Take all steps.

        Args:
            objective: What to maximise.
            transforms: The random transform before each step.
            noise: Coefficients of unit variance, added to a picture as long as it has no gradient.

        Returns:
            The scores before each step, of the transformed pictures, ``(n, steps)``.
        """
        scores_by_step = []
        leaky_steps = round(self.settings.leaky_share * self.settings.steps)
        for step, (transform, learning_rate) in enumerate(zip(transforms, self.settings.learning_rates, strict=True)):
            with torch.enable_grad():
                variable = self.coefficients.detach().requires_grad_()
                pictures = transform.apply(self.canvas.pixels(variable))
            scores, picture_gradient = objective(pictures.detach(), step < leaky_steps)
            (gradient,) = torch.autograd.grad(pictures, variable, picture_gradient)
            scores_by_step.append(scores)
            self._update(gradient, learning_rate, noise)
        return torch.stack(scores_by_step, 1)

    def _update(self, gradient: Tensor, learning_rate: float, noise: Tensor) -> None:
        """Take one step; pictures without a finite gradient other than zero take a step of noise instead."""
        squares = gradient.square().mean(-1, keepdim=True)
        power = squares.mean((1, 2, 3, 4), keepdim=True)
        finite, non_zero = power.isfinite(), power > 0
        self.had_non_finite |= ~finite.flatten()
        self.had_gradient |= (non_zero & finite).flatten()
        if not bool(finite.all()):
            gradient, squares = (torch.where(finite, part, 0.0) for part in (gradient, squares))
        step = self._adam_direction(gradient, squares).mul_(learning_rate)
        if not bool((finite & non_zero).all()):
            step = torch.where(finite & non_zero, step, _NOISE_STEP * noise)
        self.coefficients = self.coefficients + step

    def _adam_direction(self, gradient: Tensor, squares: Tensor) -> Tensor:
        """Return Adam's direction (Kingma and Ba 2014, arXiv:1412.6980), with two changes.

        Epsilon is relative to the average gradient, and the real and the imaginary part of a coefficient share one
        second moment: with that, the ascent is the same wherever in the picture a pattern stands.
        """
        self._updates += 1
        self._first_moment.lerp_(gradient, 1 - self.settings.momentum)
        self._second_moment.lerp_(squares, 1 - _BETA2)
        square = self._second_moment / (1 - _BETA2**self._updates)
        average = square.mean((1, 2, 3, 4), keepdim=True).sqrt()
        epsilon = self.settings.relative_epsilon * average + _TINY
        return self._first_moment / square.sqrt_().add_(epsilon).mul_(1 - self.settings.momentum**self._updates)


def to_bytes(pictures: Tensor) -> Tensor:
    """Return pictures of values 0..1 as they are stored, uint8."""
    return (pictures * 255).round().to(torch.uint8)
