"""Finished folders of generated files: written once under a digest, checked against their list, never half there."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkdocs_lurk.files import TEMPORARY_PREFIX, write_error
from mkdocs_lurk.store.keys import check_key

log = logging.getLogger("mkdocs.plugins.lurk")
_LIST = "list.json"
_FILES = "files"

Json = dict[str, Any]
Writer = Callable[[Path], Json]
"""Fills a new folder, and returns what should be known of it without reading its files."""


@dataclass(frozen=True)
class Folder:
    """A finished folder.

    Attributes:
        root: Where the files lie.
        files: Their paths relative to ``root``, with ``/``, sorted.
        known: What its writer returned.
    """

    root: Path
    files: tuple[str, ...]
    known: Json


def finished(parent: Path, key: str, write: Writer) -> Folder:
    """Open the folder under a key, or make it.

    Raises:
        StoreError: It cannot be written; nothing half-written stays.
    """
    path = parent / check_key(key)
    found = _open(path)
    if found is None:
        try:
            _make(path, write)
        except OSError as error:
            raise write_error(path, error) from error
        found = _open(path)
    if found is None:
        raise write_error(path, OSError("another program changed it right away"))
    return found


def _open(path: Path) -> Folder | None:
    """A folder whose files are all as they were written; else it is dropped, with a warning."""
    try:
        known = json.loads((path / _LIST).read_text("utf-8"))
        digests: dict[str, str] = known["files"]
        for name, expected in digests.items():
            with (path / _FILES / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                    raise ValueError(name)
        return Folder(path / _FILES, tuple(digests), known["known"])
    except FileNotFoundError as error:
        if not path.exists():
            return None
        damage = f"{Path(error.filename).name} is missing"
    except (ValueError, KeyError, TypeError) as error:
        damage = f"{error} was changed"
    log.warning("the generated pages in %s are damaged (%s): dropped, and made again", path, damage)
    shutil.rmtree(path, ignore_errors=True)
    return None


def _make(path: Path, write: Writer) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=path.parent))
    try:
        files = temporary / _FILES
        files.mkdir()
        known = write(files)
        digests = {name: _digest(files / name) for name in sorted(_names(files))}
        text = json.dumps({"files": digests, "known": known}, separators=(",", ":"))
        (temporary / _LIST).write_text(text, "utf-8")
        temporary.chmod(0o755)
        with contextlib.suppress(OSError):  # another builder was quicker: its bytes are the same
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _names(root: Path) -> Iterator[str]:
    for path in root.rglob("*"):
        if path.is_file():
            yield path.relative_to(root).as_posix()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
