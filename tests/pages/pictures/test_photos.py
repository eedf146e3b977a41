"""Few photos are published exactly as the network received them; many are packed, and marked as not exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.pictures.photos import Photos
from mkdocs_lurk.store import Store
from tests.pages.fake import fake_model
from tests.pages.patterns import pattern

SIDE = 128


def published(tmp_path: Path, count: int) -> Photos:
    store = Store(tmp_path / "store")
    reader = DisclosedReader(store, fake_model(store, "m", SIDE, (("features.0", 2, 3), ("features.1", 2, 3)), count))
    photos = Photos(reader, reader.record["images"])
    (tmp_path / "out").mkdir()
    photos.write(tmp_path / "out")
    return photos


@pytest.mark.parametrize(("count", "exact"), [(6, True), (258, False)])
def test_photos_are_published_without_loss_while_they_are_few(tmp_path: Path, count: int, exact: bool) -> None:
    photos = published(tmp_path, count)
    assert photos.exact is exact
    region = photos.regions[2]
    assert region is not None
    sheet = decode_picture((tmp_path / "out" / region.src).read_bytes())
    found = sheet[region.y : region.y + region.height, region.x : region.x + region.width]
    assert np.array_equal(found, pattern(SIDE, SIDE, 2)) is exact
