"""Digest files by their contents, and remember the digests of files that have not changed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from pathlib import Path

_FRESH_NS = 2_000_000_000  # a file changed within its clock's last tick may change again unseen
_FORMAT = 1


class FileDigests:
    """SHA-256 digests of files, remembered by path, size and time of change.

    Args:
        remembered: A JSON file to read and to keep up; none to remember nothing. Several processes may use it at
            once: it is replaced whole, and what one of them loses is computed again.
    """

    def __init__(self, remembered: Path | None) -> None:
        self._file = remembered
        self._known = self._read()
        self._new: dict[str, list[int | str]] = {}

    def digest(self, path: Path) -> str:
        """The digest of a file's contents, in hexadecimal."""
        stat = path.stat()
        key = str(path.absolute())
        known = self._new.get(key) or self._known.get(key)
        if known is not None and known[:2] == [stat.st_size, stat.st_mtime_ns]:
            return str(known[2])
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if abs(time.time_ns() - stat.st_mtime_ns) > _FRESH_NS:
            self._new[key] = [stat.st_size, stat.st_mtime_ns, found]
        return found

    def save(self) -> None:
        """Write down what is new; a folder that cannot be written to is no error."""
        if self._file is None or not self._new:
            return
        self._known = self._read() | self._new
        self._new = {}
        with contextlib.suppress(OSError):
            replace_json(self._file, {"format": _FORMAT, "files": self._known})

    def _read(self) -> dict[str, list[int | str]]:
        try:
            held = json.loads(self._file.read_text(encoding="utf-8")) if self._file is not None else {}
            files = held["files"] if held.get("format") == _FORMAT else {}
            return {str(key): list(value) for key, value in files.items() if len(value) == 3}
        except (OSError, ValueError, TypeError, AttributeError, KeyError):
            return {}


def replace_json(path: Path, value: object) -> None:
    """Write a JSON file at once: others see the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(value, file, separators=(",", ":"))
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
