"""Climb: change many pictures at once, each by its own gradient, until each one's score is high."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from mkdocs_lurk.analysis.synthesis.fourier import FourierCanvas, zoom

Objective = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Pictures ``(n, c, h, w)``, values 0..1, to one score each, ``(n,)``, and how the scores change with the pictures."""

_LONG_MEMORY = 0.99
_USUAL_STEPS = 64
_LONGEST = 3.0
_ANYWHERE = 0.5
_TINY = 1e-20


@dataclass(frozen=True)
class Recipe:
    """How synthetic pictures are made; everything here changes their bytes.

    Attributes:
        steps: Gradients taken.
        rate: The first steps' length, in standard deviations of a natural picture's coefficient. Where there are fewer
            than 64 steps they are longer, so that they go as far.
        memory: The weight of the steps before in a step's direction; much of it blurs a short ascent.
        settle: The share of the steps, at the end, over which the rate falls to a tenth, where all are at full size.
        floor: How far coefficients with weak gradients are held back: 0 gives every one the same step (Adam's way),
            which roughens pictures whose score is a matter of colour; 1 lets those below the average gradient wait.
        flat: The mean colour's step, as a multiple of the lowest frequency's.
        start: The contrast of the noise that a picture starts from; natural pictures have 1.
        jitter: The farthest shift before a step at full size, as a share of the picture's sides. The small canvas is
            shifted by any amount: a place that is always near its border learns what only borders do.
        zoom: The farthest enlargement or reduction before a step; 0.1 is 10 %. The last step does without.
        units: The small canvas of the early steps has a side of this many units of the layer.
        least_px: That canvas's shortest side, in pixels.
        early: The share of the steps that are taken on the small canvas, where it is worth it.
        least_late: How many steps at least are then taken at full size, where there are so many.
        early_haste: How much longer the first and the last steps on the small canvas are.
        late_haste: The same of those at full size after it, which mend what enlarging spoils.
        enough: In a layer that is linear in the picture, the share of the best possible score with which a picture that
            climbed is kept, being steadier, rather than the best possible one.
        version: Of the procedure itself.
    """

    steps: int = 64
    rate: float = 0.12
    memory: float = 0.3
    settle: float = 0.3
    floor: float = 0.2
    flat: float = 4.0
    start: float = 0.1
    jitter: float = 0.08
    zoom: float = 0.1
    units: int = 6
    least_px: int = 64
    early: float = 0.9375
    least_late: int = 2
    early_haste: tuple[float, float] = (1.5, 0.75)
    late_haste: tuple[float, float] = (3.0, 1.5)
    enough: float = 0.25
    version: int = 4

    def as_dict(self) -> dict[str, Any]:
        """Every setting by name, for the key under which a result is kept."""
        return asdict(self)

    @property
    def turn(self) -> int:
        """How many steps are taken on the small canvas, where there is one."""
        return max(0, min(round(self.steps * self.early), self.steps - self.least_late))

    def rates(self, turn: int) -> list[float]:
        """The rate of every step, ``turn`` of which are taken on the small canvas."""
        longer = min(_LONGEST, max(1.0, _USUAL_STEPS / self.steps))
        if not turn:
            return [self.rate * longer * factor for factor in _settling(self.steps, self.settle)]
        early = [longer * factor for factor in _between(*self.early_haste, turn)]
        return [self.rate * factor for factor in early + _between(*self.late_haste, self.steps - turn)]


def _settling(steps: int, share: float) -> list[float]:
    """A factor a step that falls from 1 to a tenth over a share of the steps, at the end."""
    return [min(1.0, 0.1 + 0.9 * (steps - step) / max(1.0, share * steps)) for step in range(steps)]


def _between(first: float, last: float, count: int) -> list[float]:
    """Numbers at even distances, from the first to the last."""
    return [first + (last - first) * place / max(1, count - 1) for place in range(count)]


@dataclass(frozen=True)
class View:
    """How a canvas is looked at in one step, so that no score hangs on a single place or size.

    Attributes:
        down: Rows that the picture is shifted by, as a share of its height.
        across: Columns, as a share of its width.
        factor: Its enlargement.
    """

    down: float
    across: float
    factor: float

    def of(self, pictures: Tensor) -> Tensor:
        """Shift and zoom periodic pictures ``(n, c, h, w)``."""
        height, width = pictures.shape[2:]
        shift = round(self.down * height), round(self.across * width)
        return zoom(pictures.roll(shift, (2, 3)), self.factor)


