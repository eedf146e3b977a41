"""Bundles: finished results in one file, to be moved between machines.

A bundle is an uncompressed tar archive. Its first member, ``bundle.json``, lists the units, and for each request key
the record key that answers it and what that was made from; the others are unit files, each still checked by a digest of
its own.

A bundle may come from anybody. Its digests are its maker's own, so everything in it is checked before anything of it is
kept: here its form, and by the caller's ``BundleCheck`` what its records say.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, TypedDict, cast

from mkdocs_lurk.errors import StoreError, describe_os_error
from mkdocs_lurk.files import atomic_write
from mkdocs_lurk.store.blobs import MOST_JSON_BYTES, DamagedUnitError, load_json, read_header
from mkdocs_lurk.store.keys import is_key
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store, StoredUnit
from mkdocs_lurk.store.temporary import temporary_store

_AGAIN = "copy it again, or pack it again with this version of mkdocs-lurk"
_CONTENTS = "bundle.json"
_SCHEMA = "mkdocs-lurk/bundle/2"
_BLOCK = tarfile.BLOCKSIZE
_PIECE = 1 << 20


class BundleAnswer(TypedDict):
    """An answer to a request: the key of the model's record, what it was made from, and the declaration."""

    key: str
    inputs: Mapping[str, object]
    declared: Mapping[str, object]


class _Contents(TypedDict):
    """``bundle.json``; ``answers`` by request key, before they are checked."""

    schema: str
    answers: dict[str, object]
    units: list[str]


OpenUnit = Callable[[str], StoredUnit | None]
"""Opens a unit of a bundle, or of the store where the store has it already; None if neither has it."""
MakePortable = Callable[[Mapping[str, object]], Mapping[str, object]]
"""Takes the inputs of an answer; returns them without what only this machine can use."""
BundleCheck = Callable[[Mapping[str, object], OpenUnit], Mapping[str, BundleAnswer]]
"""Takes a bundle's ``answers``; returns those to keep, or raises a StoreError that begins with where the fault is."""


def pack(
    store: Store, record_keys: Mapping[str, str], path: Path, portable: MakePortable, copies: Store | None = None
) -> int:
    """Write everything that finished models need into one file.

    Args:
        store: The store that holds the units.
        record_keys: The key of the model record that answers each request key.
        path: The bundle's file; it is replaced if it exists.
        portable: Makes the inputs of an answer such that another machine can use them.
        copies: A store that is asked before ``store``: redacted copies of models, with their answers.

    Returns:
        The number of units packed.

    Raises:
        StoreError: A unit is missing, or the file cannot be written.
    """

    def holder(key: str) -> Store:
        return copies if copies is not None and copies.has(key) else store

    keys = sorted({unit for key in record_keys.values() for unit in ModelReader(holder(key), key).units()})
    missing = [key for key in keys if not holder(key).has(key)]
    if missing:
        raise StoreError(f"{len(missing)} units are missing from {store.root}; run 'mkdocs-lurk analyze' first")
    answers = {
        request: _describe_answer(holder(key), request, key, portable) for request, key in sorted(record_keys.items())
    }
    contents = json.dumps({"schema": _SCHEMA, "answers": answers, "units": keys}).encode()
    with atomic_write(path) as file, tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, _CONTENTS, io.BytesIO(contents), len(contents))
        for key in keys:
            with holder(key).file(key).open("rb") as unit:
                _add(archive, f"{key}.unit", unit, holder(key).size(key))
    return len(keys)


def unpack(store: Store, path: Path, check: BundleCheck) -> int:
    """Copy a bundle's units and answers into the store; all of it is checked before any of it is kept.

    It takes no more time, memory and space than the bundle's own size calls for, whatever its headers say.

    Args:
        store: Where the results go.
        path: The bundle.
        check: Says whether the records are what they should be.

    Units that the check does not open are left behind: no answer leads to them.

    Returns:
        The number of units that the store did not have.

    Raises:
        StoreError: The file is no bundle, is damaged, or holds what no bundle of ours holds; nothing of it is kept.
    """
    if not path.is_file():
        raise StoreError(f"cannot read {path}: there is no such file; give the path of a bundle")
    with temporary_store(store) as staged:
        answers, keys = _read_bundle(store, staged, path, check)
        new = [key for key in keys if staged.file(key).is_file()]
        for key in new:
            store.adopt(key, staged.file(key))
    for request_key, answer in answers.items():
        if all(known.key != answer["key"] for known in store.answers(request_key)):
            store.set_alias(request_key, answer["key"], answer["inputs"], answer["declared"], durable=False)
    os.sync()  # once for all: a bundle may hold thousands of answers
    return len(new)


