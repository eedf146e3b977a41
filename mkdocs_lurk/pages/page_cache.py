"""Folders of generated files: written once under a digest, checked against their list, never left half-written."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, cast

from mkdocs_lurk.errors import describe_os_error
from mkdocs_lurk.files import TEMPORARY_PREFIX, file_digest, read_json, write_error
from mkdocs_lurk.store.keys import check_key

log = logging.getLogger("mkdocs.plugins.lurk")
_LIST = "list.json"
_FILES = "files"

Summary = TypeVar("Summary", bound=Mapping[str, object])
"""What a folder's writer returns, as JSON."""


@dataclass(frozen=True)
class CachedFolder(Generic[Summary]):
    """A finished folder.

    Attributes:
        root: The folder with the files.
        files: Their paths relative to ``root``, with ``/``, sorted.
        summary: What its writer returned, which can be known without reading the files.
    """

    root: Path
    files: tuple[str, ...]
    summary: Summary


def open_or_write(parent: Path, key: str, write: Callable[[Path], Summary]) -> CachedFolder[Summary]:
    """Open the folder under a key, or write it.

    Args:
        parent: Where all folders lie.
        key: The digest of everything that shapes the files.
        write: Fills a new folder, and returns its summary.

    Raises:
        StoreError: It cannot be written; nothing half-written stays.
    """
    path = parent / check_key(key)
    folder: CachedFolder[Summary] | None = _open(path)
    if folder is None:
        try:
            _write(path, write)
        except OSError as error:
            raise write_error(path, error) from error
        folder = _open(path)
    if folder is None:
        raise write_error(path, OSError("another program changed it right away"))
    return folder


def _open(path: Path) -> CachedFolder[Summary] | None:
    """Open a folder whose files are all as they were written; any other is dropped, with a line in the log."""
    try:
        listed = read_json(path / _LIST)
        digests: dict[str, str] = listed["files"]
        if listed["digest"] != _list_digest(digests, listed["summary"]):
            raise ValueError(_LIST)
        for name, expected in digests.items():
            if file_digest(path / _FILES / name) != expected:
                raise ValueError(name)
        return CachedFolder(path / _FILES, tuple(digests), cast("Summary", listed["summary"]))
    except OSError as error:
        if not os.path.lexists(path):
            return None
        damage = f"{Path(error.filename or path).name}: {describe_os_error(error)}"
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        damage = f"{error} was changed"
    log.info("the generated pages in %s are damaged (%s): dropped, and made again", path, damage)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return None


def _write(path: Path, write: Callable[[Path], Summary]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=path.parent))
    try:
        files = temporary / _FILES
        files.mkdir()
        summary = write(files)
        digests = {name: file_digest(files / name) for name in sorted(_file_names(files))}
        listed = {"files": digests, "summary": summary, "digest": _list_digest(digests, summary)}
        (temporary / _LIST).write_text(json.dumps(listed, separators=(",", ":")), "utf-8")
        temporary.chmod(0o755)
        with contextlib.suppress(OSError):  # another builder was quicker: its bytes are the same
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _list_digest(digests: Mapping[str, str], summary: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps([digests, summary]).encode()).hexdigest()


def _file_names(root: Path) -> Iterator[str]:
    for path in root.rglob("*"):
        if path.is_file():
            yield path.relative_to(root).as_posix()
