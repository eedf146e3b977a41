r"""The file format of a unit: one record and its named blobs in one file, checked by a digest.

    offset  bytes  what
    0       12     b"lurk-unit-1\n"
    12      32     SHA-256 of everything that follows
    44      8      length of the header, big-endian
    52      n      header, JSON: {"key": ..., "record": ..., "blobs": {name: [offset, length]}}
    52 + n         the blobs, one after another; their offsets count from here

A blob can be read without the others. A process checks the digest once per version of a file, when it opens it.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import TypedDict, cast

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.files import atomic_write, open_regular

MAGIC = b"lurk-unit-1\n"
_DIGEST_LENGTH = 32
_LENGTH = struct.Struct(">Q")
_BODY_OFFSET = len(MAGIC) + _DIGEST_LENGTH
_HEADER_OFFSET = _BODY_OFFSET + _LENGTH.size

MOST_JSON_BYTES = 1 << 27
"""Bytes of a header at most: the record of a model with a million pictures takes about 100 bytes for each."""
MOST_JSON_VALUES = 1 << 22
"""Lists and objects in a header at most: four for each of a million pictures, in about 1 GB of memory."""

FileVersion = tuple[int, int, int]
"""Inode, size in bytes and time of change of a file: equal as long as nobody wrote to it."""


class DamagedUnitError(Exception):
    """The file is not the unit that was written; the text says how that shows."""


class _Header(TypedDict):
    """The header as it is written."""

    key: str
    record: dict[str, object]
    blobs: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class UnitHeader:
    """Everything in a unit's file but the blobs themselves.

    Attributes:
        record: The unit's JSON record.
        blobs: Offset and length of each blob, in bytes, by its name.
        blobs_offset: Where the blobs begin in the file, in bytes.
        version: The version of the file that the header was read from.
    """

    record: dict[str, object]
    blobs: dict[str, tuple[int, int]]
    blobs_offset: int
    version: FileVersion


def write_unit(
    path: Path, key: str, record: Mapping[str, object], blobs: Mapping[str, bytes], *, durable: bool = True
) -> None:
    """Write a unit's file, whole or not at all.

    The same key, record and blobs give the same bytes.

    Raises:
        StoreError: The record cannot become JSON, or the file cannot be written.
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
    digest = hashlib.sha256()
    parts = (_LENGTH.pack(len(header)), header, *blobs.values())
    for part in parts:
        digest.update(part)
    with atomic_write(path, durable=durable) as file:
        file.write(MAGIC)
        file.write(digest.digest())
        for part in parts:
            file.write(part)


def read_header(path: Path, key: str, verified: FileVersion | None = None) -> UnitHeader:
    """Read everything in a unit's file but the blobs.

    Args:
        path: The unit's file.
        key: The key that the file must have been written for.
        verified: The version of the file whose digest was found right before; that version's digest is not computed
            again.

    Raises:
        FileNotFoundError: There is no such file.
        IrregularFileError: Something else lies in its place.
        DamagedUnitError: The file is not what was written.
    """
    with open_regular(path) as file:
        return _parse_header(file, key, verified)


def read_blob(path: Path, key: str, header: UnitHeader, name: str) -> tuple[UnitHeader, bytes | None]:
    """Read one blob, and nothing else of the file unless it changed since the header was read.

    Returns:
        The header of the file as it is now, and the blob; None in its place if the file was replaced by one without
        a blob of that name.

    Raises:
        FileNotFoundError: There is no such file.
        IrregularFileError: Something else lies in its place.
        DamagedUnitError: The file is not what was written.
    """
    with open_regular(path) as file:
        if _version(file) != header.version:
            header = _parse_header(file, key, None)
        if name not in header.blobs:
            return header, None
        offset, length = header.blobs[name]
        file.seek(header.blobs_offset + offset)
        return header, file.read(length)


def _parse_header(file: BufferedReader, key: str, verified: FileVersion | None) -> UnitHeader:
    version = _version(file)
    if file.read(len(MAGIC)) != MAGIC:
        raise DamagedUnitError("it does not begin as a unit does")
    expected = file.read(_DIGEST_LENGTH)
    if version != verified and hashlib.file_digest(file, "sha256").digest() != expected:
        raise DamagedUnitError("its contents do not match its digest")
    file.seek(_BODY_OFFSET)
    try:
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        header = cast(_Header, load_json(file.read(min(length, MOST_JSON_BYTES + 1))))
        return _check_header(header, key, _HEADER_OFFSET + length, version)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedUnitError("its header cannot be read") from error


def load_json(data: bytes) -> object:
    """Parse JSON in bounded time and memory.

    Raises:
        ValueError: It is no JSON, is nested too deep or too large, or an object in it has a key twice.
    """
    if len(data) > MOST_JSON_BYTES or data.count(b"[") + data.count(b"{") > MOST_JSON_VALUES:
        raise ValueError(f"more than {MOST_JSON_BYTES:,} bytes, or {MOST_JSON_VALUES:,} lists and objects")
    try:
        value: object = json.loads(data, object_pairs_hook=_without_twins)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    return value


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object has a key twice")
    return found


def _check_header(header: _Header, key: str, blobs_offset: int, version: FileVersion) -> UnitHeader:
    if header["key"] != key:
        raise DamagedUnitError(f"it holds the unit {ascii(header['key'])[:90]}")
    record = header["record"]
    blobs = {name: (offset, size) for name, (offset, size) in header["blobs"].items()}
    _, file_size, _ = version
    for offset, size in blobs.values():
        if type(offset) is not int or type(size) is not int or min(offset, size) < 0:
            raise ValueError("no place of a blob")
        if blobs_offset + offset + size > file_size:
            raise ValueError("a blob ends behind the file")
    if not isinstance(record, dict):
        raise TypeError("no record")
    return UnitHeader(record, blobs, blobs_offset, version)


def _version(file: BufferedReader) -> FileVersion:
    status = os.fstat(file.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns
