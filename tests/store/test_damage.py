"""What is damaged, or lies in the place of a unit, counts as missing and is never read."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import pytest

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.store import Store, digest
from tests.store.units import BLOBS, KEY, OTHER, RECORD


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty", "other", "grow"])
def test_a_damaged_unit_is_warned_about_and_removed(
    store: Store, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    store.put(KEY, RECORD, BLOBS)
    path = store.file(KEY)
    data = path.read_bytes()
    path.write_bytes(
        {
            "flip": data[:-1] + bytes([data[-1] ^ 1]),
            "truncate": data[: len(data) // 2],
            "empty": b"",
            "other": b"not a unit at all",
            "grow": data + b"\x00",
        }[damage]
    )
    with caplog.at_level(logging.INFO):
        assert Store(store.root).get(KEY) is None
    assert str(path) in caplog.text
    assert not path.exists()
    store.put(KEY, RECORD, BLOBS)
    assert store.has(KEY)


def test_damage_of_any_single_byte_is_noticed(store: Store) -> None:
    store.put(KEY, {"a": 1}, {"b": b"xyz"})
    data = store.file(KEY).read_bytes()
    for at in range(len(data)):
        store.file(KEY).parent.mkdir(exist_ok=True)
        store.file(KEY).write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        assert Store(store.root).get(KEY) is None, at


@pytest.mark.parametrize("put", ["pipe", "device", "loop", "dangling link", "folder"])
def test_what_is_no_file_in_a_units_place_is_removed_and_never_read(store: Store, put: str) -> None:
    store.put(KEY, RECORD, BLOBS)
    path = store.file(KEY)
    path.unlink()
    if put == "pipe":
        os.mkfifo(path)
    elif put == "folder":
        path.mkdir()
    else:
        path.symlink_to({"device": "/dev/zero", "loop": path.name, "dangling link": "nothing"}[put])
    assert store.get(KEY) is None
    store.put(KEY, RECORD, BLOBS)
    assert store.has(KEY)
    assert Path("/dev/zero").exists()


def test_a_file_in_the_place_of_a_units_folder_is_removed(store: Store) -> None:
    store.file(KEY).parent.parent.mkdir(parents=True)
    store.file(KEY).parent.write_text("x")
    assert not store.has(KEY)
    store.put(KEY, RECORD, BLOBS)
    assert store.has(KEY)


def test_a_unit_file_under_another_key_counts_as_damaged(store: Store) -> None:
    store.put(KEY, RECORD)
    store.put(OTHER, RECORD)
    store.file(OTHER).write_bytes(store.file(KEY).read_bytes())
    assert Store(store.root).get(OTHER) is None
    assert store.has(KEY)


def test_a_pipe_in_the_place_of_a_unit_is_damage_and_nobody_waits_for_it(store: Store) -> None:
    store.put(KEY, RECORD, BLOBS)
    unit = store.get(KEY)
    assert unit is not None
    store.file(KEY).unlink()
    os.mkfifo(store.file(KEY))
    with pytest.raises(StoreError, match="lost while it was read"):
        unit.blob("grad")
    assert store.get(KEY) is None
    assert not store.file(KEY).exists()


def test_damage_after_opening_is_noticed_when_a_blob_is_read(store: Store) -> None:
    store.put(KEY, RECORD, BLOBS)
    unit = store.get(KEY)
    assert unit is not None
    data = bytearray(store.file(KEY).read_bytes())
    data[-1] ^= 1
    store.file(KEY).write_bytes(data)
    os.utime(store.file(KEY), ns=(1, 1))
    with pytest.raises(StoreError, match="lost while it was read"):
        unit.blob("grad")


def test_an_open_unit_can_be_read_after_it_was_replaced(store: Store) -> None:
    store.put(KEY, RECORD, BLOBS)
    unit = store.get(KEY)
    assert unit is not None
    Store(store.root).put(KEY, RECORD, {"first": b"shifts the rest", **BLOBS})
    assert unit.blob("grad") == BLOBS["grad"]


def test_a_unit_behind_a_file_or_a_looping_link_is_missing_and_can_be_put(tmp_path: Path) -> None:
    store, key = Store(tmp_path), digest("unit")
    store.put(key, {"a": 1})
    shard = store.file(key).parent
    for lay in (lambda: shard.write_text("x"), lambda: shard.symlink_to(shard.name)):
        shutil.rmtree(shard)
        lay()
        assert store.get(key) is None
        assert store.size(key) == 0
        store.drop(key)
        store.put(key, {"a": 1})
        assert store.has(key)
