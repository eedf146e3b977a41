"""Several processes at one store."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

from mkdocs_lurk.store import Store
from tests.store.units import BLOBS, KEY, RECORD, files


def put_often(root: Path, seconds: float) -> None:
    store = Store(root)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        store.put(KEY, RECORD, BLOBS)


def test_two_writers_and_a_reader_can_share_a_store(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    store.put(KEY, RECORD, BLOBS)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=put_often, args=(store.root, 0.5)) for _ in range(2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        unit = store.get(KEY)
        assert unit is not None
        assert unit.blob("photo") == BLOBS["photo"]
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert files(store) == [f"{KEY}.unit"]
