r"""The file format of a unit: one record and its named blobs in one file, checked by a digest.

    offset  bytes  what
    0       12     b"lurk-unit-1\n"
    12      32     SHA-256 of everything that follows
    44      8      length of the header, big-endian
    52      n      header, JSON: {"key": ..., "record": ..., "blobs": {name: [offset, length]}}
    52 + n         the blobs, one after another; their offsets count from here

A blob is read alone. The digest is checked when a file is opened first, once a process and a version of the file.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import struct
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from mkdocs_lurk.errors import StoreError

MAGIC = b"lurk-unit-1\n"
TEMPORARY = ".lurk-tmp-"
_LENGTH = struct.Struct(">Q")
_BODY_AT = len(MAGIC) + 32
_HEADER_AT = _BODY_AT + _LENGTH.size

Signature = tuple[int, int, int]
"""Inode, size in bytes and time of change of a file: whether it is still the one that was checked."""


class DamagedUnitError(Exception):
    """The file is not the unit that was written; the text says how that shows."""


@dataclass(frozen=True)
class Header:
    """What stands before the blobs, and the version of the file that it was read from."""

    record: dict[str, Any]
    blobs: dict[str, tuple[int, int]]
    blobs_at: int
    signature: Signature


def write_unit(path: Path, key: str, record: Mapping[str, Any], blobs: Mapping[str, bytes]) -> None:
    """Write a unit whole or not at all.

    The same record and blobs give the same bytes.

    Raises:
        StoreError: The record is no JSON, or the file cannot be written; nothing half-written stays.
    """
    index: dict[str, list[int]] = {}
    offset = 0
    for name, data in blobs.items():
        index[name] = [offset, len(data)]
        offset += len(data)
    try:
        text = json.dumps({"key": key, "record": record, "blobs": index}, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise StoreError(f"the record of {key} cannot be stored as JSON: {error}") from error
    header = text.encode()
    body = hashlib.sha256()
    parts = (_LENGTH.pack(len(header)), header, *blobs.values())
    for part in parts:
        body.update(part)
    with replacing(path) as file:
        file.write(MAGIC)
        file.write(body.digest())
        for part in parts:
            file.write(part)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write, which takes the place of ``path`` at the end, or vanishes where anything fails.

    Raises:
        StoreError: The folder or the file cannot be written, for want of space or of permission.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=TEMPORARY, dir=path.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def read_header(path: Path, key: str, checked: Signature | None = None) -> Header:
    """Open a unit and read all but its blobs.

    Args:
        path: The unit's file.
        key: The key that the file must have been written for.
        checked: The version whose digest was found right before; the same version is not read through again.

    Raises:
        FileNotFoundError: There is no such file.
        DamagedUnitError: It is not what was written.
    """
    with path.open("rb") as file:
        return _header(file, key, checked)


def read_blob(path: Path, key: str, header: Header, name: str) -> tuple[Header, bytes | None]:
    """Read one blob, and no more of the file where it is still the one that the header was read from.

    Returns:
        The header of the file as it is now, and the blob; None where a file written since holds none of that name.

    Raises:
        FileNotFoundError: There is no such file.
        DamagedUnitError: It is not what was written.
    """
    with path.open("rb") as file:
        if _signature(file) != header.signature:
            header = _header(file, key, None)
        if name not in header.blobs:
            return header, None
        offset, length = header.blobs[name]
        file.seek(header.blobs_at + offset)
        return header, file.read(length)


def _header(file: BufferedReader, key: str, checked: Signature | None) -> Header:
    signature = _signature(file)
    if file.read(len(MAGIC)) != MAGIC:
        raise DamagedUnitError("it does not begin as a unit does")
    expected = file.read(32)
    if signature != checked and hashlib.file_digest(file, "sha256").digest() != expected:
        raise DamagedUnitError("its contents do not match its digest")
    file.seek(_BODY_AT)
    try:
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        header = json.loads(file.read(length))
    except (struct.error, ValueError) as error:
        raise DamagedUnitError("its header cannot be read") from error
    if header["key"] != key:
        raise DamagedUnitError(f"it holds the unit {header['key']}")
    blobs = {name: (offset, size) for name, (offset, size) in header["blobs"].items()}
    return Header(header["record"], blobs, _HEADER_AT + length, signature)


def _signature(file: BufferedReader) -> Signature:
    status = os.fstat(file.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns


def unwritable(path: Path, error: OSError) -> StoreError:
    """Say in one line why a file of the cache cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        why = "no space is left there; what was stored stays: make room or move cache_dir, and run again"
    else:
        why = (error.strerror or str(error)).lower()
    return StoreError(f"cannot write {path.name} in {path.parent}: {why}")


def _sync_folder(folder: Path) -> None:
    """Make a renamed file outlive a power cut, where the system can open folders."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
