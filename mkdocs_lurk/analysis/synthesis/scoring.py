"""Scores of pictures on one filter each, and the gradients of these scores."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from mkdocs_lurk.analysis.gradients.single import allowing_overwrites
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.synthesis.fast_relu import bitwise_relu

_CPU_CHUNK_PX = 4 * 224 * 224
"""Pixels that go through the network at once on a CPU, so that the activations stay in its caches."""

log = logging.getLogger("mkdocs.plugins.lurk")


class FilterScorer:
    """Scores pictures of values 0..1 by the spatial mean of one filter each, before any activation.

    Args:
        probe: The network.
        layer: The name of the filters' layer.
        mean: The transform's mean, one value per channel.
        std: The transform's standard deviation, one value per channel.
    """

    def __init__(self, probe: Probe, layer: str, mean: Sequence[float], std: Sequence[float]) -> None:
        weight = next(probe.module.parameters(), torch.zeros(()))
        self.device, self.dtype = weight.device, weight.dtype
        self.mean = torch.tensor(mean, device=self.device)[:, None, None]
        self.std = torch.tensor(std, device=self.device)[:, None, None]
        self.probe, self.layer = probe, layer

    def clean_scores(self, pixels: Tensor, filters: Sequence[int]) -> Tensor:
        """Return the scores ``(n,)`` of stored pictures, ``(n, c, h, w)`` of values 0..255, without a shift or zoom."""
        with torch.no_grad():
            chunks = self._chunks(pixels, filters)
            return torch.cat([self._scores(part.float() / 255, indices) for part, indices in chunks])

    def scores_and_gradients(self, pictures: Tensor, filters: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return the scores ``(n,)`` of pictures ``(n, c, h, w)``, values 0..1, and their gradients in the pictures."""
        chunks = (self._differentiated(part, indices) for part, indices in self._chunks(pictures, filters))
        scores, gradients = zip(*chunks, strict=True)
        return torch.cat(scores), torch.cat(gradients)

    def is_linear(self, height: int, width: int, tolerance: float) -> bool:
        """Return whether the layer is linear in the picture, as a network's first convolution is.

        If it is, the gradients of two different pictures agree up to ``tolerance``, a share of the largest value.
        """
        n_values = len(self.mean) * height * width
        ramp = torch.linspace(0, 1, n_values, device=self.device).sqrt().view(1, len(self.mean), height, width)
        one, other = (self.scores_and_gradients(picture, [0])[1] for picture in (ramp, 1 - ramp))
        return bool((one - other).abs().max() <= tolerance * one.abs().max())

    def accepts_size(self, height: int, width: int) -> bool:
        """Return whether the network runs up to the layer on pictures of another size, given in pixels."""
        try:
            with torch.no_grad():
                blank = torch.zeros((1, len(self.mean), height, width), device=self.device)
                return bool(self._scores(blank, [0]).isfinite().all())
        except Exception as error:  # a network may raise anything at all for a size that it was not made for
            log.debug(
                "layer %r: every step of gradient ascent is taken at full size, since the network does not run on a "
                "picture of %d x %d px: %s: %s",
                self.layer, height, width, type(error).__name__, error,
            )  # fmt: skip
            return False

    def _scores(self, pictures: Tensor, filters: Sequence[int]) -> Tensor:
        normalised = ((pictures - self.mean) / self.std).to(self.dtype).contiguous(memory_format=torch.channels_last)
        with bitwise_relu(self.dtype, self.device):
            return self.probe.maps(normalised, self.layer, filters).float().mean((1, 2))

    def _differentiated(self, pictures: Tensor, filters: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Return scores and gradients of pictures that go through the network at once."""

        def differentiate() -> tuple[Tensor, Tensor]:
            variable = pictures.detach().requires_grad_()
            scores = self._scores(variable, filters)
            (gradient,) = torch.autograd.grad(scores.sum(), variable, allow_unused=True)
            return scores.detach(), torch.zeros_like(pictures) if gradient is None else gradient

        return allowing_overwrites(differentiate, self.layer)

    def _chunks(self, pictures: Tensor, filters: Sequence[int]) -> Iterator[tuple[Tensor, Sequence[int]]]:
        """Yield a few pictures at a time, with their filters; on a CPU as many as its caches hold."""
        length = len(pictures)
        if self.device.type == "cpu":
            length = max(1, min(length, _CPU_CHUNK_PX // (pictures.shape[2] * pictures.shape[3])))
        for start in range(0, len(pictures), length):
            yield pictures[start : start + length], filters[start : start + length]
