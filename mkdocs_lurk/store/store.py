"""The store: finished units under their keys, in a folder that may be shared, copied and interrupted.

A key is the digest of what made a unit. A model is looked up by its request key, the digest of its declaration: an
alias leads from the request key to answers, the keys of model records, each with a list of what it was made from.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from filelock import FileLock, Timeout

from mkdocs_lurk.errors import StoreError, describe_os_error
from mkdocs_lurk.files import TEMPORARY_PREFIX, IrregularFileError, write_error
from mkdocs_lurk.store.answers import Alias, Answer
from mkdocs_lurk.store.blobs import DamagedUnitError, FileVersion, UnitHeader, read_blob, read_header, write_unit
from mkdocs_lurk.store.damage import NO_WAY, clear_way, remove
from mkdocs_lurk.store.keys import check_key

log = logging.getLogger("mkdocs.plugins.lurk")
_SUFFIX = ".unit"
_ABANDONED_AFTER_S = 3600.0
_MOST_ANSWERS = 8


class StoredUnit:
    """A finished unit of work: its record, and its blobs, each read when it is asked for."""

    def __init__(self, folder: _UnitFolder, key: str, header: UnitHeader) -> None:
        self.key = key
        self._folder = folder
        self._header = header

    @property
    def record(self) -> dict[str, object]:
        """The JSON record; do not change it."""
        return self._header.record

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the blobs, in the order in which they were stored."""
        return tuple(self._header.blobs)

    def blob(self, name: str) -> bytes:
        """Read one blob, and nothing else of the file.

        Raises:
            StoreError: There is no blob of that name, or the unit was lost since it was opened.
        """
        if name in self._header.blobs:
            try:
                self._header, data = read_blob(self._folder.path(self.key), self.key, self._header, name)
            except (FileNotFoundError, IrregularFileError, DamagedUnitError) as error:
                raise StoreError(f"the unit {self.key} was lost while it was read; build again") from error
            if data is not None:
                return data
        raise StoreError(f"the unit {self.key} holds no {name!r}; run 'mkdocs-lurk analyze --force'")


class _UnitFolder:
    """A folder of unit files, spread over subfolders by the first two letters of their keys."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._verified: dict[str, FileVersion] = {}

    def path(self, key: str) -> Path:
        return self.root / check_key(key)[:2] / f"{key}{_SUFFIX}"

    def header(self, key: str) -> UnitHeader | None:
        """Read a unit's header, or return None if there is none; a damaged file is removed, which the log says."""
        path = self.path(key)
        try:
            header = read_header(path, key, self._verified.get(key))
        except FileNotFoundError:
            return None
        except (DamagedUnitError, IrregularFileError) as error:
            damage = error.strerror if isinstance(error, IrregularFileError) else error
            log.info("%s is damaged (%s): dropped, and treated as missing", path, damage)
            self.drop(key)
            return None
        except OSError as error:
            if error.errno in NO_WAY:
                return None
            raise StoreError(
                f"cannot read {path}: {describe_os_error(error)}; see to its permissions, or move cache_dir"
            ) from error
        self._verified[key] = header.version
        return header

    def put(self, key: str, record: Mapping[str, object], blobs: Mapping[str, bytes], *, durable: bool = True) -> None:
        self.clear_way(key)
        if self.path(key).is_dir():
            remove(self.path(key))
        write_unit(self.path(key), key, record, blobs, durable=durable)
        self._verified.pop(key, None)

    def clear_way(self, key: str) -> None:
        """Remove what is no folder from the place of a key's own folder."""
        clear_way(self.root, self.path(key).parent)

    def drop(self, key: str) -> None:
        self._verified.pop(key, None)
        remove(self.path(key))

    def all_keys(self) -> tuple[str, ...]:
        return tuple(sorted(path.name.removesuffix(_SUFFIX) for path in self.root.glob(f"??/*{_SUFFIX}")))


