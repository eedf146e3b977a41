"""Remove what lies where the cache needs a file or a folder of its own."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
from pathlib import Path

from mkdocs_lurk.errors import StoreError, describe_os_error

log = logging.getLogger("mkdocs.plugins.lurk")

NO_WAY = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
"""What the system says where a file's folder is missing, is none, or is a link to itself: there is no such file."""


def clear_way(root: Path, folder: Path) -> None:
    """Remove what is no folder from the place of a folder, and a link to nowhere from that of ``root`` above it.

    Raises:
        StoreError: A file lies in the place of ``root``; it may be the author's.
    """
    for needed in dict.fromkeys((root, folder)):
        if not os.path.lexists(needed) or needed.is_dir():
            continue
        if needed == root and not needed.is_symlink():
            raise StoreError(f"{needed} is a file, where the cache needs a folder; move it away")
        log.info("%s is damaged (it is no folder): dropped", needed)
        with contextlib.suppress(OSError):  # who writes there will say what is wrong
            needed.unlink()


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; what a link leads to stays.

    Raises:
        StoreError: It cannot be removed.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    try:
        path.unlink()
    except OSError as error:
        if error.errno not in NO_WAY:
            raise StoreError(
                f"cannot remove {path}: {describe_os_error(error)}; see to the permissions of its folder"
            ) from error
