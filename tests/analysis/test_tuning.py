"""Tuning: filters whose tuning is known, and a slow twin that changes one picture at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.tuning import (
    MIDDLE,
    PictureChanges,
    blur,
    derangement,
    double,
    halve,
    kept_shares,
    middle,
    shuffle_patches,
    sum_responses,
    tuning_indices,
)
from mkdocs_lurk.records.response_records import CHANGES, Change

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIDE = 32


def pictures(count: int = 6, side: int = SIDE) -> Tensor:
    """Smooth random pictures, normalised."""
    coarse = torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    pixels = F.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 1)
    return (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def convolution(kernels: Tensor) -> nn.Conv2d:
    """A convolution with kernels of pixel values ``(n, 3, k, k)``, which undoes the normalisation itself."""
    layer = nn.Conv2d(3, len(kernels), kernels.shape[2], padding=kernels.shape[2] // 2, padding_mode="reflect")
    with torch.no_grad():
        layer.weight.copy_(kernels * torch.tensor(STD)[:, None, None])
        layer.bias.copy_((kernels * torch.tensor(MEAN)[:, None, None]).sum((1, 2, 3)))  # type: ignore[union-attr]
    return layer


def tuned(layer: nn.Conv2d, x: Tensor) -> dict[Change, np.ndarray]:
    """The shares that all filters keep over all pictures."""
    return kept_shares(before(layer, x), summed(layer, x))


def before(layer: nn.Conv2d, x: Tensor) -> np.ndarray:
    """The sums of the rectified maxima of the pictures as they are."""
    with torch.inference_mode():
        return layer(x).amax((2, 3)).clamp_min(0).sum(0).double().numpy()  # type: ignore[no-any-return]


def summed(layer: nn.Conv2d, x: Tensor, picked: np.ndarray | None = None, step: int = 1) -> np.ndarray:
    """The sums of the responses to the changed pictures; every ``step``-th one is enlarged."""
    probe = Probe(nn.Sequential(layer).eval(), {"0": (layer.out_channels, *x.shape[2:])})
    picked = np.ones((len(x), layer.out_channels), np.bool_) if picked is None else picked
    enlarged, columns = np.arange(len(x)) % step == 0, {"0": slice(0, layer.out_channels)}
    return sum_responses(probe, x, picked, columns, PictureChanges(MEAN, STD, seed=0), enlarged)


def changed_in_all_ways(changes: PictureChanges, x: Tensor) -> dict[Change, Tensor]:
    return {change: changes.apply(x, change) for change in changes.applicable(*x.shape[2:])}


def depends(layer: nn.Conv2d, x: Tensor, index: int) -> dict[str, float]:
    kept = {change: float(shares[index]) for change, shares in tuned(layer, x).items()}
    return {name: value for name, value in tuning_indices(kept).items() if isinstance(value, float)}


def test_a_kernel_that_weighs_the_channels_alike_has_colour_index_0_and_an_opponent_kernel_1() -> None:
    spatial = torch.rand(3, 3, generator=torch.Generator().manual_seed(1))
    grey, opponent = spatial.expand(3, 3, 3), torch.zeros(3, 3, 3)
    opponent[0], opponent[1] = spatial, -spatial
    layer = convolution(torch.stack([grey, opponent]))
    assert depends(layer, pictures(), 0)["colour"] == pytest.approx(0, abs=1e-5)
    assert depends(layer, pictures(), 1)["colour"] == pytest.approx(1, abs=1e-5)


def test_a_mirrored_and_a_turned_kernel_swap_their_responses() -> None:
    kernel = torch.rand(3, 3, 3, generator=torch.Generator().manual_seed(2)) - 0.5
    kernels = torch.stack([kernel, kernel.flip(2), torch.rot90(kernel, 1, (1, 2)), kernel.flip(1, 2)])
    layer, x = convolution(kernels), pictures()
    sums, was = summed(layer, x), before(layer, x)
    mirrored, turned, upside_down = (sums[1 + CHANGES.index(change)] for change in ("mirror", "rotate90", "rotate180"))
    assert mirrored[[0, 1]] == pytest.approx(was[[1, 0]], rel=1e-5)
    assert turned[2] == pytest.approx(was[0], rel=1e-5)
    assert upside_down[[0, 3]] == pytest.approx(was[[3, 0]], rel=1e-5)
    assert mirrored[0] != pytest.approx(was[0], rel=1e-3)


def test_what_a_filter_does_not_depend_on_has_index_0() -> None:
    x = pictures()
    everywhere_alike = depends(convolution(torch.ones(1, 3, 1, 1)), x, 0)  # the brightest place: colour apart
    for name in ("colour", "mirror", "orientation", "shape"):
        assert everywhere_alike[name] == pytest.approx(0, abs=1e-5)
    edge = torch.zeros(1, 3, 3, 3)
    edge[:, :, :, 0], edge[:, :, :, 2] = -1, 1
    stripes = torch.zeros(2, 3, SIDE, SIDE)
    stripes[:, :, :, ::8] = 1
    stripes = F.avg_pool2d(stripes, (1, 3), 1, (0, 1))
    upright = depends(convolution(edge), stripes, 0)
    assert upright["orientation"] == pytest.approx(1, abs=0.02)
    assert upright["mirror"] == pytest.approx(0, abs=1e-5)


def test_changed_pictures_against_plain_arithmetic() -> None:
    x = pictures()
    changed = changed_in_all_ways(PictureChanges(MEAN, STD, seed=3), x)
    assert list(changed) == list(CHANGES)
    assert all(own.shape == x.shape for own in changed.values())
    pixels = x * torch.tensor(STD)[:, None, None] + torch.tensor(MEAN)[:, None, None]
    grey = changed["grey"] * torch.tensor(STD)[:, None, None] + torch.tensor(MEAN)[:, None, None]
    torch.testing.assert_close(grey, pixels.mean(1, keepdim=True).expand_as(pixels))
    order = derangement(16, 3)
    assert sorted(order) == list(range(16))
    assert all(place != source for place, source in enumerate(order))
    for place, source in enumerate(order):
        (row, column), (from_row, from_column) = divmod(place, 4), divmod(source, 4)
        part = changed["shuffled"][:, :, row * 8 : row * 8 + 8, column * 8 : column * 8 + 8]
        assert torch.equal(part, x[:, :, from_row * 8 : from_row * 8 + 8, from_column * 8 : from_column * 8 + 8])


def test_sizes_and_blur_against_pillow() -> None:
    x = pictures(1)[:, :1]
    whole = Image.fromarray(x[0, 0].numpy(), "F")
    half = np.asarray(whole.resize((16, 16), Image.Resampling.BILINEAR))
    np.testing.assert_allclose(halve(x)[0, 0, 8:24, 8:24], half, atol=1e-4)
    np.testing.assert_allclose(halve(x)[0, 0, 8:24, 7], half[:, 1], atol=1e-4)  # reflected about the outermost pixel
    centre = whole.crop((8, 8, 24, 24)).resize((32, 32), Image.Resampling.BILINEAR)
    np.testing.assert_allclose(double(x)[0, 0], np.asarray(centre), atol=1e-4)
    flat = torch.full((1, 3, 20, 20), 0.7)
    torch.testing.assert_close(blur(flat), flat)
    peak = torch.zeros(1, 1, 33, 33)
    peak[..., 16, 16] = 1
    offsets = np.arange(-3, 4)
    line = np.exp(-(offsets**2) / 2) / np.exp(-(offsets**2) / 2).sum()
    np.testing.assert_allclose(blur(peak)[0, 0, 13:20, 13:20], np.outer(line, line), atol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(17, 23), (30, 30), (16, 41)])
def test_odd_sizes_keep_their_shape(height: int, width: int) -> None:
    x = torch.rand(2, 3, height, width)
    changed = changed_in_all_ways(PictureChanges(MEAN, STD, 0), x)
    assert all(own.shape == x.shape for own in changed.values())
    assert ("rotate90" in changed) == (height == width)
    torch.testing.assert_close(shuffle_patches(x, 0)[:, :, height // 4 * 4 :], x[:, :, height // 4 * 4 :])


def test_a_picture_of_one_channel_has_no_colour() -> None:
    changes = PictureChanges((0.5,), (0.5,), 0)
    assert "grey" not in changes.applicable(16, 16)
    assert tuning_indices({"blur": 0.25})["colour"] is None
    assert tuning_indices({"blur": 0.25})["detail"] == 0.75
    assert tuning_indices({"half": 3.0, "double": 0.5})["scale"] == 0.25  # what is more than before is not lost


def test_only_picked_pictures_count_and_a_filter_without_a_response_has_no_share() -> None:
    x, layer = pictures(), convolution(torch.stack([torch.ones(3, 3, 3), -torch.ones(3, 3, 3)]))
    picked = np.zeros((len(x), 2), np.bool_)
    picked[[1, 2, 4], 0] = picked[:, 1] = True
    sums = summed(layer, x, picked, step=2)
    with torch.inference_mode():
        maps = layer(x)
        mirrored, doubled = layer(x.flip(3)), layer(double(x))
    expected = float(mirrored[[1, 2, 4], 0].amax((1, 2)).sum())
    assert sums[1 + CHANGES.index("mirror"), 0] == pytest.approx(expected, rel=1e-5)
    assert sums[MIDDLE, 0] == pytest.approx(float(middle(maps)[[2, 4], 0].amax((1, 2)).sum()), rel=1e-5)
    expected = float(doubled[[2, 4], 0].amax((1, 2)).sum())
    assert sums[1 + CHANGES.index("double"), 0] == pytest.approx(expected, rel=1e-5)
    assert (sums[:, 1] == 0).all()
    assert all(np.isnan(share[1]) for share in kept_shares(before(layer, x), sums).values())
