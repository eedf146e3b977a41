from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from mkdocs_lurk.errors import ImageError, ShapeError
from mkdocs_lurk.images.webp import (
    decode_picture,
    encode_picture,
    gradient_cosine,
    gradient_pixels,
    pack_pixels,
    to_rgb,
    unpack_pixels,
)

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 5))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([np.uint8, np.float32]).flatmap(lambda kind: arrays.arrays(kind, SHAPES)))
def test_packed_pixels_come_back_exactly(pixels: np.ndarray[Any, Any]) -> None:
    found = unpack_pixels(pack_pixels(pixels))
    assert found.dtype == pixels.dtype
    assert found.shape == pixels.shape
    assert found.tobytes() == pixels.tobytes()


def test_packed_photos_are_small() -> None:
    y, x = np.mgrid[:224, :224]
    photo = np.stack([y, x, (x + y) // 2], axis=2).astype(np.uint8)
    assert len(pack_pixels(photo)) < photo.nbytes / 20
    assert len(pack_pixels(photo.astype(np.float32) / 255)) < photo.nbytes * 3


@pytest.mark.parametrize("data", [b"", b"LPX1", b"something else that is long enough", b"LPX1" + bytes(30)])
def test_bytes_that_are_no_packed_pixels_are_refused(data: bytes) -> None:
    with pytest.raises(ImageError, match="bytes of the cache are no"):
        unpack_pixels(data)


def test_pixels_of_another_type_or_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"pixels are float64 \(2, 2, 3\); give"):
        pack_pixels(np.zeros((2, 2, 3)))
    with pytest.raises(ShapeError, match=r"pixels have the shape \(2, 2\); give"):
        to_rgb(np.zeros((2, 2), np.uint8))


def test_a_lossless_picture_is_webp_with_the_very_same_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    data = encode_picture(pixels)
    assert np.array_equal(decode_picture(data), pixels)
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (30, 20))


def test_a_lossy_picture_is_smaller_and_near() -> None:
    y, x = np.mgrid[:64, :64]
    pixels = (128 + 100 * np.sin(x / 5) * np.cos(y / 7)).astype(np.uint8)[:, :, None]
    data = encode_picture(pixels, quality=80)
    assert len(data) < len(encode_picture(pixels))
    assert np.abs(decode_picture(data).astype(int) - pixels).mean() < 4


def test_other_numbers_of_channels_become_grey_or_the_first_three() -> None:
    cube = np.arange(2 * 2 * 5, dtype=np.uint8).reshape(2, 2, 5)
    assert np.array_equal(to_rgb(cube), cube[:, :, :3])
    for channels in (1, 2):
        assert np.array_equal(to_rgb(cube[:, :, :channels]), np.repeat(cube[:, :, :1], 3, axis=2))


def test_float_pixels_are_clipped_and_rounded() -> None:
    fractions = np.array([[[-0.5], [0.0], [0.499], [1.0], [1.5]]], np.float32)
    assert to_rgb(fractions)[0, :, 0].tolist() == [0, 0, 127, 255, 255]


@pytest.mark.parametrize("data", [b"nothing", b"RIFF....WEBP"])
def test_broken_bytes_are_no_picture(data: bytes) -> None:
    with pytest.raises(ImageError, match="bytes of the cache are no picture"):
        decode_picture(data)


def test_a_gradient_picture_is_mid_grey_at_zero_and_symmetric() -> None:
    gradient = np.array([[[-2.0, 0.0, 1.0]], [[2.0, 0.0, -1.0]], [[0.0, 0.5, 0.0]]])
    assert gradient_pixels(gradient).tolist() == [[[1, 255, 128], [128, 128, 160], [192, 64, 128]]]


def test_a_gradient_without_finite_values_is_grey() -> None:
    for value in (0.0, np.nan, np.inf):
        assert (gradient_pixels(np.full((3, 2, 2), value)) == 128).all()


@settings(max_examples=40, deadline=None)
@given(arrays.arrays(np.float32, (1, 4, 4), elements=st.floats(-(2.0**60), 2.0**60, width=32)))
def test_the_opposite_gradient_is_the_opposite_picture(gradient: np.ndarray[Any, Any]) -> None:
    one, other = gradient_pixels(gradient).astype(int), gradient_pixels(-gradient).astype(int)
    assert np.array_equal(one - 128, 128 - other)


@pytest.mark.parametrize("scale", [1.0, 1e-30, 1e30])
def test_the_cosine_of_a_gradient_and_its_picture_is_over_all_channels(scale: float) -> None:
    gradient = np.random.default_rng(0).normal(size=(3, 7, 5)) * scale
    pixels = gradient_pixels(gradient)
    shown = np.array([[[float(pixels[y, x, c]) - 128 for x in range(5)] for y in range(7)] for c in range(3)])
    unit = gradient / scale
    expected = (shown * unit).sum() / np.sqrt((shown**2).sum() * (unit**2).sum())
    assert gradient_cosine(pixels, gradient) == pytest.approx(expected, rel=1e-12)


def test_the_cosine_of_an_empty_gradient_is_one_and_of_a_broken_one_zero() -> None:
    grey = np.full((2, 2, 3), 128, np.uint8)
    assert gradient_cosine(grey, np.zeros((3, 2, 2))) == 1
    assert gradient_cosine(grey, np.full((3, 2, 2), np.nan)) == 0
