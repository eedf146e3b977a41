"""Feature visualisation as it is usually done, for comparison: many Adam steps through random views.

The recipe is the default one of the package Lucent (torch-lucent 0.1.8), written anew, at the network's input size:
Fourier coefficients scaled by the inverse of their frequency and decorrelated colours (Olah et al. 2017,
doi:10.23915/distill.00007), Adam at 0.05, 512 steps, and before each step a grey margin, a shift, a scale, a rotation
and another shift. Each step runs the whole network, forwards and backwards, with one picture.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STEPS, LEARNING_RATE = 512, 0.05
_MARGIN_PX, _FIRST_SHIFT_PX, _LAST_SHIFT_PX = 12, 8, 4
_SCALES = [1 + step / 50 for step in range(-5, 6)]
_DEGREES = [*range(-10, 11), *[0] * 5]
_COLOURS = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])


def synthetic_picture(
    module: nn.Module, layer: str, index: int, size: int, normalise: Callable[[Tensor], Tensor], steps: int = STEPS
) -> Tensor:
    """Make a filter's picture, ``(1, 3, size, size)``, values 0..1; the network's input has ``size`` px."""
    generator, views = torch.Generator().manual_seed(0), random.Random(0)  # noqa: S311 - nothing here is secret
    spectrum = (0.01 * torch.randn((1, 3, size, size // 2 + 1, 2), generator=generator)).requires_grad_()
    rows, columns = torch.fft.fftfreq(size), torch.fft.rfftfreq(size)
    scale = 1 / (rows[:, None] ** 2 + columns**2).sqrt().clamp(min=1 / size)
    colours = _COLOURS / _COLOURS.norm(dim=0).max()

    def pixels() -> Tensor:
        planes = torch.fft.irfft2(torch.view_as_complex(spectrum) * scale, s=(size, size), norm="ortho") / 4
        return torch.einsum("nchw,dc->ndhw", planes, colours).sigmoid()

    optimiser = torch.optim.Adam([spectrum], LEARNING_RATE)
    outputs: list[Tensor] = []
    handle = module.get_submodule(layer).register_forward_hook(lambda _m, _i, output: outputs.append(output.clone()))
    try:
        for _ in range(steps):
            optimiser.zero_grad()
            module(normalise(_view(pixels(), views)))
            (-outputs.pop()[:, index].mean()).backward()
            optimiser.step()
    finally:
        handle.remove()
    return pixels().detach()


def _view(pictures: Tensor, views: random.Random) -> Tensor:
    """Return a random view of pictures: larger than they are, by the margin and the scale."""
    padded = F.pad(pictures, [_MARGIN_PX] * 4, value=0.5)
    shifted = _shift(padded, views.randrange(_FIRST_SHIFT_PX), views.randrange(_FIRST_SHIFT_PX))
    side = shifted.shape[-1]
    scaled_side = math.ceil(views.choice(_SCALES) * side)
    margin = max(0, math.ceil((side - scaled_side) / 2))
    scaled = F.interpolate(shifted, size=(scaled_side, scaled_side), mode="bilinear", align_corners=True)
    rotated = _rotate(F.pad(scaled, [margin] * 4), math.radians(views.choice(_DEGREES)))
    return _shift(rotated, views.randrange(_LAST_SHIFT_PX), views.randrange(_LAST_SHIFT_PX))


def _shift(pictures: Tensor, down: int, right: int) -> Tensor:
    height, width = pictures.shape[2:]
    return F.pad(pictures, [right, 0, down, 0])[..., :height, :width]


def _rotate(pictures: Tensor, angle: float) -> Tensor:
    cosine, sine = math.cos(angle), math.sin(angle)
    turn = torch.tensor([[[cosine, -sine, 0.0], [sine, cosine, 0.0]]])
    grid = F.affine_grid(turn, list(pictures.shape), align_corners=True)
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="zeros", align_corners=True)
