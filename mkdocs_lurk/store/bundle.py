"""Bundles: finished results in one file, to be moved between machines.

A bundle is an uncompressed tar archive of unit files, in which every unit still carries its own digest, with
``bundle.json`` first: which requests the results answer.
"""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.store.blobs import TEMPORARY, DamagedUnitError, read_header, replacing, unwritable
from mkdocs_lurk.store.keys import check_key
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store

_CONTENTS = "bundle.json"
_SCHEMA = "mkdocs-lurk/bundle/1"


def pack(store: Store, answers: Mapping[str, str], path: Path) -> int:
    """Write all that finished models need into one file.

    Args:
        store: Where the units are.
        answers: The key of the model record for each request.
        path: The bundle; it is replaced where it exists.

    Returns:
        The number of units packed.

    Raises:
        StoreError: A unit is missing, or the file cannot be written.
    """
    keys = sorted({unit for key in answers.values() for unit in ModelReader(store, key).units()})
    lost = [key for key in keys if not store.has(key)]
    if lost:
        raise StoreError(f"{len(lost)} units are missing from {store.root}; run 'mkdocs-lurk analyze' first")
    contents = json.dumps({"schema": _SCHEMA, "answers": dict(sorted(answers.items())), "units": keys}).encode()
    with replacing(path) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, _CONTENTS, io.BytesIO(contents), len(contents))
        for key in keys:
            with store.file(key).open("rb") as unit:
                _add(archive, f"{key}.unit", unit, store.size(key))
    return len(keys)


def unpack(store: Store, path: Path) -> int:
    """Take a bundle's units and answers into the store; each unit is checked before it is kept.

    Returns:
        The number of units that were new.

    Raises:
        StoreError: The file is no bundle, or was damaged; what was taken in before stays.
    """
    try:
        with tarfile.open(path, mode="r:") as archive:
            contents = _contents(archive, path)
            new = sum(_take(store, archive, member, path) for member in archive if member.name != _CONTENTS)
    except (tarfile.TarError, EOFError) as error:
        raise StoreError(f"{path} is no bundle, or is damaged: {error}") from error
    except OSError as error:
        raise StoreError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    lost = [key for key in contents["units"] if not store.has(key)]
    if lost:
        raise StoreError(f"{path} is cut short: {len(lost)} of {len(contents['units'])} units are not in it")
    for request, key in contents["answers"].items():
        store.set_alias(request, key)
    return new


def _add(archive: tarfile.TarFile, name: str, file: io.IOBase, size: int) -> None:
    """Add a file without times and owners, so that the same results make the same bundle."""
    member = tarfile.TarInfo(name)
    member.size = size
    archive.addfile(member, file)


def _contents(archive: tarfile.TarFile, path: Path) -> dict[str, Any]:
    first = archive.next()
    file = archive.extractfile(first) if first is not None and first.name == _CONTENTS else None
    try:
        contents: dict[str, Any] = json.loads(file.read()) if file else {}
    except ValueError:
        contents = {}
    if contents.get("schema") != _SCHEMA:
        raise StoreError(f"{path} is no bundle of this version of mkdocs-lurk")
    return contents


def _take(store: Store, archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> bool:
    """Keep one unit; False where the store has it already."""
    key = check_key(member.name.removesuffix(".unit"))
    source = archive.extractfile(member)
    if source is None or store.has(key):
        return False
    target = store.file(key)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(prefix=TEMPORARY, dir=target.parent) as file:
            shutil.copyfileobj(source, file)
            file.flush()
            read_header(Path(file.name), key)
            with replacing(target) as kept:
                file.seek(0)
                shutil.copyfileobj(file, kept)
    except DamagedUnitError as damage:
        raise StoreError(f"the unit {key} in {path} is damaged ({damage}); copy the bundle again") from damage
    except OSError as error:
        raise unwritable(target, error) from error
    return True
