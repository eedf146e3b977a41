"""How much contrast a gradient's picture needs: a few large values leave the rest of most gradients next to grey."""

from __future__ import annotations

import numpy as np

from mkdocs_lurk.images.webp import GRADIENT_LARGEST, GRADIENT_ZERO
from mkdocs_lurk.pages.pictures.sheets import Pixels

_PIXELS, _SMOOTHED = 0.99, 0.96
"""The shares of the pixels, and of the patches, whose values are not cut off."""
_MOST_GAIN = 12.0
_PATCHES = 24
"""Patches along the longer side: the mask is about as smooth as they are large."""


def gradient_contrast(pixels: Pixels) -> list[float]:
    """Return what a gradient's values are multiplied by in the plain view, and in the mask.

    Args:
        pixels: ``(h, w, 3)``, zero at mid-grey.

    Returns:
        Two factors from 1 to 12: with them, 99 % of the pixels, and 96 % of the patches of about a 24th of the longer
        side, have a magnitude (the mean over the channels) of at most 1.
    """
    magnitudes = np.abs(pixels.astype(np.int16) - GRADIENT_ZERO).sum(-1)
    full = 3 * GRADIENT_LARGEST
    counts = np.bincount(magnitudes.ravel()).cumsum()
    pixel = int(np.searchsorted(counts, _PIXELS * magnitudes.size))
    side = max(1, round(max(magnitudes.shape) / _PATCHES))
    height, width = (max(side, length - length % side) for length in magnitudes.shape)
    cut = magnitudes[:height, :width]
    rows = np.add.reduceat(cut, np.arange(0, cut.shape[0], side), axis=0)
    patches = np.add.reduceat(rows, np.arange(0, cut.shape[1], side), axis=1) / side**2
    patch = float(np.quantile(patches, _SMOOTHED))
    return [round(float(np.clip(full / max(peak, 1e-9), 1.0, _MOST_GAIN)), 1) for peak in (pixel, patch)]
