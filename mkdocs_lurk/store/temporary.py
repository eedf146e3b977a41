"""A store for a while: what is not checked yet, or is about to be packed."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mkdocs_lurk.files import TEMPORARY_PREFIX, write_error
from mkdocs_lurk.store.store import Store


@contextlib.contextmanager
def temporary_store(beside: Store) -> Iterator[Store]:
    """Make an empty store on the disk of another one; it is removed when the context ends.

    Raises:
        StoreError: It cannot be made.
    """
    try:
        beside.root.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=beside.root))
    except OSError as error:
        raise write_error(beside.root, error) from error
    try:
        yield Store(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
