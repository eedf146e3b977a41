"""A unit that the tests of the store put, and the files of a store."""

from __future__ import annotations

from mkdocs_lurk.store import Store, digest

KEY = digest("a unit")


OTHER = digest("another unit")


RECORD = {"filters": [{"index": 0, "score": 1.5}], "text": "Größe"}


BLOBS = {"photo": bytes(range(256)) * 40, "empty": b"", "grad": b"\x00\x01" * 500}


def files(store: Store) -> list[str]:
    return sorted(path.name for path in store.root.rglob("*") if path.is_file())
