"""Values of any range and normalisation become the right pixels, and the network gets what the author means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.transform import IMAGENET_MEAN, IMAGENET_STD, TransformSpec
from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.image_set import list_images
from mkdocs_lurk.images.reading import as_picture, read_picture
from mkdocs_lurk.images.sample import look_at_sample
from mkdocs_lurk.images.transforms import make_transform
from mkdocs_lurk.images.values import ValueScale, to_pixels

SIDE = 8
DATA = f"""
import numpy as np
import torch
import torchvision.transforms as T
from torch.utils.data import Dataset

def photo(index):
    return np.random.default_rng(index).integers(0, 256, ({SIDE}, {SIDE}, 3), np.uint8)

class Bytes:
    def __len__(self):
        return 20
    def __getitem__(self, index):
        return torch.arange(0, 2)[None, :, None].repeat(3, 1, {SIDE}).repeat_interleave({SIDE // 2}, 1) * 10.0 * index

class Overshot(Bytes):
    def __getitem__(self, index):
        return torch.full((3, {SIDE}, {SIDE}), 1.02 if index == 7 else 0.5)

class Normalised(Dataset):
    steps = T.Compose([T.ToTensor(), T.Normalize({IMAGENET_MEAN}, {IMAGENET_STD})])
    def __len__(self):
        return 4
    def __getitem__(self, index):
        return self.steps(photo(index)), index % 2

class Reflectances(Dataset):
    def __len__(self):
        return 4
    def __getitem__(self, index):
        generator = torch.Generator().manual_seed(index)
        return torch.rand(4, {SIDE}, {SIDE}, generator=generator) * 10_000, index % 2

class Decibels(Dataset):
    def __len__(self):
        return 4
    def __getitem__(self, index):
        generator = torch.Generator().manual_seed(index)
        return -80 * torch.rand(1, {SIDE}, {SIDE}, generator=generator)

class Standardised(Decibels):
    def __getitem__(self, index):
        return (super().__getitem__(index) + 40) / 20
"""


def spec(**values: Any) -> TransformSpec:
    usual: dict[str, Any] = {
        "resize": None, "crop": (SIDE, SIDE), "mean": IMAGENET_MEAN, "std": IMAGENET_STD, "channels": 3,
    }  # fmt: skip
    return TransformSpec(**usual | values)


def declared(root: Path, images: str, transform: TransformSpec) -> ModelConfig:
    (root / "data.py").write_text(DATA)
    return ModelConfig("net", "Net", "torchvision:resnet18", images, root, transform=transform)


def seen(root: Path, images: str, transform: TransformSpec) -> list[tuple[np.ndarray[Any, Any], torch.Tensor, Any]]:
    """Return what the page shows, what the network gets and what the author's Dataset gave, for every picture."""
    namespace: dict[str, Any] = {}
    exec(DATA, namespace)  # noqa: S102
    given = namespace[images.partition(":")[2]]()
    config = declared(root, images, transform)
    pictures = list_images(config)
    ready = make_transform(config, pictures)
    found = []
    for index in range(len(pictures)):
        pixels = ready.pixels(pictures.open(index))
        item = given[index]
        found.append((pixels, ready.tensor(pixels), item[0] if isinstance(item, tuple) else item))
    return found


def test_normalised_items_reach_the_network_as_they_are_and_are_shown_as_the_photos_that_they_were(
    tmp_path: Path,
) -> None:
    found = seen(tmp_path, "data.py:Normalised", spec(normalised=True))
    assert len(found) == 4
    for index, (pixels, x, item) in enumerate(found):
        photo = np.random.default_rng(index).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        assert pixels.dtype == np.uint8
        assert np.array_equal(pixels, photo)
        assert torch.equal(x, item)


def test_reflectances_are_mapped_from_their_range_before_mean_and_std(tmp_path: Path) -> None:
    mean, std = (0.1, 0.2, 0.3, 0.4), (0.5, 0.6, 0.7, 0.8)
    transform = spec(mean=mean, std=std, channels=4, value_range=(0.0, 10_000.0))
    for pixels, x, item in seen(tmp_path, "data.py:Reflectances", transform):
        expected = (item / 10_000 - torch.tensor(mean)[:, None, None]) / torch.tensor(std)[:, None, None]
        assert torch.allclose(x, expected, atol=1e-6)
        assert np.allclose(pixels, item.permute(1, 2, 0) / 10_000, atol=1e-6)


def test_decibels_are_black_at_the_lowest_and_white_at_the_highest(tmp_path: Path) -> None:
    transform = spec(mean=(0.5,), std=(0.25,), channels=1, value_range=(-80.0, 0.0))
    for pixels, x, item in seen(tmp_path, "data.py:Decibels", transform):
        assert np.allclose(pixels[:, :, 0], (item[0] + 80) / 80, atol=1e-6)
        assert torch.allclose(x, ((item + 80) / 80 - 0.5) / 0.25, atol=1e-5)


def test_normalised_decibels_are_shown_in_the_range_that_they_had(tmp_path: Path) -> None:
    transform = spec(mean=(0.5,), std=(0.25,), channels=1, normalised=True, value_range=(-80.0, 0.0))
    for pixels, x, item in seen(tmp_path, "data.py:Standardised", transform):
        assert torch.allclose(x, item, atol=1e-6)
        assert np.allclose(pixels[:, :, 0], (item[0] * 20 + 40 + 0) / 80, atol=1e-6)


@pytest.mark.parametrize("suffix", ["png", "tiff", "npy"])
def test_12_bits_in_a_16_bit_file_are_read_by_their_range(tmp_path: Path, suffix: str) -> None:
    values = np.arange(0, 4096, 64, np.uint16).reshape(8, 8)
    path = tmp_path / f"a.{suffix}"
    np.save(path, values) if suffix == "npy" else Image.fromarray(values).save(path)
    plain = read_picture(path, "a")
    found = read_picture(path, "a", ValueScale.of(spec(value_range=(0.0, 4095.0))))
    assert isinstance(plain, np.ndarray)
    assert isinstance(found, np.ndarray)
    assert np.allclose(plain[:, :, 0], values / 65535)
    assert np.allclose(found[:, :, 0], values / 4095)


def test_a_range_applies_to_8_bits_too() -> None:
    half = ValueScale.of(spec(value_range=(0.0, 127.5)))
    whole = ValueScale.of(spec(value_range=(0.0, 255.0)))
    values = np.array([[[0], [51], [102]]], np.uint8)
    for item in (values, Image.fromarray(values[:, :, 0])):
        assert np.asarray(as_picture(item, "a", half))[0, :, 0].tolist() == [0, 102, 204]
        same = np.asarray(as_picture(item, "a", whole))
        assert same.dtype == np.uint8
        assert np.array_equal(same, values)


REFUSED = {
    "reflectances": (
        np.array([[[0.0], [9812.0]]]), None,
        "a has values from 0 to 9812, which are neither 0..1 nor 8-bit whole numbers; "
        "say what they are by transform: {value_range: [0, 10000]}, for example; or by "
        "transform: {normalised: true, mean, std}, with the mean and std that they were normalised with",
    ),
    "bytes as floats": (
        np.array([[[0.0], [255.0]]]), None,
        "a has values from 0 to 255, which are neither 0..1 nor 8-bit whole numbers; "
        "say what they are by transform: {value_range: [0, 255]}, for example; or by "
        "transform: {normalised: true, mean, std}, with the mean and std that they were normalised with",
    ),
    "normalised values": (
        np.array([[[-2.1], [2.64]]]), None,
        "a has values from -2.1 to 2.64, which are neither 0..1 nor 8-bit whole numbers; "
        "say what they are by transform: {normalised: true, mean, std}, with the mean and std "
        "that they were normalised with; or by transform: {value_range: [-3, 3]}, for example",
    ),
    "decibels": (
        np.array([[[-80.0], [0.0]]]), None,
        "a has values from -80 to 0, which are neither 0..1 nor 8-bit whole numbers; "
        "say what they are by transform: {value_range: [-80, 0]}, for example; or by "
        "transform: {normalised: true, mean, std}, with the mean and std that they were normalised with",
    ),
    "8 bits that are said to be normalised": (
        np.zeros((2, 2, 3), np.uint8), spec(normalised=True),
        "a has whole numbers of 8 bits, which are not normalised; leave out 'normalised' in the model's transform",
    ),
    "other channels": (
        np.zeros((2, 2, 4)), spec(normalised=True),
        "a has 4 channels where the transform's mean and std have 3; give one value per channel",
    ),
    "not a number": (
        np.full((2, 2, 3), np.nan), spec(normalised=True),
        "a has values that are not finite; replace them before the pictures are shown",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_values_that_cannot_be_meant_are_refused_with_their_range_and_the_key(name: str) -> None:
    values, transform, message = REFUSED[name]
    with pytest.raises(ImageError) as caught:
        to_pixels(values, "a", ValueScale.of(transform))
    assert str(caught.value) == message


def test_a_range_that_an_8_bit_picture_cannot_have_is_refused() -> None:
    scale = ValueScale.of(spec(value_range=(0.0, 4095.0)))
    with pytest.raises(
        ImageError, match=r"^a was read with 8 bits per channel, 0 to 255, where value_range ends at 40"
    ):
        as_picture(Image.new("RGB", (2, 2)), "a", scale)
    with pytest.raises(ImageError, match=r"^a has mode RGBA, whose values have no range; with value_range, give grey"):
        as_picture(Image.new("RGBA", (2, 2)), "a", scale)


def test_another_meaning_of_the_values_lists_a_dataset_anew_and_is_another_transform(tmp_path: Path) -> None:
    def digests(transform: TransformSpec) -> list[str]:
        images = list_images(declared(tmp_path, "data.py:Decibels", transform), tmp_path / "pictures.json")
        return [entry.digest for entry in images.entries]

    grey: dict[str, Any] = {"mean": (0.5,), "std": (0.25,), "channels": 1}
    with pytest.raises(
        ImageError,
        match=r"models\[0\]\.images: 4 of 4 pictures that were read have values from -[0-9.]+ to -[0-9.]+, which",
    ):
        digests(spec(**grey))
    one, two = spec(**grey, value_range=(-80.0, 0.0)), spec(**grey, value_range=(-90.0, 0.0))
    assert digests(one) != digests(two)
    transforms = [make_transform(declared(tmp_path, "photos", transform)) for transform in (spec(**grey), one, two)]
    assert len({str(transform.identity) for transform in transforms}) == 3


def refused(root: Path, images: str, transform: TransformSpec) -> str:
    """Return why a set of pictures is refused when it is listed or looked at."""
    config = declared(root, images, transform)
    with pytest.raises(ImageError) as caught:
        look_at_sample(found := list_images(config), make_transform(config, found))
    return str(caught.value)


def test_a_dataset_of_0_to_255_is_refused_with_the_range_of_all_its_items_though_some_look_like_0_to_1(
    tmp_path: Path,
) -> None:
    message = refused(tmp_path, "data.py:Bytes", spec())
    assert message.startswith(
        "plugins.lurk.models[0].images: 19 of 20 pictures that were read have values from 0 to 190, which are neither "
    )
    assert "transform: {value_range: [0, 255]}" in message
    shown = seen(tmp_path, "data.py:Bytes", spec(value_range=(0.0, 255.0)))
    assert [int(pixels.max()) for pixels, _, _ in shown] == [10 * index for index in range(20)]


def test_files_of_0_to_255_are_refused_with_the_range_of_the_sample(tmp_path: Path) -> None:
    (tmp_path / "arrays").mkdir()
    for index in range(10):
        np.save(tmp_path / "arrays" / f"{index}.npy", np.full((SIDE, SIDE, 3), 20 * index, np.float32))
    message = refused(tmp_path, "arrays", spec())
    assert message.startswith("images: 9 of 10 pictures that were read have values from 20 to 180, which are neither")


def test_a_few_items_beyond_the_range_are_left_out(tmp_path: Path) -> None:
    images = list_images(declared(tmp_path, "data.py:Overshot", spec()))
    assert [entry.is_unreadable for entry in images.entries] == [index == 7 for index in range(20)]
