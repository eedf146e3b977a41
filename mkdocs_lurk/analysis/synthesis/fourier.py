"""Pictures parametrised by Fourier coefficients, in units of one over their frequency and of the data's colours."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics

_MEAN_COLOUR_STEP = 2.0
"""The scale of the mean colour, as a multiple of the lowest frequency's: filters of one colour need much of it."""


class FourierCanvas:
    """Turns Fourier coefficients into pictures of one size.

    Coefficients of unit variance make a picture with the contrast and the colours of the data, and with the spectrum of
    natural pictures: amplitudes of one over the frequency (Field 1987, doi:10.1364/JOSAA.4.002379). The data's own
    spectrum is often that of resized photos, which have little left at high frequencies; filters answer to these. The
    picture is periodic: its left edge meets its right one.

    Args:
        height: The pictures' height, in pixels.
        width: Their width, in pixels.
        statistics: The data's averages.
        device: The device of the coefficients.
    """

    def __init__(
        self,
        height: int,
        width: int,
        statistics: ImageStatistics,
        device: torch.device | None = None,
    ) -> None:
        self.height, self.width = height, width
        self.channels = len(statistics.mean)
        self.mean = statistics.mean[:, None, None].to(device)
        self.colours = statistics.colours.to(device)
        lowest = 1 / max(height, width)
        scale = 1 / radial_frequencies(height, width).clamp(min=lowest)
        scale /= (scale.square() * _multiplicity(width)).sum().sqrt()
        scale[0, 0] *= _MEAN_COLOUR_STEP
        self.scale = scale.to(device)

    def noise(self, seed: int) -> Tensor:
        """Draw coefficients of unit variance, ``(c, h, w // 2 + 1, 2)``; those of the mean colour are 0."""
        shape = (self.channels, self.height, self.width // 2 + 1, 2)
        drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        drawn[:, 0, 0] = 0
        return drawn.to(self.scale.device)

    def pixels(self, coefficients: Tensor) -> Tensor:
        """Return the pictures ``(n, c, h, w)``, values 0..1, of coefficients ``(n, c, h, w // 2 + 1, 2)``."""
        planes = self.colour_planes(coefficients)
        logits = (self.colours @ planes.flatten(2)).view_as(planes).add(self.mean)
        return logits.sigmoid()

    def colour_planes(self, coefficients: Tensor) -> Tensor:
        """Return the planes of the decorrelated colours, ``(n, c, h, w)``.

        Their variance is 1 if that of the coefficients is.
        """
        spectrum = torch.view_as_complex(coefficients) * self.scale
        planes: Tensor = torch.fft.irfft2(spectrum, s=(self.height, self.width), norm="forward")
        return planes


def radial_frequencies(height: int, width: int) -> Tensor:
    """Return the radial frequency of each coefficient of a real 2-D FFT, in cycles per pixel, ``(h, w // 2 + 1)``."""
    rows, columns = torch.fft.fftfreq(height), torch.fft.rfftfreq(width)
    return torch.sqrt(rows[:, None] ** 2 + columns**2)


def _multiplicity(width: int) -> Tensor:
    """Return the weight of each column of coefficients in a real picture's variance, ``(w // 2 + 1,)``.

    A coefficient also stands for its complex conjugate. In the first column, and in the last one of an even width, both
    are stored, and the imaginary part of their sum is discarded.
    """
    multiplicity = torch.full((width // 2 + 1,), 4.0)
    multiplicity[0] = 1.0
    if width % 2 == 0:
        multiplicity[-1] = 1.0
    return multiplicity


def zoom(pictures: Tensor, factor: float) -> Tensor:
    """Enlarge periodic pictures ``(n, c, h, w)`` by ``factor`` about their upper left corner, and keep their size."""
    height, width = pictures.shape[2:]
    rows, columns = max(1, round(height / factor)), max(1, round(width / factor))
    if (rows, columns) == (height, width):
        return pictures
    padding = [0, max(0, columns - width), 0, max(0, rows - height)]
    padded = F.pad(pictures, padding, mode="circular") if any(padding) else pictures
    return F.interpolate(
        padded[..., :rows, :columns], size=(height, width), mode="bilinear", align_corners=False, antialias=False
    )
