"""Find the files that a glob fits, each folder listed once for each part of the pattern, whatever links there are.

Python's own ``glob`` goes through the folders once for every way to share them among several ``**``, and follows links
that lead back to where they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from mkdocs_lurk.declared_files import is_folder, is_regular
from mkdocs_lurk.errors import ImageError, describe_os_error
from mkdocs_lurk.limits import MOST_ENTRIES

_ANY_FOLDERS = "**"
_WILDCARD = re.compile(r"[*?\[]")


def unreadable(folder: Path, reason: OSError) -> ImageError:
    """Make the error that says in one line why a folder cannot be read."""
    return ImageError(
        f"images: the folder {folder.name!r} cannot be read ({describe_os_error(reason)}); give another, or see to "
        "its permissions"
    )


class EntryCount:
    """Counts the files and folders that a declaration makes us look at.

    Args:
        declared: What was declared, for the message.
        most: How many there may be.
    """

    def __init__(self, declared: str, most: int = MOST_ENTRIES) -> None:
        self._declared, self._most, self._seen = declared, most, 0

    def add(self, number: int) -> None:
        """Count some more.

        Raises:
            ImageError: They are too many.
        """
        self._seen += number
        if self._seen > self._most:
            raise ImageError(
                f"images: {self._declared!r} leads through more than {self._most:,} files and folders; name a folder "
                "that holds the pictures alone"
            )


def find_files(folder: Path, pattern: str, count: EntryCount) -> Iterator[Path]:
    """Yield the regular files that a glob fits; ``**`` stands for any folders, and nothing stands for hidden ones.

    Where several links lead to one folder, ``**`` enters it once.

    Args:
        folder: Where the pattern starts.
        pattern: A glob with slashes.
        count: Counts what is looked at.

    Raises:
        ImageError: A folder cannot be read, or there is too much to look at.
    """
    parts = _parts(pattern)
    entered: set[tuple[str, int]] = set()
    places = [(folder, 0)]
    while places:
        place, index = places.pop()
        part, is_last = parts[index], index == len(parts) - 1
        key = os.path.realpath(place) if part == _ANY_FOLDERS else str(place), index
        if key in entered:
            continue
        entered.add(key)
        found = _fitting(place, part, count)
        if part == _ANY_FOLDERS:
            places += [(path, index) for path in reversed(found) if is_folder(path)] + [(place, index + 1)]
        elif is_last:
            yield from filter(is_regular, found)
        else:
            places += [(path, index + 1) for path in reversed(found) if is_folder(path)]


def _parts(pattern: str) -> list[str]:
    """Split a pattern at its slashes; several ``**`` in a row are one, and one at the end fits the files, too."""
    parts: list[str] = []
    for part in pattern.split("/"):
        if part != _ANY_FOLDERS or parts[-1:] != [part]:
            parts.append(part)
    return [*parts, "*"] if parts[-1] == _ANY_FOLDERS else parts


def _fitting(place: Path, part: str, count: EntryCount) -> list[Path]:
    """Return the files and folders in a folder that one part of a pattern fits."""
    if not _WILDCARD.search(part):
        return [place / part]
    hidden = part.startswith(".")
    try:
        names = sorted(path.name for path in place.iterdir())
        count.add(len(names))
        fitting = [name for name in names if fnmatch(name, part) and (hidden or not name.startswith("."))]
        if fitting:
            (place / fitting[0]).lstat()  # a folder may let its names be read, but nothing else
    except OSError as reason:
        raise unreadable(place, reason) from reason
    return [place / name for name in fitting]
