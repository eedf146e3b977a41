from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision.transforms as reference
from PIL import Image
from torchvision.transforms import InterpolationMode

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.transform import TransformSpec
from mkdocs_lurk.errors import ConfigError, ImageError, ModelError
from mkdocs_lurk.images.framing import convert_channels, resize_and_crop
from mkdocs_lurk.images.image_set import ImageSet, list_images
from mkdocs_lurk.images.transforms import make_transform

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SIZES = [(300, 400), (401, 299), (224, 224), (256, 1000), (100, 90), (257, 256), (31, 500), (255, 255), (223, 225)]


def noise(height: int, width: int, channels: int = 3) -> np.ndarray[Any, Any]:
    return np.random.default_rng(height * width).integers(0, 256, (height, width, channels), np.uint8)


def declared(root: Path, transform: Any, source: str = "torchvision:resnet18", **values: Any) -> ModelConfig:
    return ModelConfig("net", "Net", source, "photos", root, transform=transform, **values)


def photos(root: Path, *pictures: Image.Image) -> ImageSet:
    (root / "photos").mkdir()
    for number, picture in enumerate(pictures):
        picture.save(root / "photos" / f"{number}.png")
    return list_images(declared(root, "imagenet"))


@pytest.mark.parametrize("size", SIZES)
def test_the_imagenet_transform_is_torchvisions_bit_for_bit(tmp_path: Path, size: tuple[int, int]) -> None:
    picture = Image.fromarray(noise(*size))
    transform = make_transform(declared(tmp_path, "imagenet"))
    expected = reference.Compose([
        reference.Resize(256), reference.CenterCrop(224), reference.ToTensor(), reference.Normalize(MEAN, STD)
    ])(picture)  # fmt: skip
    pixels = transform.pixels(picture)
    assert pixels.shape == (transform.height, transform.width, transform.channels) == (224, 224, 3)
    assert pixels.dtype == np.uint8
    assert torch.equal(transform.tensor(pixels), expected)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("spec", [
    TransformSpec(28, (20, 28), (0.5,), (0.25,), 1), TransformSpec(None, (240, 200), (0.0,), (1.0,), 1),
    TransformSpec(64, (64, 64), MEAN, STD, 3), TransformSpec(64, (96, 80), MEAN, STD, 3),
])  # fmt: skip
def test_a_transform_by_numbers_is_torchvisions_bit_for_bit(
    tmp_path: Path, size: tuple[int, int], spec: TransformSpec
) -> None:
    picture = Image.fromarray(noise(*size)).convert("L" if spec.channels == 1 else "RGB")
    steps = [reference.Resize(spec.resize)] if spec.resize else []
    assert spec.crop is not None
    expected = reference.Compose([
        *steps, reference.CenterCrop(spec.crop), reference.ToTensor(), reference.Normalize(spec.mean, spec.std)
    ])(picture)  # fmt: skip
    transform = make_transform(declared(tmp_path, spec))
    assert (transform.height, transform.width) == spec.crop
    assert torch.equal(transform.tensor(transform.pixels(picture)), expected)


@pytest.mark.parametrize(
    "name", ["resnet50", "efficientnet_b0", "efficientnet_b3", "inception_v3", "vit_b_16", "regnet_x_8gf"]
)
def test_the_weights_transform_is_torchvisions_own(tmp_path: Path, name: str) -> None:
    import torchvision.models as zoo

    picture = Image.fromarray(noise(300, 420))
    transform = make_transform(declared(tmp_path, "weights", f"torchvision:{name}"))
    preset = zoo.get_model_weights(name).DEFAULT.transforms()
    assert torch.equal(transform.tensor(transform.pixels(picture)), preset(picture))


def test_named_weights_have_their_own_transform(tmp_path: Path) -> None:
    old = make_transform(declared(tmp_path, "weights", "torchvision:resnet50", weights="IMAGENET1K_V1"))
    new = make_transform(declared(tmp_path, "weights", "torchvision:resnet50", weights="DEFAULT"))
    file = make_transform(declared(tmp_path, "weights", "torchvision:resnet50", weights="w.safetensors"))
    assert (old.resize, new.resize, file.resize) == (256, 232, 232)  # type: ignore[attr-defined]
    with pytest.raises(ModelError, match="has no weights 'IMAGENET1K_V3'"):
        make_transform(declared(tmp_path, "weights", "torchvision:resnet50", weights="IMAGENET1K_V3"))
    with pytest.raises(ConfigError, match=r"^plugins\.lurk\.models\[0\]\.transform: torchvision has no network 'x'"):
        make_transform(declared(tmp_path, "weights", "torchvision:x"))
    with pytest.raises(ConfigError, match="have no transform for classification"):
        make_transform(declared(tmp_path, "weights", "torchvision:fcn_resnet50"))


@pytest.mark.parametrize("method", ["BILINEAR", "BICUBIC", "LANCZOS", "NEAREST"])
def test_every_interpolation_of_the_resize_is_torchvisions(method: str) -> None:
    picture = Image.fromarray(noise(90, 120))
    expected = reference.Resize(50, InterpolationMode[method])(picture)
    resized = resize_and_crop(convert_channels(picture, 3), 50, None, Image.Resampling[method])
    assert np.array_equal(resized, np.asarray(expected))


