"""A picture as the coefficients of its Fourier series, scaled as the model's own pictures would have them."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics, distance_from_zero

_BLEND = 0.25
"""The width of the blend of two neighbours in a quilt, as a share of their distance."""


class FourierCanvas:
    """Turns coefficients into pictures of one size.

    Coefficients of unit variance make a picture with the contrast, the colours and the spectrum of the data. The
    picture is periodic: its left edge meets its right one.

    Args:
        height: Rows, in pixels.
        width: Columns, in pixels.
        statistics: The data's averages.
        flat: How many times the lowest frequency's amplitude the mean colour has.
        device: Where the coefficients live.
    """

    def __init__(
        self, height: int, width: int, statistics: ImageStatistics, flat: float, device: torch.device | None = None
    ) -> None:
        self.height, self.width = height, width
        self.channels = len(statistics.mean)
        self.mean = statistics.mean[:, None, None].to(device)
        self.colours = statistics.colours.to(device)
        distance = distance_from_zero(height, width)
        scale = statistics.amplitude(distance.clamp(min=1 / max(height, width)))
        share = torch.full((width // 2 + 1,), 4.0)  # a coefficient stands for its mirror image too, but
        share[0] = 1.0  # on the axis, and at the highest frequency of an even width, only half of it is real
        if width % 2 == 0:
            share[-1] = 1.0
        scale[0, 0] = 0.0
        scale = scale / (scale.square() * share).sum().sqrt().clamp(min=1e-12)
        scale[0, 0] = flat * float(scale.max())
        if height == width == 1:
            scale[0, 0] = 1.0
        self.scale = scale.to(device)

    def noise(self, seed: int) -> Tensor:
        """Draw coefficients of unit variance, ``(c, h, w // 2 + 1, 2)``; the mean colour's are 0."""
        shape = (self.channels, self.height, self.width // 2 + 1, 2)
        drawn = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        drawn[:, 0, 0] = 0
        return drawn.to(self.scale.device)

    def pixels(self, coefficients: Tensor) -> Tensor:
        """Draw the pictures ``(n, c, h, w)``, values 0..1, of coefficients ``(n, c, h, w // 2 + 1, 2)``."""
        planes = self.planes(coefficients)
        logits = (self.colours @ planes.flatten(2)).view_as(planes).add(self.mean)
        return logits.sigmoid()

    def planes(self, coefficients: Tensor) -> Tensor:
        """The strength of each principal colour, ``(n, c, h, w)``, of unit variance where the coefficients are."""
        spectrum = torch.view_as_complex(coefficients) * self.scale
        planes: Tensor = torch.fft.irfft2(spectrum, s=(self.height, self.width), norm="forward")
        return planes

    def coefficients(self, planes: Tensor) -> Tensor:
        """The inverse of ``planes``, but for what a real picture cannot hold."""
        return torch.view_as_real(torch.fft.rfft2(planes, norm="forward") / self.scale)


def quilt(planes: Tensor, height: int, width: int, seed: int) -> Tensor:
    """Lay periodic planes out over a larger area so that the repeats do not show.

    Copies, each shifted at random, stand around a grid of points and are blended where they meet; mean and variance are
    kept, as in Heitz and Neyret 2018, DOI 10.1145/3233304, so that the contrast does not sag there. The blends are
    narrow, since two patterns in one place are neither. The result is periodic.

    Args:
        planes: ``(n, c, h, w)``.
        height: Rows of the result.
        width: Its columns.
        seed: Of the shifts, which are the same for all ``n``.

    Returns:
        ``(n, c, height, width)``.
    """
    rows, columns = planes.shape[2:]
    mean = planes.mean((2, 3), keepdim=True)
    centred = planes - mean
    random = torch.Generator().manual_seed(seed)
    vertical = _bumps(height, max(1, round(height / rows)), planes.device)
    horizontal = _bumps(width, max(1, round(width / columns)), planes.device)
    total = torch.zeros((*planes.shape[:2], height, width), device=planes.device)
    squares = torch.zeros((height, width), device=planes.device)
    for down in vertical:
        for across in horizontal:
            shift = torch.randint(0, 1 << 30, (2,), generator=random).tolist()
            weight = down[:, None] * across
            total += weight * _lay(centred, shift[0] % rows, shift[1] % columns, height, width)
            squares += weight.square()
    return total / squares.sqrt() + mean


def _lay(planes: Tensor, down: int, across: int, height: int, width: int) -> Tensor:
    shifted = planes.roll((down, across), (2, 3))
    times = (1, 1, -(-height // planes.shape[2]), -(-width // planes.shape[3]))
    return shifted.repeat(times)[..., :height, :width]


def _bumps(length: int, count: int, device: torch.device) -> list[Tensor]:
    """Weights around ``count`` points of a circle of ``length`` pixels, flat but for the blends; they add up to 1."""
    if count == 1:
        return [torch.ones(length, device=device)]
    place = torch.arange(length, device=device, dtype=torch.float32) * (count / length)
    weights = []
    for centre in range(count):
        off = (place - centre + count / 2) % count - count / 2
        gone = ((off.abs() - 0.5) / _BLEND + 0.5).clamp(0, 1)
        weights.append((math.pi / 2 * gone).cos().square())
    return weights


def zoom(pictures: Tensor, factor: float) -> Tensor:
    """Enlarge periodic pictures ``(n, c, h, w)`` by ``factor`` about their corner, and keep their size."""
    height, width = pictures.shape[2:]
    rows, columns = max(1, round(height / factor)), max(1, round(width / factor))
    if (rows, columns) == (height, width):
        return pictures
    more = [0, max(0, columns - width), 0, max(0, rows - height)]
    seen = F.pad(pictures, more, mode="circular") if any(more) else pictures
    return F.interpolate(
        seen[..., :rows, :columns], size=(height, width), mode="bilinear", align_corners=False, antialias=False
    )
