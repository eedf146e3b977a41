"""Feature visualisation: for each filter a synthetic picture that maximises its response.

A picture starts as faint noise around the data's mean colour and is optimised by gradient ascent on the filter's
**spatial mean, before any activation** (or on its centre unit, where the settings say so). The ascent changes the
picture's Fourier coefficients (Olah et al. 2017, doi:10.23915/distill.00007), in units of one over their frequency and
of the data's principal colours. Before each step the picture is shifted a little. Gradients leak through inactive ReLUs
and spread in max-poolings: see `leaky_backward`.

At the end the picture is tried at several times its contrast, and the one with the highest score is kept. No natural
picture is used as a starting point; only the averages of `ImageStatistics` enter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.synthesis.ascent import GradientAscent, draw_transforms, to_bytes
from mkdocs_lurk.analysis.synthesis.fourier import FourierCanvas
from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from mkdocs_lurk.analysis.synthesis.scoring import FilterScorer
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings

_SHIFT_PX = 8
_ENLARGEMENT = 0.1
_LEAST_HALF_PX = 48
"""The shortest side of a picture that is repeated: a smaller one shows little."""
_FAST_TOLERANCE, _EXACT_TOLERANCE = 0.1, 1e-4
"""How far gradients of a linear layer may differ, in the number format of the ascent and in float32."""


@dataclass(frozen=True)
class Synthesis:
    """A synthetic picture and its scores.

    Attributes:
        pixels: ``(h, w, c)``, uint8, at the network's input size.
        score: The filter's spatial mean on exactly these pixels, without a shift or zoom, in the number format of the
            ascent, whatever its target.
        steps: The number of gradient steps.
        seed: The seed of the noise and of the random transforms.
        scores_by_step: What was maximised, before each step, of the transformed picture.
        robust_shift8: The score after a shift by 8 px towards the lower right corner, borders reflected.
        robust_scale10: The score after an enlargement by 10 % about the centre.
        failed: Why the picture says nothing about the filter; None if it does.
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
    settings: AscentSettings | None = None,
    seed: int = 0,
    fast: Probe | None = None,
    batch: int = 16,
) -> list[Synthesis]:
    """Make one picture for each filter.

    A picture does not depend on the filters that share its batch: random numbers come from the seed, the layer and the
    filter, and every batch has the same number of pictures, the last one being filled with pictures of other filters.

    Args:
        probe: The network.
        layer: The name of the filters' layer.
        filters: The filters' indices.
        mean: The transform's mean, one value per channel.
        std: The transform's standard deviation, one value per channel.
        size: The network's input size ``(c, h, w)``.
        statistics: The averages of the model's own pictures.
        settings: How the ascent is done; None for the defaults.
        seed: The seed of the noise and of the random transforms.
        fast: The same network in another number format, for the ascent and its scores; None for ``probe`` itself.
        batch: The number of pictures per pass; memory grows with it.

    Returns:
        One synthesis per filter, in their order. ``failed`` is set for filters whose score cannot be raised.
    """
    settings = settings or AscentSettings()
    exact, ascent = (FilterScorer(one, layer, mean, std, settings) for one in (probe, fast or probe))
    synthesiser = _LayerSynthesiser(exact, ascent, size, statistics, seed)
    return synthesiser.make_all(filters, batch, n_filters=probe.shapes[layer][0])


