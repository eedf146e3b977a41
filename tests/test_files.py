"""A file is written whole or not at all, and the error says in one line why it was not."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.files import atomic_write, file_digest, read_json, write_json


def test_a_written_file_replaces_the_old_one_and_everyone_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "file"
    for content in (b"old", b"new"):
        with atomic_write(path) as file:
            file.write(content)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(path.parent.iterdir()) == [path]


def test_an_exception_in_the_block_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(TypeError), atomic_write(path) as file:
        file.writelines([b"half", 3])  # type: ignore[list-item]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_readers_see_the_old_file_until_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with atomic_write(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError) as caught, atomic_write(tmp_path / "file") as file:
        file.write(b"x")
    assert str(caught.value) == (
        f"cannot write file in {tmp_path}: no space is left there; what was stored stays: "
        "make room or move cache_dir, and run again"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(StoreError, match=rf"^cannot write file in {tmp_path / 'cache'}: "):
        write_json(tmp_path / "cache" / "file", {})


def test_json_is_written_in_one_line(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": [1, "ö"]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": [1, "ö"]}
    with pytest.raises(TypeError):
        write_json(tmp_path / "b.json", {1, 2})
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("read", [file_digest, read_json])
def test_nobody_waits_for_a_pipe(tmp_path: Path, read: Callable[[Path], str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        read(tmp_path / "pipe")
    (tmp_path / "file").write_text('"text"')
    assert read(tmp_path / "file")
