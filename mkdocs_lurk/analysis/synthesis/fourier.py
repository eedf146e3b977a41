"""Pictures parametrised by Fourier coefficients, in units of the spectrum and colours of the model's own pictures."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics, radial_frequencies

_BLEND_WIDTH = 0.25
"""The width of the blend between two neighbouring tiles, as a share of the distance of their centres."""


class FourierCanvas:
    """Turns Fourier coefficients into pictures of one size.

    Coefficients of unit variance make a picture with the contrast, the colours and the spectrum of the data. The
    picture is periodic: its left edge meets its right one.

    Args:
        height: The pictures' height, in pixels.
        width: Their width, in pixels.
        statistics: The data's averages.
        mean_colour_step: The scale of the mean colour, as a multiple of the lowest frequency's amplitude.
        device: The device of the coefficients.
    """

    def __init__(
        self,
        height: int,
        width: int,
        statistics: ImageStatistics,
        mean_colour_step: float,
        device: torch.device | None = None,
    ) -> None:
        self.height, self.width = height, width
        self.channels = len(statistics.mean)
        self.mean = statistics.mean[:, None, None].to(device)
        self.colours = statistics.colours.to(device)
        frequencies = radial_frequencies(height, width)
        scale = statistics.amplitude_at(frequencies.clamp(min=1 / max(height, width)))
        scale[0, 0] = 0.0
        scale = scale / (scale.square() * _multiplicity(width)).sum().sqrt().clamp(min=1e-12)
        scale[0, 0] = mean_colour_step * float(scale.max())
        if height == width == 1:
            scale[0, 0] = 1.0
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

    def coefficients_of(self, planes: Tensor) -> Tensor:
        """Return the coefficients of decorrelated colour planes, the inverse of ``colour_planes``."""
        return torch.view_as_real(torch.fft.rfft2(planes, norm="forward") / self.scale)


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


def tile_texture(planes: Tensor, height: int, width: int, seed: int) -> Tensor:
    """Cover a larger area with copies of periodic planes so that the repetition does not show.

    Copies, each shifted at random, are centred on a grid of points and blended where they meet. The blends preserve
    mean and variance (Heitz and Neyret 2018, doi:10.1145/3233304), so that the contrast does not drop there; they are
    narrow, since two patterns in one place show neither. The result is periodic.

    Args:
        planes: ``(n, c, h, w)``.
        height: The result's height, in pixels.
        width: Its width, in pixels.
        seed: The seed of the shifts, which are the same for all ``n``.

    Returns:
        ``(n, c, height, width)``.
    """
    rows, columns = planes.shape[2:]
    mean = planes.mean((2, 3), keepdim=True)
    centred = planes - mean
    generator = torch.Generator().manual_seed(seed)
    vertical = _blend_weights(height, max(1, round(height / rows)), planes.device)
    horizontal = _blend_weights(width, max(1, round(width / columns)), planes.device)
    total = torch.zeros((*planes.shape[:2], height, width), device=planes.device)
    squares = torch.zeros((height, width), device=planes.device)
    for row_weights in vertical:
        for column_weights in horizontal:
            shift = torch.randint(0, 1 << 30, (2,), generator=generator).tolist()
            weight = row_weights[:, None] * column_weights
            total += weight * _repeated(centred, shift[0] % rows, shift[1] % columns, height, width)
            squares += weight.square()
    return total / squares.sqrt() + mean


def _repeated(planes: Tensor, down: int, right: int, height: int, width: int) -> Tensor:
    """Shift periodic planes, then repeat or crop them to another size."""
    shifted = planes.roll((down, right), (2, 3))
    times = (1, 1, -(-height // planes.shape[2]), -(-width // planes.shape[3]))
    return shifted.repeat(times)[..., :height, :width]


def _blend_weights(length: int, count: int, device: torch.device) -> list[Tensor]:
    """Return the weights of ``count`` tiles along a periodic axis of ``length`` pixels, each ``(length,)``.

    A tile's weight is 1 but for the blends with its neighbours; at every pixel the weights add up to 1.
    """
    if count == 1:
        return [torch.ones(length, device=device)]
    position = torch.arange(length, device=device, dtype=torch.float32) * (count / length)
    weights = []
    for centre in range(count):
        offset = (position - centre + count / 2) % count - count / 2
        fade = ((offset.abs() - 0.5) / _BLEND_WIDTH + 0.5).clamp(0, 1)
        weights.append((math.pi / 2 * fade).cos().square())
    return weights


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
