"""Digest files by their contents, and remember the digests of files that have not changed.

The remembered digests only save time: where nothing is remembered (a fresh clone, a restored cache), every file is read
again and has the same digest.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from pathlib import Path

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.files import read_json, write_json

log = logging.getLogger("mkdocs.plugins.lurk.images")
_CLOCK_TICK_NS = 2_000_000_000  # a file may change again within its file system's tick and keep its time of change
_FORMAT = 3

FileState = list[int]
"""Size in bytes, times of change of contents and of status in ns, inode and device."""


class FileDigests:
    """SHA-256 digests of files, remembered by path until the file's state changes.

    Size and date of a file that took another's place may be the same (``cp -p``, ``tar``, ``rsync``); its inode, or the
    time at which its status changed, which nobody can set back, is not.

    Args:
        cache_file: A JSON file that remembers the digests; None to remember nothing. Several processes may use it at
            once: it is replaced as a whole, and an entry that one of them loses is computed again.
    """

    def __init__(self, cache_file: Path | None) -> None:
        self._cache_file = cache_file
        self._known = self._read()
        self._new: dict[str, tuple[FileState, str]] = {}

    def digest(self, path: Path) -> str:
        """Return the digest of a file's contents, in hexadecimal."""
        state = _state(path.stat())
        key = path_key(path)
        entry = self._new.get(key) or self._known.get(key)
        if entry is not None and entry[0] == state:
            return entry[1]
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            state_after = _state(os.fstat(file.fileno()))
        _, contents_ns, status_ns, *_ = state
        if state == state_after and abs(time.time_ns() - max(contents_ns, status_ns)) > _CLOCK_TICK_NS:
            self._new[key] = state, digest
        return digest

    def save(self) -> None:
        """Write the new digests to the file; it is no error if it cannot be written."""
        if self._cache_file is None or not self._new:
            return
        self._known = self._read() | self._new
        self._new = {}
        try:
            write_json(self._cache_file, {"format": _FORMAT, "files": self._known})
        except StoreError as error:
            log.debug("%s; the files will be digested again", error)

    def _read(self) -> dict[str, tuple[FileState, str]]:
        """Return the remembered states and digests, by path; none if the file is damaged."""
        try:
            cache = read_json(self._cache_file) if self._cache_file is not None else {}
            files = cache["files"] if cache.get("format") == _FORMAT else {}
            return {str(key): (list(state), str(digest)) for key, (state, digest) in files.items()}
        except (OSError, ValueError, TypeError, AttributeError, KeyError):
            return {}


def path_key(path: Path) -> str:
    """Return the digest of a path, so that a cache that is passed on names no folder of this machine."""
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()


def _state(stat: os.stat_result) -> FileState:
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_dev]
