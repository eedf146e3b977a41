"""Syntheses are published smaller than they are stored; gradients at full size, with few levels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mkdocs_lurk.images.webp import decode_picture, encode_picture
from mkdocs_lurk.pages.pictures.layer_pictures import SYNTHESIS_PX, LayerPictures, write_pictures
from mkdocs_lurk.pages.pictures.photos import Photos
from mkdocs_lurk.records.model_record import PictureReference


class Reader:
    """Pictures of noise, of the size that is asked for."""

    def picture(self, reference: PictureReference) -> bytes:
        width, height = reference["size"]
        return encode_picture(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


@pytest.fixture
def published(tmp_path: Any) -> Callable[[tuple[int, int]], LayerPictures]:
    def publish(size: tuple[int, int]) -> LayerPictures:
        def reference(name: str) -> PictureReference:
            return {"unit": "u", "blob": name, "size": list(size)}

        item = {
            "index": 0,
            "top_avg": [{"image": 0, "grad": reference("mean")}],
            "top_max": [{"image": 0, "grad": reference("maximum"), "box": [0, 0, 9, 9]}],
            "max_activ": {"picture": reference("synthesis"), "won_by": None},
        }
        reader: Any = Reader()
        photos = Photos(reader, [{"picture": reference("photo"), "width": size[0], "height": size[1]}])
        return write_pictures(reader, tmp_path, "layer", [item], photos)

    return publish


def test_large_syntheses_are_published_smaller_and_gradients_are_not(
    published: Callable[[tuple[int, int]], LayerPictures],
) -> None:
    regions = published((320, 240)).regions
    sizes = {name: regions["u", name].rect[2:] for name in ("mean", "maximum", "synthesis")}
    assert sizes == {
        "mean": [320, 240],
        "maximum": [320, 240],
        "synthesis": [SYNTHESIS_PX, SYNTHESIS_PX * 3 // 4],
    }
    assert regions["u", "synthesis"].src != regions["u", "mean"].src == regions["u", "maximum"].src


def test_a_published_gradient_has_few_levels_and_nearly_its_direction(
    published: Callable[[tuple[int, int]], LayerPictures], tmp_path: Any
) -> None:
    region = published((320, 240)).regions["u", "mean"]
    stored = decode_picture(Reader().picture({"unit": "u", "blob": "mean", "size": [320, 240]})).astype(int) - 128
    sheet = decode_picture((tmp_path / region.src).read_bytes()).astype(int) - 128
    shown = sheet[region.y : region.y + region.height, region.x : region.x + region.width]
    assert len(np.unique(shown)) < 20
    assert (shown * stored).sum() / np.sqrt((shown**2).sum() * (stored**2).sum()) >= 0.98


def test_small_pictures_are_published_as_they_are(published: Callable[[tuple[int, int]], LayerPictures]) -> None:
    regions = published((32, 28)).regions
    assert {tuple(region.rect[2:]) for region in regions.values()} == {(32, 28)}


@pytest.mark.parametrize("won_by", ["border", "flat", None])
def test_a_synthesis_that_shows_no_preference_has_no_tile(tmp_path: Any, won_by: str | None) -> None:
    reader: Any = Reader()
    reference = {"unit": "u", "blob": "synthesis", "size": [64, 64]}
    item: Any = {"index": 0, "max_activ": {"picture": reference, "won_by": won_by}}
    pictures = write_pictures(reader, tmp_path, "layer", [item], Photos(reader, []))
    assert (pictures.syntheses == [None]) == (won_by is not None)
    assert len(pictures.strip) == (won_by is None)
    assert ("u", "synthesis") in pictures.regions  # the opened filter still shows it
