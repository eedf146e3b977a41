"""Bundles: results of other people, whose digests are their own and right."""

from __future__ import annotations

import copy
import json
import tarfile
from pathlib import Path
from random import Random
from typing import Any

from mkdocs_lurk.run.bundle_check import check_bundle
from mkdocs_lurk.store import pack, unpack
from tests.fuzz.channels.names import check_pages
from tests.fuzz.sites import Attacked, Sites
from tests.fuzz.texts import hostile_text, spoiled
from tests.fuzz.watch import Watch

_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1 << 40, 1 << 70, 0.5, float("nan"), float("inf"), "", "../../../escaped", "/etc/passwd",
    "a/b", [], {}, [[]],
    {"unit": "x", "blob": "y", "size": [1, 1]}, {"skipped": 3}, "x" * 5000, [1, 2, 3], "\x1b[2J", "\ud800",
)  # fmt: skip


def attack(random: Random, root: Path, sites: Sites) -> Watch:
    """Unpack a hostile bundle into a site with results of its own, and build from what was kept."""
    site, maker = sites.fake(root), sites.fake(root.with_name("maker"))
    file = root / "results.tar"
    packed = root.with_name("packed.tar")
    pack(maker.store, {key: maker.store.alias(key) for key in maker.store.requests()}, packed, lambda inputs: inputs)
    kind = random.randrange(4)
    if kind == 2:
        file.write_bytes(spoiled(packed.read_bytes(), random))
    elif kind == 3:
        file.write_bytes(archive(random, _members(packed)))
    else:
        change_records(random, maker)
        units = {f"{key}.unit": maker.store.file(key).read_bytes() for key in sorted(maker.store.keys())}
        file.write_bytes(_written([(name, units.get(name, data)) for name, data in _members(packed)]))
    _forget(site, random)
    before = {path: path.read_bytes() for path in site.made.cache.rglob("*") if path.is_file()}

    def take() -> None:
        unpack(site.store, file, check_bundle)

    outcome = site.run(take)
    after = {path: path.read_bytes() for path in site.made.cache.rglob("*") if path.is_file()}
    if outcome == "refused":
        assert after == before
    elif site.store.record_keys():
        assert site.run(site.build) == "accepted", site.watch.refused
        check_pages(root / "site")
    return site.watch


def _forget(site: Attacked, random: Random) -> None:
    """Drop some or all of the site's own results, so that those of the bundle are taken; the pages, too."""
    keys = list(site.store.keys())
    for key in keys if random.random() < 0.8 else random.sample(keys, 1):
        site.store.drop(key)
    for request in site.store.requests():
        site.store.drop_alias(request)


def change_records(random: Random, maker: Attacked) -> None:
    """Change one to three values in one of the records; its digest is right."""
    key = random.choice(maker.store.keys())
    unit = maker.store.get(key)
    assert unit is not None
    record = copy.deepcopy(unit.record)
    blobs = {name: unit.blob(name) for name in unit.names}
    found = places(record)
    for _ in range(random.choice((1, 1, 3))):
        if found and random.random() < 0.85:
            where, name = random.choice(found)
            value = random.choice(_VALUES) if random.random() < 0.6 else hostile_text(random)
            if isinstance(where, dict) and random.random() < 0.2:
                where[hostile_text(random)] = where.pop(name, None)
            elif isinstance(where, dict) or name < len(where):
                where[name] = copy.deepcopy(value)
        elif blobs:
            name = random.choice(list(blobs))
            blobs[name] = spoiled(blobs[name], random)
    try:
        maker.store.put(key, json.loads(json.dumps(record, allow_nan=False)), blobs)
    except ValueError:
        maker.store.put(key, {"model": {"name": "x"}, "layers": []}, blobs)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place of a value inside a record: a mapping or list, and the key in it."""
    found: list[tuple[Any, Any]] = []
    for key, item in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        found.append((value, key))
        if isinstance(item, (dict, list)):
            found += places(item)
    return found


def _members(bundle: Path) -> list[tuple[str, bytes]]:
    """Return name and contents of each member of a bundle."""
    with tarfile.open(bundle) as packed:
        files = [(member.name, packed.extractfile(member)) for member in packed]
        return [(name, file.read()) for name, file in files if file is not None]


def _written(members: list[tuple[str, bytes]]) -> bytes:
    """Return an archive of plain files."""
    return b"".join(_member(tarfile.TarInfo(name), body) for name, body in members) + bytes(1024)


def _member(info: tarfile.TarInfo, body: bytes) -> bytes:
    info.size = info.size or len(body)
    return info.tobuf(tarfile.GNU_FORMAT) + body + bytes(-len(body) % 512)


def archive(random: Random, members: list[tuple[str, bytes]]) -> bytes:
    """Return a bundle whose members or whose list are not as they should be."""
    contents = json.loads(members[0][1])
    kind = random.randrange(6)
    if kind == 0:
        where, key = random.choice(places(contents))
        where[key] = random.choice(_VALUES[:9] + _VALUES[10:])
        members[0] = (members[0][0], json.dumps(contents).encode())
    elif kind == 1:
        members[0] = (
            members[0][0],
            random.choice((b"", b"[]", b"[" * 100_000, b"{" * 9, b"\xff\xfe", b'{"a":' * 60_000, b"9" * 9000, b"null")),
        )
    elif kind == 2:
        random.shuffle(members)
    elif kind == 3:
        members += [random.choice(members)] * random.choice((1, 40))
    elif kind == 4:
        answers = contents["answers"]
        (answer,) = answers.values()
        answers.update({f"{number:040x}": {**answer, "declared": {}} for number in range(random.choice((3, 300)))})
        members[0] = (members[0][0], json.dumps(contents).encode())
    written = _written(members)
    if kind == 5:
        name, body = random.choice(members)
        odd = tarfile.TarInfo(random.choice((name, "../escaped", "/escaped", "\x1b[2J")))
        odd.type = random.choice(
            (
                tarfile.SYMTYPE,
                tarfile.LNKTYPE,
                tarfile.FIFOTYPE,
                tarfile.DIRTYPE,
                tarfile.GNUTYPE_SPARSE,
                tarfile.XHDTYPE,
            )
        )
        odd.size = random.choice((len(body), 1 << 40, 0))
        written = random.choice((_member(odd, body) + written, written[:-1024] + _member(odd, body)))
    return written