class _LayerSynthesiser:
    """Makes the pictures of one layer's filters, one batch at a time.

    Args:
        exact: Scores pictures in float32.
        fast: Scores pictures in the number format of the ascent.
        size: The network's input size ``(c, h, w)``.
        statistics: The averages of the model's own pictures.
        seed: The seed of the noise and of the random transforms.
    """

    def __init__(
        self,
        exact: FilterScorer,
        fast: FilterScorer,
        size: tuple[int, int, int],
        statistics: ImageStatistics,
        seed: int,
    ) -> None:
        self.exact, self.fast, self.settings, self.seed = exact, fast, fast.settings, seed
        self.size = size[1:]
        sides = self._canvas_sides()
        self.canvas = FourierCanvas(*sides, statistics, fast.device)
        self.transforms = draw_transforms(self.settings, seed)
        self.is_linear = fast.is_linear(*sides, _FAST_TOLERANCE) and exact.is_linear(*sides, _EXACT_TOLERANCE)

    def make_all(self, filters: Sequence[int], batch: int, n_filters: int) -> list[Synthesis]:
        """Make the pictures of filters in batches of one size; other filters of the layer fill the last batch."""
        syntheses: list[Synthesis] = []
        for start in range(0, len(filters), batch):
            wanted = list(filters[start : start + batch])
            padding = [(wanted[-1] + 1) % n_filters] * (batch - len(wanted))
            syntheses += self.make(wanted + padding)[: len(wanted)]
        return syntheses

    def make(self, filters: Sequence[int]) -> list[Synthesis]:
        """Make the pictures of one batch."""
        noise = self._noise(filters)
        ascent = GradientAscent(self.canvas, self.settings.initial_contrast * noise, self.settings)
        by_step = ascent.run(
            lambda pictures, leaky: self.fast.target_and_gradients(pictures, filters, leaky), self.transforms, noise
        )
        pixels = self._best_contrast(ascent, filters)
        if self.is_linear:
            pixels = self._compared_with_bound(pixels, filters)
        return self._syntheses(self._filling(pixels), by_step, ascent, filters)

    def _canvas_sides(self) -> tuple[int, int]:
        """Return the height and width at which pictures are made: the input's, or half of them."""
        height, width = self.size
        half = -(-height // 2), -(-width // 2)
        if self.settings.half_size and min(half) >= _LEAST_HALF_PX and self.fast.accepts_size(*half):
            return half
        return height, width

    def _filling(self, pixels: Tensor) -> Tensor:
        """Repeat periodic pictures until they have the input's size."""
        height, width = self.size
        if pixels.shape[2:] == self.size:
            return pixels
        return pixels.repeat(1, 1, 2, 2)[..., :height, :width].contiguous()

    def _noise(self, filters: Sequence[int]) -> Tensor:
        """Draw each filter's own noise, ``(n, c, h, w // 2 + 1, 2)``, whatever else is in the batch."""
        names = [f"{self.seed}/{self.fast.layer}/{index}" for index in filters]
        return torch.stack([self.canvas.noise(_seed_from(name)) for name in names])

    def _best_contrast(self, ascent: GradientAscent, filters: Sequence[int]) -> Tensor:
        """Return each picture at the contrast with the highest score."""
        versions = [ascent.pixels(contrast) for contrast in self.settings.contrasts]
        scores = torch.stack([self.fast.clean_target(version, filters) for version in versions])
        best = scores.nan_to_num(nan=-torch.inf).argmax(0)
        return torch.stack(versions)[best, torch.arange(len(filters), device=best.device)]

    def _compared_with_bound(self, pixels: Tensor, filters: Sequence[int]) -> Tensor:
        """Replace pictures whose score is far below the highest possible one.

        In a layer that is linear in the picture the score is highest where each value is 0 or 1, whichever its gradient
        points to: a flat colour, or a grating as fine as the layer's stride. Such a grating depends on every pixel's
        place, which shifts change; it is therefore used only where the ascent found little.
        """
        mean_colour = self.canvas.mean.sigmoid().expand(pixels.shape).contiguous()
        _, gradient = self.fast.target_and_gradients(mean_colour, filters)
        extreme = to_bytes(torch.where(gradient == 0, mean_colour, (gradient > 0).float()))
        scores, bounds = (self._exact_target(candidate, filters) for candidate in (pixels, extreme))
        far_below = (self.settings.kept_share_of_bound * bounds > scores) | (bounds <= 0)
        return torch.where(((bounds > scores) & far_below)[:, None, None, None], extreme, pixels)

    def _exact_target(self, pixels: Tensor, filters: Sequence[int]) -> Tensor:
        return self.exact.clean_target(pixels.to(self.exact.device), filters).to(pixels.device)

    def _syntheses(
        self, pixels: Tensor, by_step: Tensor, ascent: GradientAscent, filters: Sequence[int]
    ) -> list[Synthesis]:
        """Score the pictures, measure how robust they are, and describe each."""
        scores, shifted, enlarged = (
            self.fast.clean_scores(changed, filters) for changed in (pixels, _shift(pixels), _enlarge(pixels))
        )
        reached = scores if self.settings.target == "mean" else self.fast.clean_target(pixels, filters)
        pictures = pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
        return [
            Synthesis(
                pixels=picture,
                score=float(scores[row]),
                steps=self.settings.steps,
                seed=self.seed,
                scores_by_step=tuple(by_step[row].tolist()),
                robust_shift8=float(shifted[row]),
                robust_scale10=float(enlarged[row]),
                failed=_failure(reached[row], by_step[row], ascent, row),
            )
            for row, picture in enumerate(pictures)
        ]


def _seed_from(name: str) -> int:
    """Return a seed that depends on the name alone, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest(), "big")


def _shift(pixels: Tensor) -> Tensor:
    """Return pictures ``(n, c, h, w)`` shifted towards the lower right corner, borders reflected."""
    height, width = pixels.shape[2:]
    shift = min(_SHIFT_PX, height - 1, width - 1)
    return F.pad(pixels.float(), [shift, 0, shift, 0], mode="reflect")[..., :height, :width]


def _enlarge(pixels: Tensor) -> Tensor:
    """Return pictures ``(n, c, h, w)`` enlarged about their centre and cropped to their size."""
    height, width = pixels.shape[2:]
    rows, columns = (max(1, round(side * (1 + _ENLARGEMENT))) for side in (height, width))
    enlarged = F.interpolate(pixels.float(), size=(rows, columns), mode="bilinear", align_corners=False)
    top, left = (rows - height) // 2, (columns - width) // 2
    return enlarged[..., top : top + height, left : left + width]


def _failure(reached: Tensor, by_step: Tensor, ascent: GradientAscent, row: int) -> str | None:
    """Return why the ascent of one picture failed; None if it did not.

    Args:
        reached: What was maximised, of the finished picture.
        by_step: The same before each step, ``(steps,)``.
        ascent: The ascent of the batch.
        row: The picture's number in it.
    """
    had_gradient, had_non_finite = bool(ascent.had_gradient[row]), bool(ascent.had_non_finite[row])
    if not reached.isfinite() or (had_non_finite and not had_gradient):
        return "its score or its gradient is not a finite number"
    if not had_gradient:
        return "no gradient reaches the picture: nothing that was tried in it changes the filter's output"
    if not reached > by_step[0]:
        return f"{len(by_step)} steps did not raise its score"
    return None
