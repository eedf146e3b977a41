"""The cache: files of it that a disk, another program or another machine changed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from random import Random

from tests.fuzz.channels.bundles import change_records, places
from tests.fuzz.channels.names import check_pages
from tests.fuzz.sites import Sites
from tests.fuzz.texts import hostile_text, spoiled
from tests.fuzz.watch import Watch

_CONTENTS = (
    b"", b"[]", b"{}", b"null", b"[" * 100_000, b'{"a":' * 50_000, b"9" * 9000, b"\xff\xfe", b"lurk-unit-1\n",
    bytes(4096), b'"\\ud800"',
    b'{"files": {}, "summary": {}}', b'{"files": {"../../../../mkdocs.yml": "0"}, "summary": {}}',
    b'{"files": [], "summary": 3}',
    b'{"modules": 3}', b'{"": []}', b'{"x": null}', b'[["a", 3]]', b'{"files": {"index.md": null}, "summary": []}',
)  # fmt: skip


def attack(random: Random, root: Path, sites: Sites) -> Watch:
    """Damage one to three files: a build computes again what is lost, and the site has the same bytes.

    Or forge a record whose digest is right: it is published as text, or refused.
    """
    site = sites.tiny(root)
    expected = published(root)
    shutil.rmtree(root / "site")
    forged = random.random() < 0.2
    if forged:
        change_records(random, site)
        shutil.rmtree(site.made.cache / "pages")
    else:
        if random.random() < 0.5:
            shutil.rmtree(site.made.cache / "pages")  # so that every unit is read
        for _ in range(random.choice((1, 1, 3))):
            damage(random, site.made.cache)
    outcome = site.run(site.build, damaged=True)
    if outcome == "accepted":
        check_pages(root / "site")
    if not forged:
        assert outcome == "accepted", site.watch.refused
        assert published(root) == expected
    return site.watch


def published(root: Path) -> dict[str, bytes]:
    """Return the generated files of a site."""
    folder = root / "site" / "models"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def damage(random: Random, cache: Path) -> None:
    """Change one file or folder of the cache."""
    paths = sorted(path for path in cache.rglob("*") if path.suffix != ".lock")
    files = [path for path in paths if path.is_file()]
    if not files:
        return
    lists = [path for path in files if path.suffix == ".json"]
    path = random.choice(lists if lists and random.random() < 0.4 else files)
    kind = random.randrange(10)
    if kind <= 2:
        path.write_bytes(spoiled(path.read_bytes(), random))
    elif kind == 3:
        path.write_bytes(random.choice(_CONTENTS))
    elif kind == 4:
        path.unlink()
        path.mkdir()
        (path / "x").write_text("x")
    elif kind == 5:
        path.unlink()
        path.symlink_to(random.choice(("/dev/zero", path.name, "missing", "/etc/hostname", "..")))
    elif kind == 6:
        path.unlink()
        os.mkfifo(path)
    elif kind == 7:
        _change_list(random, [path for path in files if path.name == "list.json"])
    elif kind == 8:
        letters = path.read_bytes()
        old = random.choice((b"first", b"tiny", b"index", b"1"))
        path.write_bytes(letters.replace(old, old[::-1]))
    else:
        folder = random.choice([path for path in paths if path.is_dir() and path.name != "locks"])
        shutil.rmtree(folder)
        if folder.parent != cache and random.random() < 0.5:  # what lies in cache_dir itself may be the author's
            folder.write_text("a file in the place of a folder")


def _change_list(random: Random, lists: list[Path]) -> None:
    """Change one value in the lists of generated pages."""
    for path in lists:
        try:
            listed = json.loads(path.read_bytes())
        except ValueError:
            continue  # it was damaged before
        found = places(listed["summary"]) if isinstance(listed, dict) and listed.get("summary") else []
        if found:
            where, key = random.choice(found)
            where[key] = random.choice((hostile_text(random), None, [], 3))
            path.write_text(json.dumps(listed))