def _read_bundle(
    store: Store, staged: Store, path: Path, check: BundleCheck
) -> tuple[Mapping[str, BundleAnswer], list[str]]:
    """Copy the units that the store lacks into ``staged``, and check everything; returns answers and opened keys."""
    try:
        with path.open("rb") as file:
            members = _members(file, path)
            contents = _read_contents(next(members, None), file, path)
            wanted = iter(contents["units"])
            for name, size in members:
                if (key := next(wanted, None)) is None or name != f"{key}.unit":
                    raise StoreError(f"{path} is no bundle: {ascii(name)[:90]} is not the unit listed next; {_AGAIN}")
                _copy_unit(store, staged, key, file, size, path)
    except OSError as error:
        raise StoreError(
            f"cannot read {path}: {describe_os_error(error)}; copy it again, or see to its permissions"
        ) from error
    missing = [key for key in contents["units"] if store.get(key) is None and staged.get(key) is None]
    if missing:
        raise StoreError(
            f"{path} is cut short: {len(missing)} of {len(contents['units'])} units are not in it; {_AGAIN}"
        )
    opened: dict[str, None] = {}

    def open_unit(key: str) -> StoredUnit | None:
        opened[key] = None
        return store.get(key) or staged.get(key)

    try:
        return check(contents["answers"], open_unit), list(opened)
    except (StoreError, RecursionError) as error:
        why = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise StoreError(f"{path} is refused, and nothing of it is kept: {why}; {_AGAIN}") from error


def _describe_answer(store: Store, request_key: str, record_key: str, portable: MakePortable) -> BundleAnswer:
    inputs = next((answer.inputs for answer in store.answers(request_key) if answer.key == record_key), {})
    return {"key": record_key, "inputs": portable(inputs), "declared": store.declaration(request_key)}


def _add(archive: tarfile.TarFile, name: str, file: io.IOBase, size: int) -> None:
    """Add a file without times and owners, so that the same results make the same bundle."""
    member = tarfile.TarInfo(name)
    member.size = size
    archive.addfile(member, file)


def _members(file: IO[bytes], path: Path) -> Iterator[tuple[str, int]]:
    """Go through the members of an archive: name and size, with the file at the member's first byte.

    ``tarfile`` reads extended headers of any size into memory, and knows links, devices and files with holes. A bundle
    has none of these, so only plain headers of plain files are read.
    """
    end = os.fstat(file.fileno()).st_size
    at = 0
    while True:
        file.seek(at)
        block = file.read(_BLOCK)
        if at and block == bytes(_BLOCK):
            return
        try:
            member = tarfile.TarInfo.frombuf(block, "ascii", "surrogateescape")
        except tarfile.HeaderError as error:
            raise StoreError(f"{path} is no bundle, or is damaged: {error}; {_AGAIN}") from error
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            raise StoreError(f"{path} is no bundle: {ascii(member.name)[:90]} in it is no plain file; {_AGAIN}")
        at += _BLOCK
        if member.size < 0 or at + member.size > end:
            raise StoreError(
                f"{path} is cut short, or damaged: {ascii(member.name)[:90]} is longer than the bundle; {_AGAIN}"
            )
        yield member.name, member.size
        at += -(-member.size // _BLOCK) * _BLOCK


def _read_contents(first: tuple[str, int] | None, file: IO[bytes], path: Path) -> _Contents:
    """Read ``bundle.json``: ``{"schema", "answers": {request key: {"key", "inputs", "declared"}}, "units": [key]}``."""
    name, size = first or ("", 0)
    if name != _CONTENTS or size > MOST_JSON_BYTES:
        raise StoreError(
            f"{path} is no bundle: a {_CONTENTS} of at most {MOST_JSON_BYTES:,} bytes comes first; {_AGAIN}"
        )
    try:
        contents = load_json(file.read(size))
    except ValueError as error:
        raise StoreError(f"{path} is no bundle, or is damaged: its list cannot be read; {_AGAIN}") from error
    if not isinstance(contents, dict) or contents.get("schema") != _SCHEMA:
        raise StoreError(f"{path} is no bundle of this version of mkdocs-lurk; {_AGAIN}")
    units, answers = contents.get("units"), contents.get("answers")
    if set(contents) != {"schema", "units", "answers"} or not isinstance(units, list) or not isinstance(answers, dict):
        raise StoreError(
            f"{path} is no bundle, or is damaged: its list holds something else than units and answers; {_AGAIN}"
        )
    for key in (*units, *answers):
        if not isinstance(key, str) or not is_key(key):
            raise StoreError(f"{path} is no bundle, or is damaged: {ascii(key)[:90]} in its list is no key; {_AGAIN}")
    if len(set(units)) != len(units):
        raise StoreError(f"{path} is no bundle, or is damaged: its list names a unit twice; {_AGAIN}")
    return cast(_Contents, contents)


def _copy_unit(store: Store, staged: Store, key: str, file: IO[bytes], size: int, path: Path) -> None:
    """Copy one unit, ``size`` bytes at the file's place, into ``staged`` unless the store has it already."""
    if store.has(key):
        return
    try:
        with atomic_write(staged.file(key), durable=False) as copy:
            for start in range(0, size, _PIECE):
                copy.write(file.read(min(_PIECE, size - start)))
            copy.flush()
            read_header(Path(copy.name), key)
    except DamagedUnitError as damage:
        raise StoreError(f"the unit {key} in {path} is damaged ({damage}); copy the bundle again") from damage
