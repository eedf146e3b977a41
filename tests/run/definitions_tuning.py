"""What filters depend on, computed by brute force as the sentences say: on one changed picture after the other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mkdocs_lurk.analysis.tuning import derangement
from tests.run.definitions_network import outputs
from tests.run.definitions_results import Results, close, defined

Change = Callable[[Tensor], Tensor]
"""Of one picture ``(3, h, w)``, normalised."""


def _lost(results: Results, change: Change, in_middle: bool = False) -> list[float]:
    """The lost share of each filter that some picture excites, in the order of ``_tuned``."""
    with torch.no_grad():
        changed = outputs(results.module, torch.stack([change(picture) for picture in results.x]))
    lost = []
    for layer, tuning, index, maps in _tuned(results):
        height, width = maps.shape[1:]
        rows, columns = slice(height // 4, height - height // 4), slice(width // 4, width - width // 4)
        strongest = sorted(range(len(maps)), key=lambda image: -float(maps[image].max()))[: tuning["n"]]
        before = maps[:, rows, columns] if in_middle else maps
        was = sum(max(0.0, float(before[image].max())) for image in strongest)
        left = sum(max(0.0, float(changed[layer][image, index].max())) for image in strongest)
        lost.append(1 - min(1.0, left / was))
    return lost


def _tuned(results: Results) -> list[tuple[str, dict, int, Tensor]]:  # type: ignore[type-arg]
    found = [(layer, record["tuning"], record["index"], maps) for layer, record, maps in results.filters()]
    return [one for one in found if "skipped" not in one[1]]


def _check(results: Results, name: str, lost: list[float]) -> None:
    stored = [tuning["depends"][name] for _, tuning, _, _ in _tuned(results)]
    np.testing.assert_allclose(stored, lost, atol=2e-3)
    assert any(value > 0.05 for value in lost)


@defined(
    "tuning",
    "The share of the response that is lost when the {n} pictures that excite the filter most are changed. The "
    "response to a picture is the highest at any place, or zero where that is below; what is more than before counts "
    "as nothing lost.",
)
def tuning(results: Results) -> None:
    for _, own, _, _ in _tuned(results):
        assert own["n"] == 6  # a quarter of 24
        for property_, change in (("colour", "grey"), ("detail", "blur"), ("mirror", "mirror"), ("shape", "shuffled")):
            assert own["depends"][property_] == close(max(0.0, 1 - own["kept"][change]), abs=1e-4)


@defined("tuning_colour", "The share of the response that is lost when every channel becomes the mean of the three.")
def colour(results: Results) -> None:
    _check(results, "colour", _lost(results, lambda picture: picture.mean(0).expand(3, -1, -1)))


@defined(
    "tuning_detail",
    "The share of the response that is lost when the pictures are blurred by a Gaussian whose deviation is 1/112 of "
    "their short side, or 1 pixel where that is less.",
)
def detail(results: Results) -> None:
    kernel = np.exp(-(np.arange(-3, 4) ** 2) / 2)

    def blurred(picture: Tensor) -> Tensor:
        padded = np.pad(picture.numpy(), ((0, 0), (3, 3), (3, 3)), "reflect")
        rows = np.apply_along_axis(np.convolve, 1, padded, kernel / kernel.sum(), "valid")
        return torch.from_numpy(np.apply_along_axis(np.convolve, 2, rows, kernel / kernel.sum(), "valid")).float()

    _check(results, "detail", _lost(results, blurred))


@defined("tuning_mirror", "The share of the response that is lost when the pictures are mirrored, left to right.")
def mirror(results: Results) -> None:
    _check(results, "mirror", _lost(results, lambda picture: picture[:, :, torch.arange(15, -1, -1)]))


@defined("tuning_orientation", "The share of the response that is lost when the pictures are turned by 90 degrees.")
def orientation(results: Results) -> None:
    _check(results, "orientation", _lost(results, lambda picture: picture.transpose(1, 2).flip(1)))


@defined(
    "tuning_scale",
    "The mean of two shares of the response: what is lost when the pictures are shown at half the size, reflected all "
    "around, and what when their middle is shown at twice the size, of the response in the middle.",
)
def scale(results: Results) -> None:
    def resized(channel: Tensor, side: int) -> np.ndarray:  # type: ignore[type-arg]
        return np.asarray(Image.fromarray(channel.numpy(), "F").resize((side, side), Image.Resampling.BILINEAR))

    def half(picture: Tensor) -> Tensor:
        small = np.stack([resized(channel, 8) for channel in picture])
        return torch.from_numpy(np.pad(small, ((0, 0), (4, 4), (4, 4)), "reflect"))

    def double(picture: Tensor) -> Tensor:
        return torch.from_numpy(np.stack([resized(channel, 16) for channel in picture[:, 4:12, 4:12].contiguous()]))

    halves, doubles = _lost(results, half), _lost(results, double, in_middle=True)
    _check(results, "scale", [(one + other) / 2 for one, other in zip(halves, doubles, strict=True)])


@defined("tuning_shape", "The share of the response that is lost when 4 x 4 patches of the pictures change places.")
def shape(results: Results) -> None:
    def shuffled(picture: Tensor) -> Tensor:
        patches = [
            picture[:, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4] for row in range(4) for column in range(4)
        ]
        moved = [patches[source] for source in derangement(16, seed=0)]
        return torch.cat([torch.cat(moved[4 * row : 4 * row + 4], 2) for row in range(4)], 1)

    _check(results, "shape", _lost(results, shuffled))
