"""The store keeps what was put, notices what was damaged, and leaves nothing half-written."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import threading
import time
from pathlib import Path

import pytest

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.files import TEMPORARY_PREFIX
from mkdocs_lurk.store import Store, digest
from tests.store.units import BLOBS, KEY, OTHER, RECORD, files


def test_a_unit_comes_back_as_it_was_put(store: Store) -> None:
    store.put(KEY, RECORD, BLOBS)
    unit = Store(store.root).get(KEY)
    assert unit is not None
    assert unit.record == RECORD
    assert unit.names == ("photo", "empty", "grad")
    assert {name: unit.blob(name) for name in unit.names} == BLOBS
    assert store.has(KEY)
    assert store.keys() == (KEY,)
    assert store.size(KEY) == store.file(KEY).stat().st_size


def test_the_same_unit_has_the_same_bytes(store: Store, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    for each in (store, other):
        each.put(KEY, RECORD, BLOBS)
    assert store.file(KEY).read_bytes() == other.file(KEY).read_bytes()


def test_a_unit_that_was_never_put_is_missing(store: Store) -> None:
    assert store.get(KEY) is None
    assert not store.has(KEY)
    assert store.keys() == ()
    assert store.size(KEY) == 0
    store.drop(KEY)


def test_dropping_a_unit_removes_its_file(store: Store) -> None:
    store.put(KEY, RECORD, BLOBS)
    store.drop(KEY)
    assert files(store) == []


def test_an_unknown_blob_is_an_error(store: Store) -> None:
    store.put(KEY, RECORD)
    unit = store.get(KEY)
    assert unit is not None
    with pytest.raises(StoreError, match="holds no 'photo'"):
        unit.blob("photo")


def test_a_blob_is_read_without_the_rest(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(KEY, RECORD, {"large": bytes(4_000_000), "small": b"abc"})
    unit = store.get(KEY)
    assert unit is not None
    read: list[int] = []
    opened = Path.open

    def counting(path: Path, *args: object, **kwargs: object) -> object:
        file = opened(path, *args, **kwargs)  # type: ignore[arg-type]

        class Counting:
            def __enter__(self) -> Counting:
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

            def fileno(self) -> int:
                return file.fileno()

            def seek(self, at: int) -> None:
                file.seek(at)

            def read(self, size: int) -> bytes:
                read.append(size)
                return file.read(size)  # type: ignore[no-any-return]

        return Counting()

    monkeypatch.setattr(Path, "open", counting)
    assert unit.blob("small") == b"abc"
    assert sum(read) == 3


def test_the_digest_of_a_file_is_checked_once_per_version(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(KEY, RECORD, BLOBS)
    calls = []
    file_digest = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *args: calls.append(args) or file_digest(*args))
    for _ in range(3):
        assert store.get(KEY) is not None
    assert len(calls) == 1
    store.put(KEY, RECORD, {**BLOBS, "more": b"x"})
    assert store.get(KEY) is not None
    assert len(calls) == 2


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(OTHER, RECORD)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"no space is left") as caught:
        store.put(KEY, RECORD, BLOBS)
    assert "\n" not in str(caught.value)
    assert files(store) == [f"{OTHER}.unit"]


def test_a_store_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(StoreError, match="cannot write"):
        Store(tmp_path / "cache").put(KEY, RECORD)
    with pytest.raises(StoreError, match="cannot lock"), Store(tmp_path / "cache").lock("net"):
        pass


@pytest.mark.parametrize("record", [{"score": float("nan")}, {"path": Path()}])
def test_a_record_that_cannot_become_json_is_refused(store: Store, record: dict[str, object]) -> None:
    with pytest.raises(StoreError, match="cannot be stored as JSON"):
        store.put(KEY, record)
    assert files(store) == []


@pytest.mark.parametrize("key", ["", "short", "../../../etc/passwd", "a/b/c/d/e/f", "with space in it"])
def test_a_key_cannot_leave_the_store(store: Store, key: str) -> None:
    with pytest.raises(StoreError, match="cannot be a key"):
        store.put(key, RECORD)


def test_an_alias_leads_from_a_request_key_to_a_record_key(store: Store) -> None:
    request = digest("request")
    assert store.alias(request) is None
    store.set_alias(request, KEY)
    assert Store(store.root).alias(request) == KEY
    assert (store.requests(), store.alias(request)) == ((request,), KEY)
    store.drop_alias(request)
    assert store.alias(request) is None


def test_answers_from_other_inputs_stay_behind_the_last_one(store: Store) -> None:
    request = digest("request")
    for version in (1, 2, 1):
        store.set_alias(request, digest("model", version), {"files": [version], "pairs": [(1, 2)]}, {"name": "net"})
    assert [answer.inputs["files"] for answer in store.answers(request)] == [[1], [2]]
    assert store.alias(request) == digest("model", 1)
    assert store.record_keys() == {digest("model", 1), digest("model", 2)}
    assert store.declaration(request) == {"name": "net"}
    for version in range(3, 20):
        store.set_alias(request, digest("model", version), {"files": [version]})
    assert len(store.answers(request)) == 8
    store.keep_answer(request, digest("model", 18))
    assert [answer.key for answer in store.answers(request)] == [digest("model", 18)]
    assert store.declaration(request) == {"name": "net"}


def test_a_damaged_alias_counts_as_missing(store: Store) -> None:
    request = digest("request")
    store.set_alias(request, KEY)
    (path,) = (store.root / "aliases").rglob("*.unit")
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    assert Store(store.root).alias(request) is None


def test_a_lock_makes_others_wait(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    order: list[str] = []

    def second() -> None:
        with Store(store.root).lock("net"):
            order.append("second")

    with caplog.at_level(logging.INFO), store.lock("net"):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert "another process works on net" in caplog.text


def test_only_temporary_files_older_than_an_hour_are_abandoned(store: Store) -> None:
    store.put(KEY, RECORD)
    parent = store.file(KEY).parent
    old, new, folder = (parent / f"{TEMPORARY_PREFIX}{name}" for name in ("old", "new", "folder"))
    for path in (old, new):
        path.write_bytes(b"half")
    folder.mkdir()
    for path in (old, folder):
        os.utime(path, (1, 1))
    assert store.remove_abandoned() == 4
    assert not old.exists()
    assert new.exists()
    assert folder.exists()
    assert store.has(KEY)


@pytest.mark.parametrize("place", ["locks", "locks/net.lock"])
def test_a_lock_is_taken_where_a_link_or_a_folder_lies(place: str, tmp_path: Path) -> None:
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(path.name)
    with Store(tmp_path).lock("net"):
        assert path.exists()
    (tmp_path / "locks" / "net.lock").unlink(missing_ok=True)
    (tmp_path / "locks" / "net.lock").mkdir()
    with Store(tmp_path).lock("net"):
        assert (tmp_path / "locks" / "net.lock").is_file()


def test_a_folder_in_place_of_a_unit_that_nobody_read_gives_way(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put(KEY, {"a": 1})
    unit = next(tmp_path.rglob("*.unit"))
    unit.unlink()
    (unit / "something").mkdir(parents=True)
    store.put(KEY, {"a": 2})
    found = Store(tmp_path).get(KEY)
    assert found is not None
    assert found.record == {"a": 2}
