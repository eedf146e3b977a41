"""Writes ``test/pillow.json``: pictures that Pillow resized and prepared, for the front end's own resize to be held to.

``python dev/pillow.py`` writes the file anew; it needs Pillow and NumPy, and this package.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from mkdocs_lurk.images.framing import convert_channels, resize_and_crop

SIZE = (13, 11)
FILTERS = ("box", "bilinear", "hamming", "bicubic", "lanczos")
SIZES = ((5, 4), (29, 17), (13, 6), (7, 11))


def main() -> None:
    """Write the file."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (SIZE[1], SIZE[0], 4), np.uint8)
    rgb, rgba = Image.fromarray(pixels[:, :, :3]), Image.fromarray(pixels)
    resized = [
        {
            "filter": name,
            "size": list(size),
            "pixels": np.asarray(rgb.resize(size, Image.Resampling[name.upper()])).ravel().tolist(),
        }
        for name in FILTERS
        for size in SIZES
    ]
    grey = resize_and_crop(convert_channels(rgba, 1), 5, (6, 6))
    data = {
        "size": list(SIZE),
        "picture": pixels[:, :, :3].ravel().tolist(),
        "rgba": pixels.ravel().tolist(),
        "resized": resized,
        "grey": grey.ravel().tolist(),
    }
    Path(__file__).parents[1].joinpath("test", "pillow.json").write_text(json.dumps(data) + "\n", "utf-8")


if __name__ == "__main__":
    main()
