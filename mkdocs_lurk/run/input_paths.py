"""How the files that an analysis read are named: so that they are found again, here and elsewhere, and name no folder.

A file in the folder of ``mkdocs.yml`` is named from there, and one beside it in the same repository with ``../``. Only
the cache of this machine knows where others are: a bundle holds their names alone, and they are not compared.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath

from mkdocs_lurk.config.reading import absolute

_REPOSITORY_MARKS = (".git", ".hg", ".jj", ".svn")


@lru_cache(maxsize=64)
def repository(root: Path) -> Path:
    """Return the folder of the repository that a folder lies in; the folder itself if it lies in none."""
    for folder in (root, *root.parents):
        if any((folder / mark).exists() for mark in _REPOSITORY_MARKS):
            return folder
    return root


def stored_path(path: Path, root: Path) -> str:
    """Return a file's path from ``root``, with slashes, if both lie in one repository; else its absolute path."""
    path = Path(absolute(str(path)))
    for home in (root, repository(root)):
        for place in (path, path.resolve()):
            if place.is_relative_to(home):
                return Path(os.path.relpath(place, root)).as_posix()
    return path.as_posix()


def shown_path(path: Path, root: Path) -> str:
    """Return a file's path for a page: that from ``root``, or its name if it lies in no repository with it."""
    stored = stored_path(path, root)
    return path.name if Path(stored).is_absolute() else stored


def is_stored_path(path: Path, stored: str, root: Path) -> bool:
    """Return whether a declared path is the one that was stored, here or where the repository is at hand.

    Of a file outside the repository, a bundle has the name alone.
    """
    own, there = (os.path.normpath(absolute(str(place))) for place in (path, root / stored))
    outside = is_name(stored) and path.name == stored and not Path(own).is_relative_to(root)
    return own == there or outside or stored_path(path, root) == stored


def find_path(stored: str, root: Path) -> Path | None:
    """Return where a file of the list should be; None if the list leads out of the repository, as none of ours does."""
    path = Path(os.path.normpath(root / stored))
    leaves = not Path(stored).is_absolute() and not any(path.is_relative_to(home) for home in (root, repository(root)))
    return None if leaves else path


def is_portable(path: str) -> bool:
    """Return whether a path starts at the folder of ``mkdocs.yml``, on every system."""
    windows = PureWindowsPath(path)
    parts = PurePosixPath(path).parts
    climbs = next((place for place, part in enumerate(parts) if part != ".."), len(parts))
    return not (windows.drive or windows.root or "\\" in path or ".." in parts[climbs:])


def is_name(path: str) -> bool:
    """Return whether a path is the name of a file, without any folder."""
    return is_portable(path) and len(PurePosixPath(path).parts) == 1 and path != ".."
