"""Few photos are published exactly as the network saw them; many are packed, and that is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.pages.photos import Photos
from mkdocs_lurk.store import ModelReader, Store
from tests.pages.fake import Maker, picture

SIDE = 160


def published(tmp_path: Path, count: int) -> Photos:
    store = Store(tmp_path / "store")
    maker = Maker(store, "m", SIDE, (("features.0", 2, 3),), count)
    key = "photos-of-a-test"
    store.put(key, {"layers": [], "images": maker.photos(), "model": {"name": "m"}})
    reader = ModelReader(store, key)
    photos = Photos(reader, reader.record["images"])
    (tmp_path / "out").mkdir()
    photos.write(tmp_path / "out")
    return photos


@pytest.mark.parametrize(("count", "exact"), [(6, True), (258, False)])
def test_photos_are_exact_as_far_as_they_are_few(tmp_path: Path, count: int, exact: bool) -> None:
    photos = published(tmp_path, count)
    assert photos.exact is exact
    spot = photos.spots[2]
    assert spot is not None
    sheet = decode_picture((tmp_path / "out" / spot.src).read_bytes())
    found = sheet[spot.y : spot.y + spot.height, spot.x : spot.x + spot.width]
    assert np.array_equal(found, picture(SIDE, SIDE, 2)) is exact
