"""The files beside an SQLite database that belong to its contents: the write-ahead log and the rollback journal."""

from __future__ import annotations

from pathlib import Path

from mkdocs_lurk.images.file_digests import FileDigests

_SUFFIXES = ("-wal", "-journal")
_HEADER = b"SQLite format 3\0"
_SMALLEST_PAGE = 512
"""Bytes; a database is of whole pages, so that most other files need not be opened."""


def journals(path: Path) -> list[Path]:
    """Return where the journals of a readable file are or would be; none if it is no SQLite database."""
    size = path.stat().st_size
    if size == 0 or size % _SMALLEST_PAGE:
        return []
    with path.open("rb") as file:
        if file.read(len(_HEADER)) != _HEADER:
            return []
    real = path.resolve()
    return [real.with_name(real.name + suffix) for suffix in _SUFFIXES]


def database_of(journal: Path) -> Path:
    """Return the database that a journal lies beside."""
    return journal.with_name(journal.name.removesuffix(_SUFFIXES[0]).removesuffix(_SUFFIXES[1]))


def journal_digest(path: Path, digests: FileDigests) -> str:
    """Return the digest of a journal's contents; empty if it is absent or empty, which SQLite takes for the same."""
    try:
        return digests.digest(path) if path.stat().st_size else ""
    except FileNotFoundError:  # also if SQLite deletes it meanwhile
        return ""
