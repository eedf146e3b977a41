"""Paths that no system takes and files that never end give one line, and are not waited for."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from mkdocs_lurk import declared_files
from mkdocs_lurk.declared_files import expanded, first_bytes, is_folder, is_regular, is_there, read_text_file
from mkdocs_lurk.errors import ConfigError

IMPOSSIBLE = ("a" * 5000, "a/" * 3000, "a\0b")


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_path_that_no_system_takes_leads_to_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert [is_there(path), is_regular(path), is_folder(path)] == [False] * 3


def test_the_home_of_nobody_is_a_folder_of_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert expanded("~/nets") == Path("/home/me/nets")
    assert expanded("~nobody-here/nets") == Path("~nobody-here/nets")


def irregular(path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    else:
        path.symlink_to(path)


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "socket", "loop"])
def test_only_regular_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    irregular(tmp_path / "a", kind)
    assert not is_regular(tmp_path / "a")
    with pytest.raises(ConfigError, match=r"^key: a cannot be read \(.+\); give a regular file") as caught:
        read_text_file(tmp_path / "a", 10, ConfigError, "key")
    assert str(tmp_path) not in str(caught.value)


def test_a_file_without_bytes_yet_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_yet(_handle: int, _most: int) -> bytes:
        raise BlockingIOError(11, "Resource temporarily unavailable")  # /proc/kmsg, where all was read

    (tmp_path / "a").touch()
    monkeypatch.setattr(declared_files.os, "read", nothing_yet)
    with pytest.raises(ConfigError, match="temporarily unavailable"):
        read_text_file(tmp_path / "a", 10, ConfigError, "key")


def test_a_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree")
    assert read_text_file(tmp_path / "a", 17, ConfigError, "key") == "one\ntwo\nthree"
    with pytest.raises(ConfigError, match=r"^key: a has more than 16 bytes; make it shorter$"):
        read_text_file(tmp_path / "a", 16, ConfigError, "key")
    assert first_bytes(tmp_path / "a", 3) == b"\xef\xbb\xbf"
    (tmp_path / "sparse").touch()
    os.truncate(tmp_path / "sparse", 2**40)
    with pytest.raises(ConfigError, match="more than 1,000 bytes"):
        read_text_file(tmp_path / "sparse", 1000, ConfigError, "key")


@pytest.mark.parametrize(("data", "place"), [("é".encode("latin-1"), 0), ("é".encode("utf-16"), 0), (b"a\n\xff", 2)])
def test_text_is_utf_8(tmp_path: Path, data: bytes, place: int) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(ConfigError, match=f"^key: a is no UTF-8 from byte {place} on; save it as UTF-8$"):
        read_text_file(tmp_path / "a", 10, ConfigError, "key")


def test_a_file_of_somebody_else_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, _flags: int) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "a").touch()
    monkeypatch.setattr(declared_files.os, "open", refuse)  # root may read everything
    with pytest.raises(ConfigError, match=r"^key: a cannot be read \(permission denied\)"):
        read_text_file(tmp_path / "a", 10, ConfigError, "key")
