"""Keep: finished results under the digest of what made them."""

from mkdocs_lurk.store.keys import digest
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store, Unit

__all__ = ["ModelReader", "Store", "Unit", "digest"]
