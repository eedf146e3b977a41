"""Few photos are published exactly as the network received them; many are packed, and marked as not exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.pages.model_records import read_model
from mkdocs_lurk.pages.pictures.photos import Photos
from mkdocs_lurk.store import ModelReader, Store
from tests.pages.fake import FakeAnalysis
from tests.pages.fake_filter import FakeNetwork
from tests.pages.patterns import encoded_pattern, pattern

SIDE = 160


def published(tmp_path: Path, count: int) -> Photos:
    store = Store(tmp_path / "store")
    analysis = FakeAnalysis(store, "m", FakeNetwork(SIDE, (("features.0", 2, 3),), count, encoded_pattern))
    key = "photos-of-a-test"
    store.put(key, {"layers": [], "images": analysis.store_photos(), "model": {"name": "m"}})
    reader = ModelReader(store, key)
    photos = Photos(reader, read_model(reader)["images"])
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
