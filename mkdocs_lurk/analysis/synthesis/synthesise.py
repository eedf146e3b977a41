"""Feature visualisation: for each filter a synthetic picture that maximises its response.

A picture starts as faint noise around the data's mean colour and is optimised by gradient ascent on the filter's
**spatial mean, before any activation**. The ascent changes the picture's Fourier coefficients (Olah et al. 2017,
doi:10.23915/distill.00007), each measured in units of what the model's own pictures have at that frequency and in that
principal colour, so that no frequency or colour is favoured beyond what the data has. Before each step the picture is
shifted and zoomed a little.

Most steps use a canvas no larger than the layer needs; it is then tiled to the network's input size, without visible
repetition, and the last steps run there. Of the pictures after the last step and before it, the one with the higher
clean score is kept. No natural picture is used as a starting point; only the averages of `ImageStatistics` enter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.synthesis.coarse_to_fine import AscentResult, CoarseToFineAscent, to_bytes
from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from mkdocs_lurk.analysis.synthesis.scoring import FilterScorer
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings

_SHIFT_PX = 8
_ENLARGEMENT = 0.1
_FAST_TOLERANCE, _EXACT_TOLERANCE = 0.1, 1e-4
"""How far gradients of a linear layer may differ, in the number format of the ascent and in float32."""
_RAISED_CONTRAST = 4


@dataclass(frozen=True)
class Synthesis:
    """A synthetic picture and its scores.

    Attributes:
        pixels: ``(h, w, c)``, uint8, at the network's input size.
        score: The filter's spatial mean on exactly these pixels, without a shift or zoom, in the number format of the
            ascent.
        steps: The number of gradient steps.
        seed: The seed of the noise and of the random transforms.
        scores_by_step: The score before each step, of the transformed picture; early ones are of the small canvas.
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
    exact, ascent = (FilterScorer(one, layer, mean, std) for one in (probe, fast or probe))
    synthesiser = _LayerSynthesiser(exact, ascent, size, statistics, settings or AscentSettings(), seed)
    return synthesiser.make_all(filters, batch, n_filters=probe.shapes[layer][0])


class _LayerSynthesiser:
    """Makes the pictures of one layer's filters, one batch at a time.

    Args:
        exact: Scores pictures in float32.
        fast: Scores pictures in the number format of the ascent.
        size: The network's input size ``(c, h, w)``.
        statistics: The averages of the model's own pictures.
        settings: How the ascent is done.
        seed: The seed of the noise and of the random transforms.
    """

    def __init__(
        self,
        exact: FilterScorer,
        fast: FilterScorer,
        size: tuple[int, int, int],
        statistics: ImageStatistics,
        settings: AscentSettings,
        seed: int,
    ) -> None:
        self.exact, self.fast, self.settings, self.seed = exact, fast, settings, seed
        self.ascent = CoarseToFineAscent(fast, size, statistics, settings, seed)
        canvas = self.ascent.small or self.ascent.full
        sides = canvas.height, canvas.width
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
        result = self.ascent.run(filters)
        pixels, scores = result.pixels, self.fast.clean_scores(result.pixels, filters)
        if bool((result.scores_by_step[:, -1] > scores).any()):  # the last step does not zoom, so that these compare
            pixels, scores = self._better(result.pixels_before, pixels, scores, filters)
        if self.is_linear:
            pixels, scores = self._compared_with_bound(pixels, filters)
        return self._syntheses(pixels, scores, result, filters)

    def _better(self, before: Tensor, after: Tensor, scores: Tensor, filters: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return the better of two versions of each picture, given the scores of the second, and its score."""
        scores_before = self.fast.clean_scores(before, filters)
        higher = scores_before > scores
        return torch.where(_per_picture(higher), before, after), torch.where(higher, scores_before, scores)

    def _compared_with_bound(self, pixels: Tensor, filters: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Replace pictures whose score is far below the highest possible one; return pictures and float32 scores.

        In a layer that is linear in the picture the score is highest where each value is 0 or 1, whichever its gradient
        points to: a flat colour, or a grating as fine as the layer's stride. Zooming destroys such a grating, so that
        the ascent, which zooms, cannot find it; it is therefore used only where the ascent found little. The ascent's
        own picture is used at four times its contrast if that raises its score.
        """
        mean_colour = self.ascent.full.mean.sigmoid().expand(pixels.shape).contiguous()
        _, gradient = self.fast.scores_and_gradients(mean_colour, filters)
        extreme = to_bytes(torch.where(gradient == 0, mean_colour, (gradient > 0).float()))
        contrasty = to_bytes((_RAISED_CONTRAST * (pixels / 255).logit(eps=1e-4)).sigmoid())
        plain_scores, contrasty_scores, bounds = (
            self._exact_scores(candidate, filters) for candidate in (pixels, contrasty, extreme)
        )
        ascended = torch.where(_per_picture(contrasty_scores > plain_scores), contrasty, pixels)
        scores = torch.maximum(plain_scores, contrasty_scores)
        far_below = (self.settings.kept_share_of_bound * bounds > scores) | (bounds <= 0)
        replaced = (bounds > scores) & far_below
        return torch.where(_per_picture(replaced), extreme, ascended), torch.where(replaced, bounds, scores)

    def _exact_scores(self, pixels: Tensor, filters: Sequence[int]) -> Tensor:
        return self.exact.clean_scores(pixels.to(self.exact.device), filters).to(pixels.device)

    def _syntheses(
        self, pixels: Tensor, scores: Tensor, result: AscentResult, filters: Sequence[int]
    ) -> list[Synthesis]:
        """Measure how robust the pictures are, and describe each."""
        shifted, enlarged = (self.fast.clean_scores(changed, filters) for changed in (_shift(pixels), _enlarge(pixels)))
        pictures = pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
        return [
            Synthesis(
                pixels=picture,
                score=float(scores[row]),
                steps=self.settings.steps,
                seed=self.seed,
                scores_by_step=tuple(result.scores_by_step[row].tolist()),
                robust_shift8=float(shifted[row]),
                robust_scale10=float(enlarged[row]),
                failed=_failure(scores[row], result, row),
            )
            for row, picture in enumerate(pictures)
        ]


def _per_picture(flags: Tensor) -> Tensor:
    """Reshape flags ``(n,)`` so that they broadcast over pictures ``(n, c, h, w)``."""
    return flags[:, None, None, None]


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


def _failure(score: Tensor, result: AscentResult, row: int) -> str | None:
    """Return why the ascent of one picture failed; None if it did not."""
    scores_by_step = result.scores_by_step[row]
    had_gradient, had_non_finite = bool(result.had_gradient[row]), bool(result.had_non_finite[row])
    if not score.isfinite() or (had_non_finite and not had_gradient):
        return "its score or its gradient is not a finite number"
    if not had_gradient:
        return "no gradient reaches the picture: nothing that was tried in it changes the filter's output"
    if len(scores_by_step) and not score > scores_by_step[0]:
        return f"{len(scores_by_step)} steps did not raise its score"
    return None
