"""Pictures with known statistics."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mkdocs_lurk.analysis.synthesis.fourier import radial_frequencies

COLOURS = torch.tensor([[0.8, 0.2], [0.8, -0.2]])
"""Two principal colours of two channels, in columns."""


def coloured_clouds(n: int = 64, side: int = 48) -> Tensor:
    """Pictures whose logits have amplitudes of one over the frequency, and these principal colours."""
    random = torch.Generator().manual_seed(0)
    scale = 1 / radial_frequencies(side, side).clamp(min=1 / side)
    scale[0, 0] = 0
    noise = torch.randn((n, COLOURS.shape[1], side, side), generator=random)
    planes = torch.fft.irfft2(torch.fft.rfft2(noise) * scale, s=(side, side))
    return torch.einsum("nkhw,ck->nchw", planes / planes.std(), COLOURS).sigmoid()


def smooth_clouds(channels: int, height: int, width: int, n: int = 24, seed: int = 0) -> Tensor:
    """Smooth coloured clouds, ``(n, c, h, w)``."""
    random = torch.Generator().manual_seed(seed)
    rough = torch.randn((n, channels, max(2, height // 4), max(2, width // 4)), generator=random)
    return nn.functional.interpolate(rough, size=(height, width), mode="bilinear", align_corners=False).sigmoid()
