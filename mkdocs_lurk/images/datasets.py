"""An author's Dataset: list its items once, read them later, and hold it to what it gave before.

All of its code runs in one thread, in the order in which the analysis asks. No process is forked: its open files would
share their offsets. Every item that is read is compared with its listing.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mkdocs_lurk.config.author_code import author_code
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.references import code_digest
from mkdocs_lurk.errors import DatasetError, ImageError, StoreError
from mkdocs_lurk.files import read_json, write_json
from mkdocs_lurk.images.author_thread import call_author
from mkdocs_lurk.images.dataset_factory import open_items
from mkdocs_lurk.images.entries import ImageEntry
from mkdocs_lurk.images.items import Item, Items, name_item
from mkdocs_lurk.images.reading import Picture
from mkdocs_lurk.images.unknown_range import refuse_unknown_range
from mkdocs_lurk.images.values import ValueScale
from mkdocs_lurk.limits import MAX_PIXELS

log = logging.getLogger("mkdocs.plugins.lurk.images")

_READING = 3
"""Raised whenever other pixels or another label are made of an item, so that the listings of before are forgotten."""
_READ_TWICE = 8
"""Items that are read a second time when the dataset is listed; all others are compared when they are used."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The items of a dataset.

    Attributes:
        entries: One for each item, also for those that cannot be read.
        label_indices: The number of each label.
        class_names: The names of the dataset's classes by number; empty if it does not name them.
    """

    entries: tuple[ImageEntry, ...]
    label_indices: Mapping[str, int]
    class_names: tuple[str, ...]


class DatasetReader:
    """Lists and reads an author's Dataset, which is opened when the first item is read.

    Args:
        config: The model; its ``images`` is the reference of the factory.
        cache_file: The file that remembers the digests of files; the listing is remembered beside it. None to remember
            nothing.
        anew: Forget the remembered listing.
    """

    def __init__(self, config: ModelConfig, cache_file: Path | None, *, anew: bool = False) -> None:
        self._config = config
        self._items: Items | None = None
        self._confirmed: set[int] = set()  # items that this opened dataset gave as they were listed
        self._listing_file = _listing_file(config, cache_file)
        self._remembered = None if anew else _read_listing(self._listing_file)
        self.listing = self._remembered or call_author(self._list)

    def name(self, index: int) -> str:
        """Return what messages call an item."""
        return name_item(index, self._config.images)

    def read(self, index: int) -> Picture:
        """Read one item's picture, in the author's thread.

        Raises:
            ImageError: It cannot be read, and could not be when the dataset was listed.
            DatasetError: It is not what it was when the dataset was listed.
        """
        with named_by_key(self._config):
            return call_author(self._read, index)

    def _read(self, index: int) -> Picture:
        try:
            items = self._open()
        except ImageError as reason:  # no item can be read, which is not the item's fault
            raise DatasetError(f"{reason}; it was listed before with {len(self.listing.entries)} items") from reason
        try:
            with author_code(None):  # a transform's factory may ask for an item; what that reads is not its reading
                item = items.read(index)
        except ImageError as reason:
            if self.listing.entries[index].is_unreadable:
                raise
            if self._may_be_stale(index):
                raise self._stale(f"item {index} cannot be read{_cause(reason)}") from reason
            raise self._broken(
                index,
                f"was read once and fails when it is read again{_cause(reason)}; let the Dataset give it every time",
            ) from reason
        self._compare(items, index, item)
        return item.picture

    def _compare(self, items: Items, index: int, item: Item) -> None:
        """Compare an item with its listing.

        Raises:
            DatasetError: They differ.
        """
        entry = self.listing.entries[index]
        difference = _difference(entry, item)
        if difference is None:
            self._confirmed.add(index)
            return
        if self._may_be_stale(index) and _same(items, index, item):
            raise self._stale(f"item {index} {difference.partition(' when')[0]}")
        raise self._broken(
            index,
            f"{difference}; a Dataset must give the same item every time: leave out random augmentation, and whatever "
            "depends on the items that were read before",
        )

    def _may_be_stale(self, index: int) -> bool:
        """Return whether an item may differ because it was listed by an earlier run."""
        return self._remembered is not None and index not in self._confirmed

    def _broken(self, index: int, what: str) -> DatasetError:
        """Return the error for an item that changes, and forget the listing."""
        self._forget()
        return DatasetError(f"images: item {index} of {self._config.images} {what}")

    def _stale(self, what: str) -> DatasetError:
        """Return the error for a remembered listing that fits no more, and forget it."""
        self._forget()
        return DatasetError(
            f"images: {self._config.images} is not what it was when it was listed: {what}; its data changed, or its "
            "factory draws at random; the list is forgotten: run again"
        )

    def _forget(self) -> None:
        if self._listing_file is not None:
            self._listing_file.unlink(missing_ok=True)

    def _open(self) -> Items:
        """Return the items of the dataset, opened at the first call."""
        if self._items is None:
            items = open_items(self._config)
            if self._remembered is not None and len(items) != len(self._remembered.entries):
                raise self._stale(f"it has {len(items)} items, not {len(self._remembered.entries)}")
            if self._remembered is not None and (items.class_names or ()) != self._remembered.class_names:
                raise self._stale("it names other classes, or in another order")
            self._items = items
        return self._items

    def _list(self) -> Listing:
        """Read every item, some of them twice, and remember the listing."""
        items = self._open()
        with author_code(self._config.root):
            self.listing = _list_items(items)
        n_items = len(items)
        for number in reversed(range(min(_READ_TWICE, n_items))):
            index = number * (n_items - 1) // max(1, min(_READ_TWICE, n_items) - 1)
            if not self.listing.entries[index].is_unreadable:
                self._read(index)
        self._remember()
        return self.listing

    def _remember(self) -> None:
        if self._listing_file is None:
            return
        entries = [[entry.path, entry.label, entry.digest] for entry in self.listing.entries]
        try:
            indices, names = dict(self.listing.label_indices), list(self.listing.class_names)
            write_json(self._listing_file, {"entries": entries, "indices": indices, "names": names})
        except StoreError:
            log.debug("%s cannot be written; the dataset will be listed again", self._listing_file)


@contextmanager
def named_by_key(config: ModelConfig) -> Iterator[None]:
    """Let a message that begins with a model's key begin with the whole one: ``plugins.lurk.models[0].images``."""
    try:
        yield
    except (ImageError, DatasetError) as reason:
        if not str(reason).startswith(("images:", "images.", "transform:")):
            raise
        raise type(reason)(f"{config.place}.{reason}") from reason


