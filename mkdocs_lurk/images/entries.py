"""What is known of a picture before it is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """One picture of a set.

    Attributes:
        path: Relative to the set's root, with slashes; the item's number for a dataset.
        label: The name of its class, or None.
        digest: SHA-256 of the file's contents, or of the pixels of a dataset's item.
    """

    path: str
    label: str | None
    digest: str

    @classmethod
    def unreadable(cls, path: str) -> ImageEntry:
        """Make the entry of a dataset's item that could not be read: it keeps its place."""
        return cls(path, None, hashlib.sha256(path.encode()).hexdigest())

    @property
    def is_unreadable(self) -> bool:
        """Whether this is the entry of a dataset's item that could not be read."""
        return self == ImageEntry.unreadable(self.path)
