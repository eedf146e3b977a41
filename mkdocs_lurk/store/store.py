"""The store: finished units under their keys, in a folder that may be shared, copied and interrupted."""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.store.blobs import (
    TEMPORARY,
    DamagedUnitError,
    Header,
    Signature,
    read_blob,
    read_header,
    write_unit,
)
from mkdocs_lurk.store.keys import check_key

log = logging.getLogger("mkdocs.plugins.lurk")
_SUFFIX = ".unit"
_ABANDONED_AFTER_S = 3600.0


class StoredUnit:
    """A finished unit of work: its record, and blobs that are read when asked for."""

    def __init__(self, folder: _Folder, key: str, header: Header) -> None:
        self.key = key
        self._folder = folder
        self._header = header

    @property
    def record(self) -> dict[str, Any]:
        """The JSON record; do not change it."""
        return self._header.record

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the blobs, as they were put."""
        return tuple(self._header.blobs)

    def blob(self, name: str) -> bytes:
        """Read one blob, and nothing else of the file.

        Raises:
            StoreError: There is no blob of that name, or the unit was lost since it was opened.
        """
        if name in self._header.blobs:
            try:
                self._header, data = read_blob(self._folder.path(self.key), self.key, self._header, name)
            except (FileNotFoundError, DamagedUnitError) as error:
                raise StoreError(f"the unit {self.key} was lost while it was read; build again") from error
            if data is not None:
                return data
        raise StoreError(f"the unit {self.key} holds no {name!r}")


class _Folder:
    """StoredUnit files, spread over subfolders by the first two letters of their keys."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._checked: dict[str, Signature] = {}

    def path(self, key: str) -> Path:
        return self.root / check_key(key)[:2] / f"{key}{_SUFFIX}"

    def header(self, key: str) -> Header | None:
        """Read a header; a damaged file is named in a warning and dropped."""
        path = self.path(key)
        try:
            header = read_header(path, key, self._checked.get(key))
        except FileNotFoundError:
            return None
        except DamagedUnitError as damage:
            log.warning("%s is damaged (%s): dropped, and treated as missing", path, damage)
            self.drop(key)
            return None
        except OSError as error:
            raise StoreError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
        self._checked[key] = header.signature
        return header

    def put(self, key: str, record: Mapping[str, Any], blobs: Mapping[str, bytes]) -> None:
        write_unit(self.path(key), key, record, blobs)
        self._checked.pop(key, None)

    def drop(self, key: str) -> None:
        self._checked.pop(key, None)
        with contextlib.suppress(FileNotFoundError):
            self.path(key).unlink()

    def all_keys(self) -> tuple[str, ...]:
        found = (path.name.removesuffix(_SUFFIX) for path in self.root.glob(f"??/*{_SUFFIX}"))
        return tuple(sorted(found))


class Store:
    """Units under keys, small pointers to them, and a lock a model.

    Args:
        root: The folder of the store; it is made when something is put.

    Several processes may read and write at once: a unit appears whole or not at all, and writing it twice is harmless.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._units = _Folder(root / "units")
        self._aliases = _Folder(root / "aliases")

    def put(self, key: str, record: Mapping[str, Any], blobs: Mapping[str, bytes] = {}) -> None:
        """Store a unit, atomically; what was under the key before is replaced.

        Raises:
            StoreError: It cannot be written; nothing half-written stays.
        """
        self._units.put(key, record, blobs)

    def get(self, key: str) -> StoredUnit | None:
        """Find a unit; None where there is none, or where it was damaged, which is warned of."""
        header = self._units.header(key)
        return None if header is None else StoredUnit(self._units, key, header)

    def has(self, key: str) -> bool:
        """Whether a whole and undamaged unit is there."""
        return self._units.header(key) is not None

    def drop(self, key: str) -> None:
        """Remove a unit, where it is there."""
        self._units.drop(key)

    def keys(self) -> tuple[str, ...]:
        """The keys of all units, sorted; damaged ones are not noticed yet."""
        return self._units.all_keys()

    def size(self, key: str) -> int:
        """Bytes that a unit takes on disk; 0 where it is missing."""
        try:
            return self._units.path(key).stat().st_size
        except FileNotFoundError:
            return 0

    def file(self, key: str) -> Path:
        """Where a unit lies, or would lie."""
        return self._units.path(key)

    def alias(self, request: str) -> str | None:
        """Find the key that a request was answered with; None where it has not been, or the pointer was damaged."""
        header = self._aliases.header(request)
        return None if header is None else str(header.record["key"])

    def set_alias(self, request: str, key: str) -> None:
        """Remember the key that answers a request."""
        self._aliases.put(request, {"key": check_key(key)}, {})

    def drop_alias(self, request: str) -> None:
        """Forget the answer to a request."""
        self._aliases.drop(request)

    def aliases(self) -> dict[str, str]:
        """Every request that is remembered, and its key."""
        found = ((request, self.alias(request)) for request in self._aliases.all_keys())
        return {request: key for request, key in found if key is not None}

    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold the lock of a model, so that two builders do not do the same work twice; waits, and says so.

        Raises:
            StoreError: The lock's file cannot be made.
        """
        path = self.root / "locks" / (re.sub(r"[^A-Za-z0-9._-]", "-", name) + ".lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                log.info("another process works on %s; waiting for it to finish", name)
                lock.acquire()
        except OSError as error:
            raise StoreError(f"cannot lock {path}: {(error.strerror or str(error)).lower()}") from error
        try:
            yield
        finally:
            lock.release()

    def sweep(self) -> int:
        """Remove what killed processes left half-written more than an hour ago; returns the bytes set free."""
        freed = 0
        for path in self.root.rglob(f"{TEMPORARY}*"):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                if time.time() - status.st_mtime > _ABANDONED_AFTER_S:
                    path.unlink()
                    freed += status.st_size
        return freed
