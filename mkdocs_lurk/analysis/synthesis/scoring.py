"""Scores of pictures on one filter each, and the gradients of these scores."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from mkdocs_lurk.analysis.gradients.single import allowing_overwrites
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.synthesis.leaky_backward import leaky_backward
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings

_CPU_CHUNK_PX = 4 * 224 * 224
"""Pixels that go through the network at once on a CPU, so that the activations stay in its caches."""

log = logging.getLogger("mkdocs.plugins.lurk")


class FilterScorer:
    """Scores pictures of values 0..1 on one filter each, before any activation.

    Scores are spatial means; what is differentiated is the settings' target.

    Args:
        probe: The network.
        layer: The name of the filters' layer.
        mean: The transform's mean, one value per channel.
        std: The transform's standard deviation, one value per channel.
        settings: The target, and how gradients pass ReLUs and max-poolings.
    """

    def __init__(
        self, probe: Probe, layer: str, mean: Sequence[float], std: Sequence[float], settings: AscentSettings
    ) -> None:
        weight = next(probe.module.parameters(), torch.zeros(()))
        self.device, self.dtype = weight.device, weight.dtype
        self.mean = torch.tensor(mean, device=self.device)[:, None, None]
        self.std = torch.tensor(std, device=self.device)[:, None, None]
        self.probe, self.layer, self.settings = probe, layer, settings

    def clean_scores(self, pixels: Tensor, filters: Sequence[int]) -> Tensor:
        """Return the spatial means ``(n,)`` of stored pictures, ``(n, c, h, w)`` of values 0..255, as they are."""
        return self._of_stored(pixels, filters, _spatial_mean)

    def clean_target(self, pixels: Tensor, filters: Sequence[int]) -> Tensor:
        """Return what the ascent maximises, ``(n,)``, of stored pictures, ``(n, c, h, w)`` of values 0..255."""
        return self._of_stored(pixels, filters, self._target)

    def target_and_gradients(
        self, pictures: Tensor, filters: Sequence[int], leaky: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Return what the ascent maximises, ``(n,)``, of pictures ``(n, c, h, w)``, values 0..1, and its gradients.

        They are exact, or leak as the settings say.
        """
        chunks = (self._differentiated(part, indices, leaky) for part, indices in self._chunks(pictures, filters))
        values, gradients = zip(*chunks, strict=True)
        return torch.cat(values), torch.cat(gradients)

    def is_linear(self, height: int, width: int, tolerance: float) -> bool:
        """Return whether the layer is linear in the picture, as a network's first convolution is.

        If it is, the gradients of two different pictures agree up to ``tolerance``, a share of the largest value.
        """
        n_values = len(self.mean) * height * width
        ramp = torch.linspace(0, 1, n_values, device=self.device).sqrt().view(1, len(self.mean), height, width)
        one, other = (self.target_and_gradients(picture, [0])[1] for picture in (ramp, 1 - ramp))
        return bool((one - other).abs().max() <= tolerance * one.abs().max())

    def accepts_size(self, height: int, width: int) -> bool:
        """Return whether the network runs up to the layer on pictures of another size, given in pixels."""
        try:
            with torch.no_grad():
                blank = torch.zeros((1, len(self.mean), height, width), device=self.device)
                return bool(self._maps(blank, [0]).isfinite().all())
        except Exception as error:  # a network may raise anything at all for a size that it was not made for
            log.debug(
                "layer %r: gradient ascent runs at full size, since the network does not run on a picture of %d x %d "
                "px: %s: %s",
                self.layer, height, width, type(error).__name__, error,
            )  # fmt: skip
            return False

    def _target(self, maps: Tensor) -> Tensor:
        """Return what is maximised of maps ``(n, h, w)``: their means, or the units in their middle."""
        if self.settings.target == "mean":
            return _spatial_mean(maps)
        height, width = maps.shape[1:]
        return maps[:, height // 2, width // 2].float()

    def _maps(self, pictures: Tensor, filters: Sequence[int], leaky: bool = False) -> Tensor:
        normalised = ((pictures - self.mean) / self.std).to(self.dtype).contiguous(memory_format=torch.channels_last)
        leaks = (self.settings.relu_leak, self.settings.pool_leak) if leaky else (0.0, 0.0)
        with leaky_backward(*leaks):
            return self.probe.maps(normalised, self.layer, filters)

    def _of_stored(self, pixels: Tensor, filters: Sequence[int], measure: Callable[[Tensor], Tensor]) -> Tensor:
        with torch.no_grad():
            chunks = self._chunks(pixels, filters)
            return torch.cat([measure(self._maps(part.float() / 255, indices)) for part, indices in chunks])

    def _differentiated(self, pictures: Tensor, filters: Sequence[int], leaky: bool) -> tuple[Tensor, Tensor]:
        """Return the target and its gradients of pictures that go through the network at once."""

        def differentiate() -> tuple[Tensor, Tensor]:
            variable = pictures.detach().requires_grad_()
            values = self._target(self._maps(variable, filters, leaky))
            (gradient,) = torch.autograd.grad(values.sum(), variable, allow_unused=True)
            return values.detach(), torch.zeros_like(pictures) if gradient is None else gradient

        return allowing_overwrites(differentiate, self.layer)

    def _chunks(self, pictures: Tensor, filters: Sequence[int]) -> Iterator[tuple[Tensor, Sequence[int]]]:
        """Yield a few pictures at a time, with their filters; on a CPU as many as its caches hold."""
        length = len(pictures)
        if self.device.type == "cpu":
            length = max(1, min(length, _CPU_CHUNK_PX // (pictures.shape[2] * pictures.shape[3])))
        for start in range(0, len(pictures), length):
            yield pictures[start : start + length], filters[start : start + length]


def _spatial_mean(maps: Tensor) -> Tensor:
    return maps.float().mean((1, 2))