def test_a_picture_of_many_channels_is_resized_channel_by_channel(tmp_path: Path) -> None:
    cube = noise(60, 80, 5)
    transform = make_transform(declared(tmp_path, TransformSpec(32, (32, 32), (0.0,) * 5, (1.0,) * 5, 5)))
    pixels = transform.pixels(cube)
    assert pixels.shape == (32, 32, 5)
    one = resize_and_crop(Image.fromarray(cube[:, :, 3]), 32, (32, 32))
    assert np.array_equal(pixels[:, :, 3:4], one)


def test_values_finer_than_8_bits_are_kept(tmp_path: Path) -> None:
    fine = (np.arange(64, dtype=np.float32).reshape(8, 8, 1) / 640).repeat(3, axis=2)
    transform = make_transform(declared(tmp_path, TransformSpec(None, (8, 8), (0.5,) * 3, (0.5,) * 3, 3)))
    pixels = transform.pixels(fine)
    assert pixels.dtype == np.float32
    assert torch.allclose(transform.tensor(pixels), (torch.from_numpy(fine).permute(2, 0, 1) - 0.5) / 0.5)


def test_without_a_crop_the_first_picture_determines_the_size(tmp_path: Path) -> None:
    images = photos(
        tmp_path, *(Image.fromarray(noise(20, 30)), Image.fromarray(noise(30, 20)), Image.fromarray(noise(40, 60)))
    )
    transform = make_transform(declared(tmp_path, TransformSpec(10, None, MEAN, STD, 3)), images)
    assert (transform.height, transform.width) == (10, 15)
    assert transform.pixels(images.open(2)).shape == (10, 15, 3)
    with pytest.raises(ImageError) as caught:
        transform.pixels(images.open(1))
    assert str(caught.value) == "is 15x10 px where the first picture is 10x15; give 'crop' in the model's transform"


def test_without_a_crop_and_a_picture_the_size_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no picture can be read, so that the size of the input is not known"):
        make_transform(declared(tmp_path, TransformSpec(None, None, MEAN, STD, 3)))


OWN = """
import torch
import torchvision.transforms as T

def composed():
    last = T.Normalize([0.5, 0.4, 0.3], [0.2, 0.3, 0.4])
    return T.Compose([T.Resize(32), T.CenterCrop((32, 24)), T.ToTensor(), last])

def hidden():
    inner = composed()
    return lambda picture: inner(picture)

class Carrying:
    mean = (0.5,)
    std = (0.5,)
    def __call__(self, picture):
        return T.functional.to_tensor(picture.convert("L").resize((16, 16))) / 0.5 - 1

def wrong():
    return lambda picture: picture

def raising():
    return lambda picture: 1 / 0

def infinite():
    return lambda picture: torch.full((3, 4, 4), float("inf"))

def nothing():
    return None
"""


@pytest.fixture
def own(tmp_path: Path) -> ImageSet:
    (tmp_path / "own.py").write_text(OWN)
    return photos(tmp_path, *(Image.fromarray(noise(40 + 10 * n, 60)) for n in range(3)))


def test_the_normalisation_of_an_own_transform_is_undone(tmp_path: Path, own: ImageSet) -> None:
    transform = make_transform(declared(tmp_path, "own.py:composed"), own)
    assert (transform.channels, transform.height, transform.width) == (3, 32, 24)
    assert (transform.mean, transform.std, transform.notes) == ((0.5, 0.4, 0.3), (0.2, 0.3, 0.4), ())
    pixels = transform.pixels(own.open(1))
    expected = reference.Compose([reference.Resize(32), reference.CenterCrop((32, 24))])(own.open(1))
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, np.asarray(expected))
    exact = reference.Compose([reference.ToTensor(), reference.Normalize(transform.mean, transform.std)])(expected)
    assert torch.equal(transform.tensor(pixels), exact)


def test_an_own_transform_may_have_its_mean_and_std_as_attributes(tmp_path: Path, own: ImageSet) -> None:
    transform = make_transform(declared(tmp_path, "own.py:Carrying"), own)
    assert (transform.channels, transform.mean, transform.std) == (1, (0.5,), (0.5,))
    assert transform.pixels(own.open(0)).dtype == np.uint8


def test_an_own_transform_without_mean_and_std_is_shown_by_its_range_and_says_so(tmp_path: Path, own: ImageSet) -> None:
    known = make_transform(declared(tmp_path, "own.py:composed"), own)
    transform = make_transform(declared(tmp_path, "own.py:hidden"), own)
    assert "does not tell its mean and std" in transform.notes[0]
    for image in range(3):
        pixels = transform.pixels(own.open(image))
        assert pixels.min() >= 0
        assert pixels.max() <= 1
        expected = known.tensor(known.pixels(own.open(image)))
        assert torch.allclose(transform.tensor(pixels), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "wrong",
            "transform: the first picture comes out of own.py:wrong as Image; "
            "a transform must give a float tensor (c, h, w)",
        ),
        (
            "raising",
            "transform: the first picture makes the transform own.py:raising raise ZeroDivisionError; "
            "mend the transform, or replace the picture",
        ),
        (
            "infinite",
            "transform: the first picture comes out of own.py:infinite with values that are not finite; "
            "mend the transform, or replace the picture",
        ),
        ("nothing", "transform: own.py:nothing gave a NoneType; it must return a function"),
        ("compsed", "transform: own.py has no 'compsed'; did you mean 'composed'?"),
    ],
)
def test_the_error_for_a_failing_own_transform_is_one_line(
    tmp_path: Path, own: ImageSet, name: str, message: str
) -> None:
    with pytest.raises(ImageError) as caught:
        make_transform(declared(tmp_path, f"own.py:{name}"), own)
    assert str(caught.value) == message
