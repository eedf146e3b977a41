"""Write files whole or not at all, so that an interrupted run leaves nothing half-written."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import IO, Any

from mkdocs_lurk.declared_files import is_regular
from mkdocs_lurk.errors import StoreError, describe_os_error

TEMPORARY_PREFIX = ".lurk-tmp-"
"""How the names of files and folders begin while they are being written."""


@contextlib.contextmanager
def atomic_write(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a temporary file that replaces ``path`` when the block ends, or is removed if anything fails.

    The file's folder is made where it is missing. The finished file is on disk, readable by everyone, before it
    gets its name; unless it need not be ``durable``: then a power cut may leave it damaged.

    Raises:
        StoreError: The folder or the file cannot be written, for want of space or of permission.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=TEMPORARY_PREFIX, dir=path.parent, delete=False) as file:
            temporary = Path(file.name)
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_json(path: Path, value: object) -> None:
    """Write a value as a JSON file, whole or not at all.

    Raises:
        StoreError: The folder or the file cannot be written.
    """
    data = json.dumps(value, separators=(",", ":")).encode()
    with atomic_write(path) as file:
        file.write(data)


class IrregularFileError(OSError):
    """What lies at a path of the cache is no regular file: a folder, or a device or pipe, which may never end."""


def open_regular(path: Path) -> BufferedReader:
    """Open a file of the cache for reading.

    Raises:
        FileNotFoundError: Nothing is there.
        IrregularFileError: It is no regular file.
    """
    if os.path.lexists(path) and not is_regular(path):
        raise IrregularFileError(errno.EINVAL, "it is no regular file", str(path))
    return path.open("rb")


def read_json(path: Path) -> Any:
    """Return the value in a JSON file of the cache.

    Raises:
        OSError: It cannot be read, or is no regular file.
        ValueError: It is no JSON, or is nested too deep.
    """
    with open_regular(path) as file:
        try:
            return json.loads(file.read())
        except RecursionError as error:
            raise ValueError("it is nested too deep") from error


def file_digest(path: Path) -> str:
    """Return the SHA-256 digest of a regular file's contents, in hexadecimal."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_error(path: Path, error: OSError) -> StoreError:
    """Make the error that says in one line why a file of the cache cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        why = "no space is left there; what was stored stays: make room or move cache_dir, and run again"
    else:
        why = describe_os_error(error)
    return StoreError(f"cannot write {path.name} in {path.parent}: {why}")


def _sync_folder(folder: Path) -> None:
    """Make a renamed file outlive a power cut, where the system can open folders."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