def _list_items(items: Items) -> Listing:
    """Read every item once.

    Raises:
        ImageError: Not one can be read, or the values of many have no usual range.
    """
    digits = len(str(len(items) - 1))
    entries: list[ImageEntry] = []
    label_indices: dict[str, int] = {}
    failed: list[ImageError] = []
    for index in range(len(items)):
        path = f"{index:0{digits}d}"
        try:
            item = items.read(index)
        except ImageError as reason:
            log.debug("%s", reason)
            entries.append(ImageEntry.unreadable(path))
            failed.append(reason)
            continue
        if item.label is not None and item.number is not None:
            label_indices[item.label] = item.number
        entries.append(ImageEntry(path, item.label, item.digest))
    refuse_unknown_range(failed, len(items))
    if all(entry.is_unreadable for entry in entries):
        raise ImageError(f"images: not one of {len(items)} items can be read; {failed[0]}")
    return Listing(tuple(entries), label_indices, items.class_names or ())


def _difference(entry: ImageEntry, item: Item) -> str | None:
    """Say how an item differs from its listing; None if it does not."""
    if entry.is_unreadable:
        return "failed once and can be read when it is read again"
    if item.digest != entry.digest:
        return "has other pixels when it is read again"
    if item.label != entry.label:
        return f"has the label {item.label!r} when it is read again, not {entry.label!r}"
    return None


def _same(items: Items, index: int, item: Item) -> bool:
    """Return whether an item, read once more, is the same."""
    try:
        again = items.read(index)
    except ImageError as reason:
        log.debug("%s", reason)
        return False
    return again.digest == item.digest and again.label == item.label


def _cause(error: ImageError) -> str:
    """Return the end of a message with the reason for which an item cannot be read."""
    return f": {error.reason.partition('cannot be read: ')[2] or error}"


def _listing_file(config: ModelConfig, cache_file: Path | None) -> Path | None:
    """Return the file of a dataset's listing, named by the declaration and by the code of the factory's file.

    What the pictures' values mean is part of the declaration: it decides which items can be read, and their pixels.
    """
    if cache_file is None:
        return None
    declared = f"{_READING} {config.images} {config.images_detail.split} {code_digest(config.images, config.root)}"
    scale = ValueScale.of(config.transform)
    declared += "" if scale is None else f" {scale.identity}"
    declared += "" if config.max_pixels == MAX_PIXELS else f" {config.max_pixels}"  # decides which items can be read
    key = hashlib.sha256(declared.encode()).hexdigest()[:16]
    return cache_file.with_name(f"{cache_file.stem}-{key}.json")


def _read_listing(file: Path | None) -> Listing | None:
    """Return a remembered listing; None if there is none, or if the file is damaged."""
    try:
        cache = read_json(file) if file is not None else None
        if cache is None:
            return None
        entries = tuple(ImageEntry(*item) for item in cache["entries"])
        return Listing(entries, dict(cache["indices"]), tuple(cache["names"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
