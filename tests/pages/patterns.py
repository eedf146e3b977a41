"""Seeded pictures for made-up results."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image

Draw = Callable[[int, int, int], bytes]
"""Makes an encoded picture of a height and a width from a seed."""


def pattern(height: int, width: int, seed: int) -> np.ndarray:
    """A smooth pattern of waves, ``(h, w, 3)`` uint8, another one for every seed."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    waves = [np.sin(2 * np.pi * (rng.uniform(0.5, 3) * x + rng.uniform(0.5, 3) * y) + rng.uniform(0, 6)) for _ in "rgb"]
    return ((np.stack(waves, -1) + 1) * 127.5).astype(np.uint8)


@lru_cache(maxsize=4096)  # every made-up model draws the same ones, and encoding them is most of its time
def encoded_pattern(height: int, width: int, seed: int) -> bytes:
    """The same pattern as a WebP file without loss."""
    file = io.BytesIO()
    Image.fromarray(pattern(height, width, seed)).save(file, "WEBP", lossless=True)
    return file.getvalue()