class Store:
    """Units under their keys, aliases from request keys to record keys, and one lock per model.

    Args:
        root: The folder of the store; it is made when something is put.

    Several processes may read and write at once: a unit appears whole or not at all, and writing it twice is harmless.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._units = _UnitFolder(root / "units")
        self._aliases = _UnitFolder(root / "aliases")

    def put(self, key: str, record: Mapping[str, object], blobs: Mapping[str, bytes] = {}) -> None:
        """Store a unit atomically; a unit that was under the key before is replaced.

        Raises:
            StoreError: It cannot be written; nothing half-written stays.
        """
        self._units.put(key, record, blobs)

    def get(self, key: str) -> StoredUnit | None:
        """Return a unit; None if there is none, or if it is damaged, which the log says."""
        header = self._units.header(key)
        return None if header is None else StoredUnit(self._units, key, header)

    def has(self, key: str) -> bool:
        """Return whether there is a whole and undamaged unit under a key."""
        return self._units.header(key) is not None

    def adopt(self, key: str, file: Path) -> None:
        """Move the checked file of a unit, on the same disk, to its place.

        Raises:
            StoreError: It cannot be moved.
        """
        target = self._units.path(key)
        self._units.clear_way(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)
        except OSError as error:
            raise write_error(target, error) from error

    def drop(self, key: str) -> None:
        """Remove a unit, if there is one."""
        self._units.drop(key)

    def keys(self) -> tuple[str, ...]:
        """Return the keys of all units, sorted, without checking the units for damage."""
        return self._units.all_keys()

    def size(self, key: str) -> int:
        """Return the bytes that a unit takes on disk; 0 if it is missing."""
        try:
            return self._units.path(key).stat().st_size
        except OSError as error:
            if error.errno not in NO_WAY:
                raise StoreError(
                    f"cannot read {self._units.path(key)}: {describe_os_error(error)}; see to its permissions"
                ) from error
            return 0

    def file(self, key: str) -> Path:
        """Return the path of a unit's file, whether it exists or not."""
        return self._units.path(key)

    def alias(self, request_key: str) -> str | None:
        """Return the record key that answered a request key last; None if there is none, or if its file is damaged."""
        return next((answer.key for answer in self.answers(request_key)), None)

    def answers(self, request_key: str) -> tuple[Answer, ...]:
        """Return all answers to a request key, the last first: to one declaration, perhaps with different files."""
        stored = self._read_alias(request_key).get("answers", [])
        try:
            return tuple(Answer(check_key(item["key"]), dict(item["inputs"])) for item in stored)
        except (KeyError, TypeError, ValueError, StoreError):
            log.info("the answers to %s in %s are damaged: dropped, and treated as missing", request_key, self.root)
            self._aliases.drop(request_key)
            return ()

    def declaration(self, request_key: str) -> Mapping[str, object]:
        """Return the declaration that a request key is the digest of; empty if it is not known."""
        return self._read_alias(request_key).get("declared", {})

    def set_alias(
        self,
        request_key: str,
        record_key: str,
        inputs: Mapping[str, object] | None = None,
        declared: Mapping[str, object] | None = None,
        *,
        durable: bool = True,
    ) -> None:
        """Remember an answer to a request key, in front of those from other inputs.

        Args:
            request_key: The digest of the declaration.
            record_key: The key of the model record.
            inputs: What the record was made from.
            declared: The declaration; None to keep the one that is stored.
            durable: Whether it is on the disk when this returns.
        """
        new = Answer(check_key(record_key), json.loads(json.dumps(inputs or {})))  # as it comes back
        others = [answer for answer in self.answers(request_key) if answer.inputs != new.inputs]
        kept = [new, *others][:_MOST_ANSWERS]
        self._put_answers(request_key, kept, self.declaration(request_key) if declared is None else declared, durable)

    def keep_answer(self, request_key: str, record_key: str) -> None:
        """Forget all answers to a request key but those with one record key."""
        kept = [answer for answer in self.answers(request_key) if answer.key == record_key]
        self._put_answers(request_key, kept, self.declaration(request_key))

    def _read_alias(self, request_key: str) -> Alias:
        """Read what is stored under a request key; empty if there is nothing."""
        header = self._aliases.header(request_key)
        return {} if header is None else cast(Alias, header.record)

    def _put_answers(
        self, request_key: str, answers: list[Answer], declared: Mapping[str, object], durable: bool = True
    ) -> None:
        stored = [{"key": answer.key, "inputs": answer.inputs} for answer in answers]
        self._aliases.put(request_key, {"answers": stored, "declared": declared}, {}, durable=durable)

    def drop_alias(self, request_key: str) -> None:
        """Forget the record key that answers a request key."""
        self._aliases.drop(request_key)

    def requests(self) -> tuple[str, ...]:
        """Return all request keys that there is a file for, sorted."""
        return self._aliases.all_keys()

    def record_keys(self) -> frozenset[str]:
        """Return the record keys of all answers to all requests."""
        return frozenset(answer.key for request in self.requests() for answer in self.answers(request))

    @contextlib.contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold a model's lock, so that two builders do not do the same work; wait for it if another process has it.

        Raises:
            StoreError: The lock's file cannot be made.
        """
        path = self.root / "locks" / (re.sub(r"[^A-Za-z0-9._-]", "-", name) + ".lock")
        clear_way(path.parent, path.parent)
        if path.is_symlink() or path.is_dir():
            remove(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                log.info("another process works on %s; waiting for it to finish", name)
                lock.acquire()
        except OSError as error:
            raise StoreError(
                f"cannot lock {path}: {describe_os_error(error)}; see to its permissions, or move cache_dir"
            ) from error
        try:
            yield
        finally:
            lock.release()

    def remove_abandoned(self) -> int:
        """Remove files that killed processes left half-written more than an hour ago; return the bytes freed."""
        freed = 0
        for path in filter(Path.is_file, self.root.rglob(f"{TEMPORARY_PREFIX}*")):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                if time.time() - status.st_mtime > _ABANDONED_AFTER_S:
                    path.unlink()
                    freed += status.st_size
        return freed
