"""Folders of generated files: written once under a digest, checked against their list, never left half-written.

Whoever can write to the cache can make a list with the right digests. So names are never read from it: they are those
of the regular files that lie in the folder, and the caller says which of them its writer can have made.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, cast

from mkdocs_lurk.declared_files import is_folder
from mkdocs_lurk.errors import StoreError, describe_os_error
from mkdocs_lurk.files import TEMPORARY_PREFIX, file_digest, read_json, write_error
from mkdocs_lurk.store.keys import check_key

log = logging.getLogger("mkdocs.plugins.lurk")
_LIST = "list.json"
_FILES = "files"

Summary = TypeVar("Summary", bound=Mapping[str, object])
"""What a folder's writer returns, as JSON."""

CheckFolder = Callable[[Collection[str], object], None]
"""Takes the names of a folder's files and its summary; raises a StoreError for those that its writer cannot make."""


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


def open_or_write(
    parent: Path, key: str, write: Callable[[Path], Summary], check: CheckFolder
) -> CachedFolder[Summary]:
    """Open the folder under a key, or write it.

    Args:
        parent: Where all folders lie.
        key: The digest of everything that shapes the files.
        write: Fills a new folder, and returns its summary.
        check: Says whether ``write`` can have made a folder.

    Raises:
        StoreError: It cannot be written; nothing half-written stays.
    """
    path = parent / check_key(key)
    folder: CachedFolder[Summary] | None = _open(path, check)
    if folder is None:
        try:
            _clear_way(parent)
            _write(path, write)
        except OSError as error:
            raise write_error(path, error) from error
        folder = _open(path, check)
    if folder is None:
        raise write_error(path, OSError("another program changed it right away"))
    return folder


def _open(path: Path, check: CheckFolder) -> CachedFolder[Summary] | None:
    """Open a folder whose files are all as they were written; any other is dropped, with a line in the log."""
    if not os.path.lexists(path):
        return None
    try:
        return _read(path, check)
    except OSError as error:
        damage = f"{Path(error.filename or path).name}: {describe_os_error(error)}"
    except StoreError as error:
        damage = str(error)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        damage = f"{_LIST} was changed"
    log.info("the generated pages in %s are damaged (%s): dropped, and made again", path, damage)
    _remove(path)
    return None


def _read(path: Path, check: CheckFolder) -> CachedFolder[Summary]:
    """Read a folder's list, and compare it with what lies in the folder."""
    root = path / _FILES
    if path.is_symlink() or root.is_symlink():
        raise StoreError("a link lies in its place")
    listed = read_json(path / _LIST)
    digests, summary = listed["files"], listed["summary"]
    if listed["digest"] != _list_digest(digests, summary):
        raise ValueError(_LIST)
    names = sorted(_file_names(root))
    check(names, summary)
    different = [name for name in names if file_digest(root / name) != digests.get(name)]
    different += sorted(set(digests).difference(names))
    if different:
        raise StoreError(f"{ascii(different[0])[:90]} was changed")
    return CachedFolder(root, tuple(names), cast("Summary", summary))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _clear_way(parent: Path) -> None:
    """Remove what is no folder from the place where all folders lie; nothing but generated pages belongs there."""
    if os.path.lexists(parent) and not is_folder(parent):
        log.info("%s is damaged (it is no folder): dropped, and made again", parent)
        parent.unlink()


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
    """Yield the paths of all files in a folder, relative to it and with ``/``; no link is followed.

    Raises:
        StoreError: Something in it is neither a regular file nor a folder.
    """
    for path in sorted(root.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            yield path.relative_to(root).as_posix()
        elif not stat.S_ISDIR(mode):
            raise StoreError(f"{ascii(path.name)[:90]} is no regular file")
