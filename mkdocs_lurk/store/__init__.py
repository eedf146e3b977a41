"""Keep finished results, each under the digest of what made it."""

from mkdocs_lurk.store.answers import Answer
from mkdocs_lurk.store.bundle import pack, unpack
from mkdocs_lurk.store.cleaning import CleanResult, clean
from mkdocs_lurk.store.keys import digest
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store, StoredUnit
from mkdocs_lurk.store.temporary import temporary_store

__all__ = [
    "Answer",
    "CleanResult",
    "ModelReader",
    "Store",
    "StoredUnit",
    "clean",
    "digest",
    "pack",
    "temporary_store",
    "unpack",
]
