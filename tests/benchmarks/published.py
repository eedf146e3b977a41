"""The cosine of published gradients to the computed ones, beside their bytes, for each kind of layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkdocs_lurk.analysis.gradients.single import filter_gradients
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.images.webp import gradient_cosine, gradient_pixels
from mkdocs_lurk.pages.pictures.quantised import quantise_gradient
from mkdocs_lurk.pages.pictures.sheets import write_sheet
from mkdocs_lurk.run.gradient_pictures import encode_gradient
from mkdocs_lurk.run.session import Session
from tests.benchmarks.rows import Row
from tests.benchmarks.workspace import DEMO, Workspace, open_first_model

_LAYERS = ("features.0", "features.3.expand3x3", "features.6.squeeze", "features.9.expand1x1", "features.12.expand3x3")
_FILTERS, _LEAST_COSINE = 4, 0.98


def measure(workspace: Workspace) -> list[Row]:
    """Measure the gradients of means of a few filters, at SqueezeNet's full size, one row per layer."""
    session = open_first_model(_squeezenet(workspace))
    rows = []
    for layer in _LAYERS:
        gradients = list(_gradients(session, layer))
        cached = [encode_gradient(gradient) for gradient in gradients]
        stored = [np.asarray(Image.open(BytesIO(data)).convert("RGB")) for data in cached]
        exact = all(
            np.array_equal(own, gradient_pixels(gradient)) for own, gradient in zip(stored, gradients, strict=True)
        )
        path = workspace.folder / "published.webp"
        cosines = _published_cosines(path, stored, gradients)
        site_kb, cache_kb = (size / 1e3 / len(gradients) for size in (path.stat().st_size, sum(map(len, cached))))
        rows.append(
            Row(
                "gradients",
                f"published: SqueezeNet 1.1, {layer}, gradients of means of {len(gradients)} filters, 224 px",
                f"cosine at least {_LEAST_COSINE} on the site, all 8 bits in the cache",
                f"lowest cosine {min(cosines):.4f} at {site_kb:.1f} kB a gradient; cache {cache_kb:.1f} kB",
                min(cosines) >= _LEAST_COSINE and exact,
                {"layer": layer, "cosines": cosines, "site_kb": site_kb, "cache_kb": cache_kb},
            )
        )
    return rows


def _published_cosines(
    path: Path, stored: Sequence[NDArray[np.uint8]], gradients: Sequence[NDArray[np.float32]]
) -> list[float]:
    """Write the pictures of gradients into a sheet as a site does; return the cosine of each to its gradient."""
    shown = [
        quantise_gradient(own, gradient_cosine(own, gradient)) for own, gradient in zip(stored, gradients, strict=True)
    ]
    regions, _ = write_sheet(path, path.name, shown, None)
    sheet = np.asarray(Image.open(path).convert("RGB"))
    return [
        gradient_cosine(sheet[r.y : r.y + r.height, r.x : r.x + r.width], gradient)
        for r, gradient in zip(regions, gradients, strict=True)
    ]


def _squeezenet(workspace: Workspace) -> LurkConfig:
    declared = {
        "name": "squeezenet",
        "source": "torchvision:squeezenet1_1",
        "weights": str(DEMO / "squeezenet1_1.safetensors"),
        "images": str(workspace.photos),
    }
    return from_mapping({"models": [declared], "device": "cpu", "cache_dir": "published"}, workspace.folder)


def _gradients(session: Session, layer: str) -> Iterator[NDArray[np.float32]]:
    """Gradients ``(c, h, w)`` of the means of some filters of a layer, each on a picture of its own."""
    n_filters = session.network.probe.shapes[layer][0]
    for number, index in enumerate(range(0, n_filters, n_filters // _FILTERS)):
        x = session.pictures.tensor([number])
        gradient, _ = filter_gradients(session.network.probe, x, layer, [index], session.config.gradient, None)
        yield gradient[0].numpy()
