"""Feature visualisation as it is usually done, for comparison: a Fourier canvas and many Adam steps.

As in Olah et al. 2017, doi:10.23915/distill.00007: coefficients scaled by the inverse of their frequency, decorrelated
colours, jitter, and a forward and a backward pass through the whole network in every step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CANVAS_PX, STEPS, LEARNING_RATE = 128, 512, 0.05
_JITTER_PX = 8
_COLOURS = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]]) / 0.48


def synthetic_pictures(
    module: nn.Module, layer: str, filters: Sequence[int], size: int, normalise: Callable[[Tensor], Tensor], steps: int
) -> Tensor:
    """Make one picture per filter, ``(n, 3, size, size)``, values 0..1; the network's input has ``size`` px."""
    generator = torch.Generator().manual_seed(0)
    shape = (len(filters), 3, CANVAS_PX, CANVAS_PX // 2 + 1, 2)
    spectrum = (0.01 * torch.randn(shape, generator=generator)).requires_grad_()
    rows, columns = torch.fft.fftfreq(CANVAS_PX), torch.fft.rfftfreq(CANVAS_PX)
    scale = CANVAS_PX / (rows[:, None] ** 2 + columns**2).sqrt().clamp(min=1 / CANVAS_PX)

    def pixels() -> Tensor:
        planes = torch.fft.irfft2(torch.view_as_complex(spectrum) * scale, s=(CANVAS_PX, CANVAS_PX), norm="ortho") / 4
        colours = torch.einsum("nchw,dc->ndhw", planes, _COLOURS).sigmoid()
        return F.interpolate(colours, size=(size, size), mode="bilinear", align_corners=False)

    optimiser = torch.optim.Adam([spectrum], LEARNING_RATE)
    outputs: list[Tensor] = []
    handle = module.get_submodule(layer).register_forward_hook(lambda _m, _i, output: outputs.append(output.clone()))
    try:
        for _ in range(steps):
            optimiser.zero_grad()
            down, right = torch.randint(-_JITTER_PX, _JITTER_PX + 1, (2,), generator=generator).tolist()
            module(normalise(pixels().roll((down, right), (2, 3))))
            maps = outputs.pop()
            (-sum(maps[n, index].mean() for n, index in enumerate(filters))).backward()
            optimiser.step()
    finally:
        handle.remove()
    with torch.no_grad():
        return pixels()
