"""Sheets hold every picture once, apart from the others, in the same place each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mkdocs_lurk.pages.pictures.sheets import (
    SheetRegion,
    is_pixel_art,
    pack_rectangles,
    thumbnail,
    write_sheet,
)

sizes = st.lists(st.tuples(st.integers(1, 80), st.integers(1, 80)), max_size=30)


@given(sizes, st.sampled_from([1, 16]))
def test_packed_rectangles_lie_inside_and_apart(rectangles: list[tuple[int, int]], step: int) -> None:
    corners, (width, height) = pack_rectangles(rectangles, step)
    taken = np.zeros((height, width), bool)
    for (w, h), (x, y) in zip(rectangles, corners, strict=True):
        assert x % step == y % step == 0
        assert x + w <= width
        assert y + h <= height
        assert not taken[y : y + h, x : x + w].any()
        taken[y : y + h, x : x + w] = True


def test_a_hundred_equal_squares_are_packed_into_a_square() -> None:
    _, size = pack_rectangles([(16, 16)] * 100, 16)
    assert size == (160, 160)


def noise(height: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def test_pixel_art_is_packed_without_loss(tmp_path: Path) -> None:
    pictures = [noise(3 + i, 5 + 2 * i, i) for i in range(12)]
    regions, size = write_sheet(tmp_path / "a.webp", "a.webp", pictures, 50)
    with Image.open(tmp_path / "a.webp") as sheet:
        assert sheet.size == size
        found = np.asarray(sheet.convert("RGB"))
    for region, expected in zip(regions, pictures, strict=True):
        part = found[region.y : region.y + region.height, region.x : region.x + region.width]
        assert np.array_equal(part, expected)


def test_larger_pictures_do_not_bleed_into_each_other(tmp_path: Path) -> None:
    flat = [np.full((50, 70, 3), value, np.uint8) for value in (0, 255, 0, 255, 128)]
    regions, _ = write_sheet(tmp_path / "a.webp", "a.webp", flat, 50)
    with Image.open(tmp_path / "a.webp") as sheet:
        found = np.asarray(sheet.convert("RGB")).astype(int)
    for region, expected in zip(regions, flat, strict=True):
        part = found[region.y : region.y + region.height, region.x : region.x + region.width]
        assert np.abs(part - int(expected[0, 0, 0])).max() <= 3


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.webp", "b.webp"):
        write_sheet(tmp_path / name, name, [noise(60, 60, 1), noise(60, 90, 2)], 70)
    assert (tmp_path / "a.webp").read_bytes() == (tmp_path / "b.webp").read_bytes()


def test_a_thumbnail_shrinks_and_never_grows() -> None:
    assert thumbnail(noise(300, 150, 0), 96).shape == (96, 48, 3)
    small = noise(3, 5, 0)
    assert thumbnail(small, 96) is small


def test_a_crop_of_a_region_is_a_region() -> None:
    assert SheetRegion("a", 10, 20, 30, 40).crop(1, 2, 3, 4) == SheetRegion("a", 12, 21, 4, 3)


def test_fashion_is_pixel_art_and_photographs_are_not() -> None:
    assert is_pixel_art(28, 28)
    assert not is_pixel_art(224, 30)
