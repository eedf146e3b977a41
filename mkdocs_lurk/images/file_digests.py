"""Digest files by their contents, and remember the digests of files that have not changed."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from pathlib import Path

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.files import write_json

log = logging.getLogger("mkdocs.plugins.lurk.images")
_CLOCK_TICK_NS = 2_000_000_000  # a file may change again within its file system's tick and keep its time of change
_FORMAT = 1


class FileDigests:
    """SHA-256 digests of files, remembered by path, size and time of change.

    Args:
        cache_file: A JSON file that remembers the digests; None to remember nothing. Several processes may use it at
            once: it is replaced as a whole, and an entry that one of them loses is computed again.
    """

    def __init__(self, cache_file: Path | None) -> None:
        self._cache_file = cache_file
        self._known = self._read()
        self._new: dict[str, list[int | str]] = {}

    def digest(self, path: Path) -> str:
        """Return the digest of a file's contents, in hexadecimal."""
        stat = path.stat()
        key = str(path.absolute())
        entry = self._new.get(key) or self._known.get(key)
        if entry is not None and entry[:2] == [stat.st_size, stat.st_mtime_ns]:
            return str(entry[2])
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if abs(time.time_ns() - stat.st_mtime_ns) > _CLOCK_TICK_NS:
            self._new[key] = [stat.st_size, stat.st_mtime_ns, digest]
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

    def _read(self) -> dict[str, list[int | str]]:
        """Return the remembered entries ``[size in bytes, time of change in ns, digest]``; none if damaged."""
        try:
            cache = json.loads(self._cache_file.read_text(encoding="utf-8")) if self._cache_file is not None else {}
            files = cache["files"] if cache.get("format") == _FORMAT else {}
            return {str(key): list(value) for key, value in files.items() if len(value) == 3}
        except (OSError, ValueError, TypeError, AttributeError, KeyError):
            return {}
