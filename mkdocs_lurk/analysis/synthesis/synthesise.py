"""Pictures made from nothing to raise a filter: what it looks for, drawn large.

A picture starts as faint noise around the data's mean colour and climbs the gradient of the filter's **spatial mean,
before any activation**. Its Fourier coefficients are what changes (Olah et al. 2017, DOI 10.23915/distill.00007), each
in units of what the model's own pictures have at that frequency and in that principal colour, so that no frequency or
colour is favoured beyond what the data has. Before each step the picture is shifted and zoomed a little.

Most steps use a canvas no larger than the layer needs, shifted by any amount; it is then laid out over the network's
input size, without visible repeats, and the last steps run there. Of the last state and the one before it, the one with
the higher clean score is kept. No part of any natural picture enters, only the averages of `ImageStatistics`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.synthesis.ascent import Climb, Recipe, views
from mkdocs_lurk.analysis.synthesis.fast_relu import bitwise_rectifiers
from mkdocs_lurk.analysis.synthesis.fourier import FourierCanvas, quilt
from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics

__all__ = ["ImageStatistics", "Recipe", "Synthesis", "synthesise"]

SHIFT_PX = 8
SCALE = 0.1
_ROUGHLY, _EXACTLY = 0.1, 1e-4
_CACHED_PX = 4 * 224 * 224


@dataclass(frozen=True)
class Synthesis:
    """A synthetic picture and what it scores.

    Attributes:
        pixels: ``(h, w, c)``, uint8, at the network's input size.
        score: The filter's spatial mean on exactly these pixels, from a pass without shift or zoom, in the number
            format of the ascent.
        steps: Gradients taken.
        seed: The seed of the noise and of the views.
        scores_by_step: The score before each step, as that step's view showed the picture; early ones are of a small
            canvas.
        robust_shift8: The score after a shift by 8 px towards the lower right corner, borders reflected.
        robust_scale10: The score after an enlargement by 10 % about the centre.
        failed: Why the picture shows nothing of the filter; None where it does.
    """

    pixels: NDArray[np.uint8]
    score: float
    steps: int
    seed: int
    scores_by_step: tuple[float, ...]
    robust_shift8: float
    robust_scale10: float
    failed: str | None


def synthesise(
    probe: Probe,
    layer: str,
    filters: Sequence[int],
    *,
    mean: Sequence[float],
    std: Sequence[float],
    size: tuple[int, int, int],
    statistics: ImageStatistics,
    recipe: Recipe | None = None,
    seed: int = 0,
    fast: Probe | None = None,
    batch: int = 16,
) -> list[Synthesis]:
    """Make one picture for each filter.

    A picture does not depend on the filters that are made with it: what is random comes from the seed, the layer and
    the filter, and every pass has the same number of pictures, with others to fill the last.

    Args:
        probe: The network.
        layer: The layer's name.
        filters: Its filters.
        mean: The transform's mean, a value a channel.
        std: The transform's standard deviation.
        size: The network's input ``(c, h, w)``.
        statistics: The averages of the model's own pictures.
        recipe: How; the default's where None.
        seed: Of noise and views.
        fast: The same network in another number format, for the ascent and its scores; ``probe`` itself where None.
        batch: Pictures a pass; memory grows with it.

    Returns:
        As many as there are filters, in their order. A filter that cannot be raised has ``failed`` set.
    """
    chosen = recipe or Recipe()
    judge = _Judge(probe, layer, mean, std)
    guide = _Judge(fast or probe, layer, mean, std)
    studio = _Studio(judge, guide, size, statistics, chosen, seed)
    count = probe.shapes[layer][0]
    made: list[Synthesis] = []
    for at in range(0, len(filters), batch):
        some = list(filters[at : at + batch])
        made += studio.make(some + [(some[-1] + 1) % count] * (batch - len(some)))[: len(some)]
    return made


class _Judge:
    """Scores pictures of values 0..1 on one layer."""

    def __init__(self, probe: Probe, layer: str, mean: Sequence[float], std: Sequence[float]) -> None:
        weight = next(probe.module.parameters(), torch.zeros(()))
        self.device, self.dtype = weight.device, weight.dtype
        self.mean = torch.tensor(mean, device=self.device)[:, None, None]
        self.std = torch.tensor(std, device=self.device)[:, None, None]
        self.probe, self.layer = probe, layer

    def scores(self, pictures: Tensor, filters: Sequence[int]) -> Tensor:
        """The spatial mean of each picture's filter, ``(n,)``."""
        read = ((pictures - self.mean) / self.std).to(self.dtype).contiguous(memory_format=torch.channels_last)
        with bitwise_rectifiers(self.dtype, self.device):
            return self.probe.maps(read, self.layer, filters).float().mean((1, 2))

    def clean(self, pixels: Tensor, filters: Sequence[int]) -> Tensor:
        """The same for bytes ``(n, c, h, w)``, without a graph."""
        with torch.no_grad():
            return torch.cat([self.scores(part.float() / 255, own) for part, own in self._some(pixels, filters)])

    def slope(self, pictures: Tensor, filters: Sequence[int]) -> tuple[Tensor, Tensor]:
        """The scores of pictures ``(n, c, h, w)``, values 0..1, and how they change with them."""
        scores, slopes = zip(*(self._slope(part, own) for part, own in self._some(pictures, filters)), strict=True)
        return torch.cat(scores), torch.cat(slopes)

    def _some(self, pictures: Tensor, filters: Sequence[int]) -> Iterator[tuple[Tensor, Sequence[int]]]:
        """A few pictures at a time; a processor takes as many as its caches hold."""
        some = len(pictures)
        if self.device.type == "cpu":
            some = max(1, min(some, _CACHED_PX // (pictures.shape[2] * pictures.shape[3])))
        for at in range(0, len(pictures), some):
            yield pictures[at : at + some], filters[at : at + some]

    def _slope(self, pictures: Tensor, filters: Sequence[int]) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            variable = pictures.detach().requires_grad_()
            scores = self.scores(variable, filters)
            (found,) = torch.autograd.grad(scores.sum(), variable, allow_unused=True)
        return scores.detach(), torch.zeros_like(pictures) if found is None else found

    def linear(self, height: int, width: int, tolerance: float) -> bool:
        """Whether the layer is linear in the picture, as a network's first convolution is: one gradient for all."""
        shape = (1, len(self.mean), height, width)
        steps = torch.linspace(0, 1, len(self.mean) * height * width, device=self.device)
        ramp = steps.sqrt().view(shape)
        found = [self.slope(picture, [0])[1] for picture in (ramp, 1 - ramp)]
        return bool((found[0] - found[1]).abs().max() <= tolerance * found[0].abs().max())

    def accepts(self, height: int, width: int) -> bool:
        """Whether the network reads pictures of another size as far as the layer."""
        try:
            with torch.no_grad():
                blank = torch.zeros((1, len(self.mean), height, width), device=self.device)
                return bool(self.scores(blank, [0]).isfinite().all())
        except Exception:
            return False  # a network may raise anything at all for a size that it was not made for


class _Studio:
    """Makes a layer's pictures, a batch at a time."""

    def __init__(
        self,
        judge: _Judge,
        guide: _Judge,
        size: tuple[int, int, int],
        statistics: ImageStatistics,
        recipe: Recipe,
        seed: int,
    ) -> None:
        self.judge, self.guide, self.recipe, self.seed = judge, guide, recipe, seed
        self.full = FourierCanvas(size[1], size[2], statistics, recipe.flat, guide.device)
        small = _small_side(judge.probe.shapes[judge.layer], size, recipe)
        self.small: FourierCanvas | None = None
        if small is not None and recipe.turn and guide.accepts(*small):
            self.small = FourierCanvas(*small, statistics, recipe.flat, guide.device)
        asked = self.small or self.full
        sides = asked.height, asked.width
        self.linear = guide.linear(*sides, _ROUGHLY) and judge.linear(*sides, _EXACTLY)

    def make(self, filters: Sequence[int]) -> list[Synthesis]:
        """Make the pictures of one batch."""
        steps, turn = self.recipe.steps, self.recipe.turn if self.small else 0
        seen, rates = views(self.recipe, turn, self.seed), self.recipe.rates(turn)

        def objective(pictures: Tensor) -> tuple[Tensor, Tensor]:
            return self.guide.slope(pictures, filters)

        scores_by_step: list[Tensor] = []
        noise = self._noise(self.full, filters, "full")
        start = self.recipe.start * noise
        broken = moved = torch.zeros(len(filters), dtype=torch.bool, device=self.guide.device)
        if self.small:
            spare = self._noise(self.small, filters, "small")
            early = Climb(self.small, self.recipe.start * spare, self.recipe, rates)
            scores_by_step += early.run(objective, range(turn), seen, spare)
            start = start + self._laid_out(early)
            broken, moved = early.broken, early.moved
        late = Climb(self.full, start, self.recipe, rates)
        scores_by_step += late.run(objective, range(turn, steps - 1), seen, noise)
        before = _bytes(late.pixels())
        scores_by_step += late.run(objective, range(steps - 1, steps), seen, noise)
        drawn = _bytes(late.pixels())
        scores = self.guide.clean(drawn, filters)
        if bool((scores_by_step[-1] > scores).any()):  # the last step's view is an unzoomed one
            drawn, scores = self._better(before, drawn, scores, filters)
        if self.linear:
            drawn, scores = self._best_possible(drawn, filters)
        return self._finish(
            drawn, scores, filters, torch.stack(scores_by_step, 1), broken | late.broken, moved | late.moved
        )

    def _better(self, before: Tensor, drawn: Tensor, scores: Tensor, filters: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Of two states of each picture the one with the higher clean score, and that score."""
        earlier = self.guide.clean(before, filters)
        higher = earlier > scores
        return torch.where(_one_each(higher), before, drawn), torch.where(higher, earlier, scores)

    def _noise(self, canvas: FourierCanvas, filters: Sequence[int], use: str) -> Tensor:
        names = [f"{self.seed}/{self.judge.layer}/{index}/{use}" for index in filters]
        return torch.stack([canvas.noise(_number(name)) for name in names])

    def _laid_out(self, early: Climb) -> Tensor:
        planes = early.canvas.planes(early.coefficients)
        laid = quilt(planes, self.full.height, self.full.width, _number(f"{self.seed}/quilt"))
        return self.full.coefficients(laid)

    def _best_possible(self, soft: Tensor, filters: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Where the score is linear in the pixels: each at the end that its gradient points to, unless climbing did.

        Such a picture is a flat colour, or a grating as fine as the layer's stride. No zoom leaves a grating its score,
        which is why the climb, that zooms, passes it by; and why it stands in only where the climb found little. What
        the climb found is given four times its contrast if that helps.
        """
        middle = self.full.mean.sigmoid().expand(soft.shape).contiguous()
        _, slope = self.guide.slope(middle, filters)
        best = _bytes(torch.where(slope == 0, middle, (slope > 0).float()))
        strong = _bytes((4 * (soft / 255).logit(eps=1e-4)).sigmoid())
        of_soft, of_strong, bound = (self._exactly(one, filters) for one in (soft, strong, best))
        kept = torch.where(_one_each(of_strong > of_soft), strong, soft)
        ours = torch.maximum(of_soft, of_strong)
        taken = (bound > ours) & ((self.recipe.enough * bound > ours) | (bound <= 0))
        return torch.where(_one_each(taken), best, kept), torch.where(taken, bound, ours)

    def _exactly(self, pixels: Tensor, filters: Sequence[int]) -> Tensor:
        return self.judge.clean(pixels.to(self.judge.device), filters).to(pixels.device)

    def _finish(
        self,
        pixels: Tensor,
        scores: Tensor,
        filters: Sequence[int],
        scores_by_step: Tensor,
        broken: Tensor,
        moved: Tensor,
    ) -> list[Synthesis]:
        shift, scale = (self.guide.clean(one, filters) for one in (_shifted(pixels), _enlarged(pixels)))
        found = []
        for at, picture in enumerate(pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()):
            failed = _failure(scores[at], scores_by_step[at], bool(broken[at]), bool(moved[at]))
            found.append(
                Synthesis(
                    picture,
                    float(scores[at]),
                    self.recipe.steps,
                    self.seed,
                    tuple(scores_by_step[at].tolist()),
                    float(shift[at]),
                    float(scale[at]),
                    failed,
                )
            )
        return found


def _small_side(shape: tuple[int, int, int], size: tuple[int, int, int], recipe: Recipe) -> tuple[int, int] | None:
    """The small canvas's height and width; None where it would save little."""
    sides = []
    for units, whole in zip(shape[1:], size[1:], strict=True):
        wanted = max(recipe.least_px, recipe.units * max(1, round(whole / units)))
        sides.append(min(whole, -(-wanted // 16) * 16))
    saves = sides[0] * sides[1] <= 0.6 * size[1] * size[2]
    return (sides[0], sides[1]) if saves else None


def _one_each(flags: Tensor) -> Tensor:
    """Flags ``(n,)`` in the shape that chooses among pictures ``(n, c, h, w)``."""
    return flags[:, None, None, None]


def _bytes(pictures: Tensor) -> Tensor:
    """Pictures of values 0..1 as they will be stored."""
    return (pictures * 255).round().to(torch.uint8)


def _number(name: str) -> int:
    """A seed from a name, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest(), "big")


def _shifted(pixels: Tensor) -> Tensor:
    """Pictures ``(n, c, h, w)`` shifted to the lower right."""
    height, width = pixels.shape[2:]
    by = min(SHIFT_PX, height - 1, width - 1)
    return F.pad(pixels.float(), [by, 0, by, 0], mode="reflect")[..., :height, :width]


def _enlarged(pixels: Tensor) -> Tensor:
    """Pictures ``(n, c, h, w)`` enlarged about their centre, and cut to their size."""
    height, width = pixels.shape[2:]
    rows, columns = (max(1, round(side * (1 + SCALE))) for side in (height, width))
    drawn = F.interpolate(pixels.float(), size=(rows, columns), mode="bilinear", align_corners=False)
    top, left = (rows - height) // 2, (columns - width) // 2
    return drawn[..., top : top + height, left : left + width]


def _failure(score: Tensor, scores_by_step: Tensor, broken: bool, moved: bool) -> str | None:
    """Say in words why a picture failed; None where it did not."""
    if not score.isfinite() or (broken and not moved):
        return "its score or its gradient is not a finite number"
    if not moved:
        return "no gradient reaches the picture: nothing that was tried in it changes the filter's output"
    if len(scores_by_step) and not score > scores_by_step[0]:
        return f"{len(scores_by_step)} steps did not raise its score"
    return None
