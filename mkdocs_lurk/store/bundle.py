"""Bundles: finished results in one file, to be moved between machines.

A bundle is an uncompressed tar archive. Its first member, ``bundle.json``, lists the units, and for each request key
the record key that answers it and what that was made from; the others are unit files, each still checked by a digest of
its own.
"""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mkdocs_lurk.errors import StoreError, describe_os_error
from mkdocs_lurk.files import atomic_write
from mkdocs_lurk.store.blobs import DamagedUnitError, read_header
from mkdocs_lurk.store.keys import check_key
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store

_CONTENTS = "bundle.json"
_SCHEMA = "mkdocs-lurk/bundle/2"


def pack(store: Store, record_keys: Mapping[str, str], path: Path) -> int:
    """Write everything that finished models need into one file.

    Args:
        store: The store that holds the units.
        record_keys: The key of the model record that answers each request key.
        path: The bundle's file; it is replaced if it exists.

    Returns:
        The number of units packed.

    Raises:
        StoreError: A unit is missing, or the file cannot be written.
    """
    keys = sorted({unit for key in record_keys.values() for unit in ModelReader(store, key).units()})
    missing = [key for key in keys if not store.has(key)]
    if missing:
        raise StoreError(f"{len(missing)} units are missing from {store.root}; run 'mkdocs-lurk analyze' first")
    answers = {request: _describe_answer(store, request, key) for request, key in sorted(record_keys.items())}
    contents = json.dumps({"schema": _SCHEMA, "answers": answers, "units": keys}).encode()
    with atomic_write(path) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, _CONTENTS, io.BytesIO(contents), len(contents))
        for key in keys:
            with store.file(key).open("rb") as unit:
                _add(archive, f"{key}.unit", unit, store.size(key))
    return len(keys)


def unpack(store: Store, path: Path) -> int:
    """Copy a bundle's units and aliases into the store; each unit is checked before it is kept.

    Returns:
        The number of units that the store did not have.

    Raises:
        StoreError: The file is no bundle, or is damaged; the units copied before that stay.
    """
    try:
        with tarfile.open(path, mode="r:") as archive:
            contents = _read_contents(archive, path)
            new = sum(_copy_unit(store, archive, member, path) for member in archive if member.name != _CONTENTS)
    except (tarfile.TarError, EOFError) as error:
        raise StoreError(f"{path} is no bundle, or is damaged: {error}") from error
    except OSError as error:
        raise StoreError(f"cannot read {path}: {describe_os_error(error)}") from error
    missing = [key for key in contents["units"] if not store.has(key)]
    if missing:
        raise StoreError(f"{path} is cut short: {len(missing)} of {len(contents['units'])} units are not in it")
    for request_key, answer in contents["answers"].items():
        store.set_alias(request_key, answer["key"], answer["inputs"], answer["declared"])
    return new


def _describe_answer(store: Store, request_key: str, record_key: str) -> dict[str, Any]:
    inputs = next((answer.inputs for answer in store.answers(request_key) if answer.key == record_key), {})
    return {"key": record_key, "inputs": inputs, "declared": store.declaration(request_key)}


def _add(archive: tarfile.TarFile, name: str, file: io.IOBase, size: int) -> None:
    """Add a file without times and owners, so that the same results make the same bundle."""
    member = tarfile.TarInfo(name)
    member.size = size
    archive.addfile(member, file)


def _read_contents(archive: tarfile.TarFile, path: Path) -> dict[str, Any]:
    """Read ``bundle.json``: ``{"schema", "answers": {request key: {"key", "inputs", "declared"}}, "units": [key]}``."""
    first = archive.next()
    file = archive.extractfile(first) if first is not None and first.name == _CONTENTS else None
    try:
        contents: dict[str, Any] = json.loads(file.read()) if file else {}
    except ValueError:
        contents = {}
    if contents.get("schema") != _SCHEMA:
        raise StoreError(f"{path} is no bundle of this version of mkdocs-lurk")
    return contents


def _copy_unit(store: Store, archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> bool:
    """Copy one unit into the store; return False if the store has it already."""
    key = check_key(member.name.removesuffix(".unit"))
    source = archive.extractfile(member)
    if source is None or store.has(key):
        return False
    try:
        with atomic_write(store.file(key)) as file:
            shutil.copyfileobj(source, file)
            file.flush()
            read_header(Path(file.name), key)
    except DamagedUnitError as damage:
        raise StoreError(f"the unit {key} in {path} is damaged ({damage}); copy the bundle again") from damage
    return True
