"""What a model's own pictures look like on average: their colours, and how much there is of each frequency."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from mkdocs_lurk.errors import ShapeError

_EDGE = 1 / 64
"""Values are kept this far from 0 and 1, where the logit is infinite."""

_FAINTEST = 1e-4
"""The share of the strongest colour's variance that every colour is given at least: data may be grey."""

_CORNER = math.sqrt(0.5)
"""The highest frequency that a picture can hold, along its diagonal, in cycles a pixel."""


@dataclass(frozen=True)
class ImageStatistics:
    """Averages over a model's own pictures, all in logits of the pixel values 0..1.

    Attributes:
        mean: The mean colour, ``(c,)``.
        colours: The principal colours in columns, ``(c, c)``, each as long as its standard deviation over the pixels.
        frequencies: Where the spectrum was measured, in cycles a pixel, rising, ``(bands,)``.
        amplitudes: The amplitude of the strongest colour there, ``(bands,)``; only its shape is of use.
    """

    mean: Tensor
    colours: Tensor
    frequencies: Tensor
    amplitudes: Tensor

    @classmethod
    def of(cls, pictures: Tensor) -> ImageStatistics:
        """Measure pictures.

        Args:
            pictures: ``(n, c, h, w)``, values 0..1, at the size that the network reads; a few hundred are enough.

        Raises:
            ShapeError: There is no picture, or they are not of that shape.
        """
        if pictures.dim() != 4 or not len(pictures):
            raise ShapeError(f"expected pictures of shape (n, c, h, w), got {tuple(pictures.shape)}")
        mean = torch.stack([_logits(picture).mean((1, 2)) for picture in pictures]).mean(0)
        offsets = mean[:, None, None]
        flat = ((_logits(picture) - offsets).flatten(1) for picture in pictures)
        covariance = torch.stack([one @ one.T / one.shape[1] for one in flat]).mean(0)
        variances, directions = torch.linalg.eigh(covariance)
        floor = max(float(variances[-1]) * _FAINTEST, 1e-6)
        largest = directions.gather(0, directions.abs().argmax(0, keepdim=True))
        directions = directions * largest.sign()
        strongest = (torch.einsum("chw,c->hw", _logits(picture), directions[:, -1]) for picture in pictures)
        frequencies, amplitudes = _radial_spectrum(strongest, pictures.shape[2], pictures.shape[3])
        colours = directions * variances.clamp(min=floor).sqrt()
        return cls(*(_rounded(part) for part in (mean, colours, frequencies, amplitudes / amplitudes.max())))

    @property
    def digest(self) -> str:
        """Names these averages, for the key under which a result is kept."""
        parts = (self.mean, self.colours, self.frequencies, self.amplitudes)
        said = ";".join(" ".join(f"{value:.6g}" for value in part.flatten().tolist()) for part in parts)
        return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()

    def amplitude(self, frequency: Tensor) -> Tensor:
        """Read the spectrum at frequencies in cycles a pixel, of any shape; straight lines in logarithms between bands.

        Beyond the bands the outermost line goes on for at most one band's width.
        """
        known, wanted = self.frequencies.log(), frequency.log()
        above = torch.searchsorted(known, wanted.flatten()).clamp(1, len(known) - 1).view_as(wanted)
        left, right = known[above - 1], known[above]
        place = ((wanted - left) / (right - left)).clamp(-1, 2)
        levels = self.amplitudes.log()
        return (levels[above - 1] * (1 - place) + levels[above] * place).exp()


def distance_from_zero(height: int, width: int) -> Tensor:
    """The frequency of each coefficient of a real Fourier transform, in cycles a pixel, ``(h, w // 2 + 1)``."""
    rows, columns = torch.fft.fftfreq(height), torch.fft.rfftfreq(width)
    return torch.sqrt(rows[:, None] ** 2 + columns**2)


def _logits(picture: Tensor) -> Tensor:
    return picture.detach().cpu().double().clamp(_EDGE, 1 - _EDGE).logit()


def _rounded(values: Tensor) -> Tensor:
    """Keep four decimals: more are not worth having, and differ from machine to machine."""
    return (values * 1e4).round().div(1e4).float()


def _radial_spectrum(planes: Iterable[Tensor], height: int, width: int) -> tuple[Tensor, Tensor]:
    """Average the amplitude of planes ``(h, w)`` over rings of frequencies, under a Hann window."""
    window = torch.hann_window(height, periodic=False)[:, None] * torch.hann_window(width, periodic=False)
    spectra = [torch.fft.rfft2((plane - plane.mean()) * window).abs().square() for plane in planes]
    power = torch.stack(spectra).mean(0)
    distance = distance_from_zero(height, width)
    lowest = 1 / max(height, width)
    count = max(3, min(16, min(height, width) // 3))
    edges = torch.exp(torch.linspace(math.log(lowest * 0.99), math.log(_CORNER * 1.01), count + 1))
    frequencies, amplitudes = [], []
    for low, high in pairwise(edges.tolist()):
        ring = (distance >= low) & (distance < high)
        if ring.any():
            frequencies.append(distance[ring].log().mean().exp())
            amplitudes.append(power[ring].mean().sqrt())
    found = torch.stack(amplitudes)
    if not found.max() > 0:
        found = 1 / torch.stack(frequencies)
    return torch.stack(frequencies), found.clamp(min=float(found.max()) * 1e-3)
