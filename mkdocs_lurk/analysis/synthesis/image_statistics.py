"""Average colours and amplitude spectrum of a model's own pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from mkdocs_lurk.errors import ShapeError

_LOGIT_MARGIN = 1 / 64
"""Pixel values are kept this far from 0 and 1, where the logit is infinite."""

_LEAST_VARIANCE_SHARE = 1e-4
"""The variance that every principal colour has at least, as a share of the largest one: data may be grey."""

_HIGHEST_FREQUENCY = math.sqrt(0.5)
"""The highest spatial frequency of a picture, along its diagonal, in cycles per pixel."""


@dataclass(frozen=True)
class ImageStatistics:
    """Averages over a model's own pictures, all in logits of the pixel values 0..1.

    Attributes:
        mean: The mean colour, ``(c,)``.
        colours: The principal colours in columns, ``(c, c)``, each as long as its standard deviation over the pixels.
        frequencies: The centres of the measured frequency bands, in cycles per pixel, increasing, ``(n_bands,)``.
        amplitudes: The amplitude of the first principal colour in each band, ``(n_bands,)``, relative to the largest.
    """

    mean: Tensor
    colours: Tensor
    frequencies: Tensor
    amplitudes: Tensor

    @classmethod
    def of(cls, pictures: Tensor) -> ImageStatistics:
        """Measure the statistics of pictures.

        Args:
            pictures: ``(n, c, h, w)``, values 0..1, at the network's input size; a few hundred are enough.

        Raises:
            ShapeError: There are no pictures, or they do not have that shape.
        """
        if pictures.dim() != 4 or not len(pictures):
            raise ShapeError(f"expected pictures of shape (n, c, h, w), got {tuple(pictures.shape)}")
        mean = torch.stack([_logits(picture).mean((1, 2)) for picture in pictures]).mean(0)
        offsets = mean[:, None, None]
        centred = ((_logits(picture) - offsets).flatten(1) for picture in pictures)
        covariance = torch.stack([one @ one.T / one.shape[1] for one in centred]).mean(0)
        variances, directions = torch.linalg.eigh(covariance)
        least_variance = max(float(variances[-1]) * _LEAST_VARIANCE_SHARE, 1e-6)
        largest = directions.gather(0, directions.abs().argmax(0, keepdim=True))
        directions = directions * largest.sign()
        first_colour = (torch.einsum("chw,c->hw", _logits(picture), directions[:, -1]) for picture in pictures)
        frequencies, amplitudes = _radial_spectrum(first_colour, pictures.shape[2], pictures.shape[3])
        colours = directions * variances.clamp(min=least_variance).sqrt()
        return cls(*(_to_four_decimals(part) for part in (mean, colours, frequencies, amplitudes / amplitudes.max())))

    def amplitude_at(self, frequencies: Tensor) -> Tensor:
        """Interpolate the amplitude spectrum at frequencies in cycles per pixel, of any shape.

        Interpolation is linear in the logarithms. Outside the measured bands the outermost line is continued for at
        most one band.
        """
        known, wanted = self.frequencies.log(), frequencies.log()
        upper = torch.searchsorted(known, wanted.flatten()).clamp(1, len(known) - 1).view_as(wanted)
        left, right = known[upper - 1], known[upper]
        weight = ((wanted - left) / (right - left)).clamp(-1, 2)
        levels = self.amplitudes.log()
        return (levels[upper - 1] * (1 - weight) + levels[upper] * weight).exp()


def radial_frequencies(height: int, width: int) -> Tensor:
    """Return the radial frequency of each coefficient of a real 2-D FFT, in cycles per pixel, ``(h, w // 2 + 1)``."""
    rows, columns = torch.fft.fftfreq(height), torch.fft.rfftfreq(width)
    return torch.sqrt(rows[:, None] ** 2 + columns**2)


def _logits(picture: Tensor) -> Tensor:
    return picture.detach().cpu().double().clamp(_LOGIT_MARGIN, 1 - _LOGIT_MARGIN).logit()


def _to_four_decimals(values: Tensor) -> Tensor:
    """Round to four decimals: further ones have no effect and differ between machines."""
    return (values * 1e4).round().div(1e4).float()


def _radial_spectrum(planes: Iterable[Tensor], height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return the mean amplitude of planes ``(h, w)`` in rings of the spectrum, under a Hann window.

    Returns:
        The rings' frequencies in cycles per pixel and their amplitudes, each ``(n_bands,)``; rings without a
        coefficient are left out. Blank planes get the amplitudes of natural pictures, one over the frequency.
    """
    window = torch.hann_window(height, periodic=False)[:, None] * torch.hann_window(width, periodic=False)
    spectra = [torch.fft.rfft2((plane - plane.mean()) * window).abs().square() for plane in planes]
    power = torch.stack(spectra).mean(0)
    radius = radial_frequencies(height, width)
    lowest = 1 / max(height, width)
    n_bands = max(3, min(16, min(height, width) // 3))
    edges = torch.exp(torch.linspace(math.log(lowest * 0.99), math.log(_HIGHEST_FREQUENCY * 1.01), n_bands + 1))
    frequencies, amplitudes = [], []
    for low, high in pairwise(edges.tolist()):
        ring = (radius >= low) & (radius < high)
        if ring.any():
            frequencies.append(radius[ring].log().mean().exp())
            amplitudes.append(power[ring].mean().sqrt())
    spectrum = torch.stack(amplitudes)
    if not spectrum.max() > 0:
        spectrum = 1 / torch.stack(frequencies)
    return torch.stack(frequencies), spectrum.clamp(min=float(spectrum.max()) * 1e-3)