def views(recipe: Recipe, turn: int, seed: int) -> list[View]:
    """Draw the views of all steps, ``turn`` of which are taken on the small canvas.

    They are the same for every filter, so that any of them can share a batch.
    """
    drawn = random.Random(f"views {seed}")  # noqa: S311 - nothing here is secret
    found = []
    for step in range(recipe.steps):
        farthest = _ANYWHERE if step < turn else recipe.jitter
        down, across = (drawn.uniform(-1, 1) * farthest for _ in range(2))
        factor = math.exp(drawn.uniform(-1, 1) * math.log1p(recipe.zoom))
        found.append(View(down, across, 1.0 if step == recipe.steps - 1 else factor))
    return found


class Climb:
    """Coefficients of several pictures on their way up.

    Args:
        canvas: What turns them into pictures.
        coefficients: Where they start, ``(n, c, h, w // 2 + 1, 2)``.
        recipe: How steps are taken.
        rates: The rate of every step of the whole ascent.

    Attributes:
        moved: Whether each picture ever had a gradient, ``(n,)``.
        broken: Whether it ever had one that is not finite, which counts as none.
    """

    def __init__(self, canvas: FourierCanvas, coefficients: Tensor, recipe: Recipe, rates: Sequence[float]) -> None:
        self.canvas = canvas
        self.coefficients = coefficients
        self.recipe = recipe
        self.rates = rates
        self.moved = torch.zeros(len(coefficients), dtype=torch.bool, device=coefficients.device)
        self.broken = torch.zeros_like(self.moved)
        self._mean = torch.zeros_like(coefficients)
        self._square = torch.zeros_like(coefficients[..., :1])
        self._count = 0

    def pixels(self) -> Tensor:
        """The pictures as they are now, ``(n, c, h, w)``, values 0..1."""
        with torch.no_grad():
            return self.canvas.pixels(self.coefficients)

    def run(self, objective: Objective, steps: Sequence[int], seen: Sequence[View], spare: Tensor) -> list[Tensor]:
        """Take some steps.

        Args:
            objective: What to raise.
            steps: Their numbers in the whole ascent.
            seen: The views of the whole ascent.
            spare: Noise of unit variance like the coefficients, given to a picture while it has no gradient at all.

        Returns:
            For each step the scores before it, ``(n,)``, as the view showed the pictures.
        """
        scores_by_step = []
        for step in steps:
            with torch.enable_grad():
                variable = self.coefficients.detach().requires_grad_()
                pictures = seen[step].of(self.canvas.pixels(variable))
            scores, slope = objective(pictures.detach())
            (gradient,) = torch.autograd.grad(pictures, variable, slope)
            scores_by_step.append(scores)
            self._follow(gradient, self.rates[step], spare)
        return scores_by_step

    def _follow(self, gradient: Tensor, rate: float, spare: Tensor) -> None:
        squares = gradient.square().mean(-1, keepdim=True)
        power = squares.mean((1, 2, 3, 4), keepdim=True)
        finite, alive = power.isfinite(), power > 0
        self.broken |= ~finite.flatten()
        self.moved |= (alive & finite).flatten()
        if not bool(finite.all()):
            gradient, squares = (torch.where(finite, part, 0.0) for part in (gradient, squares))
        step = self._direction(gradient, squares).mul_(rate)
        if not bool((finite & alive).all()):
            step = torch.where(finite & alive, step, 0.2 * spare)
        self.coefficients = self.coefficients + step

    def _direction(self, gradient: Tensor, squares: Tensor) -> Tensor:
        """Adam's direction (Kingma and Ba 2014, arXiv:1412.6980), one scale for a coefficient's two parts, and a floor.

        One scale for the two parts makes the way up the same wherever in the picture a pattern stands.
        """
        self._count += 1
        self._mean.lerp_(gradient, 1 - self.recipe.memory)
        self._square.lerp_(squares, 1 - _LONG_MEMORY)
        square = self._square / (1 - _LONG_MEMORY**self._count)
        average = square.mean((1, 2, 3, 4), keepdim=True).sqrt()
        scale = square.sqrt_().add_(self.recipe.floor * average + _TINY).mul_(1 - self.recipe.memory**self._count)
        return self._mean / scale
