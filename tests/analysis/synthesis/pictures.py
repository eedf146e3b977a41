"""Pictures with known statistics."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mkdocs_lurk.analysis.synthesis.image_statistics import radial_frequencies

COLOURS = torch.tensor([[0.8, 0.2], [0.8, -0.2]])
"""Two principal colours of two channels, in columns."""


def clouds_with_spectrum(exponent: float, colours: Tensor = COLOURS, n: int = 64, side: int = 48) -> Tensor:
    """Pictures whose logits have amplitudes ``1 / frequency ** exponent`` and these principal colours."""
    random = torch.Generator().manual_seed(0)
    scale = radial_frequencies(side, side).clamp(min=1 / side) ** -exponent
    scale[0, 0] = 0
    noise = torch.randn((n, len(colours), side, side), generator=random)
    planes = torch.fft.irfft2(torch.fft.rfft2(noise) * scale, s=(side, side))
    planes = planes / planes.std()
    return torch.einsum("nkhw,ck->nchw", planes, colours).sigmoid()


def smooth_clouds(channels: int, height: int, width: int, n: int = 24, seed: int = 0) -> Tensor:
    """Smooth coloured clouds, ``(n, c, h, w)``."""
    random = torch.Generator().manual_seed(seed)
    rough = torch.randn((n, channels, max(2, height // 4), max(2, width // 4)), generator=random)
    return nn.functional.interpolate(rough, size=(height, width), mode="bilinear", align_corners=False).sigmoid()
