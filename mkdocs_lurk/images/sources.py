"""The declared pictures: list them in order, with their classes and digests, and open each of them."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.reading import author_code
from mkdocs_lurk.config.references import code_digest, import_reference, is_reference
from mkdocs_lurk.errors import ImageError, StoreError, describe_error
from mkdocs_lurk.files import write_json
from mkdocs_lurk.images.file_digests import FileDigests
from mkdocs_lurk.images.reading import Picture, as_picture, is_picture, read_picture
from mkdocs_lurk.names import ImageId

log = logging.getLogger("mkdocs.plugins.lurk.images")


class MapDataset(Protocol):
    """A map-style dataset, as PyTorch calls it; its items are pictures or ``(picture, label)``."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> object: ...


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


@dataclass(frozen=True)
class ImageSet:
    """The pictures of a model; a picture's id is its index in ``entries``.

    Attributes:
        root: The folder of the pictures; for a dataset, that of ``mkdocs.yml``.
        entries: In sorted path order; for a dataset, in its own order.
        label_indices: The number that a dataset gives to each label; empty for folders.
    """

    root: Path
    entries: tuple[ImageEntry, ...]
    label_indices: Mapping[str, int] = field(default_factory=dict)
    _config: ModelConfig | None = None
    _dataset: list[MapDataset] = field(default_factory=list)  # filled when the first picture is opened

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, sorted; empty if no picture has one."""
        return tuple(sorted({entry.label for entry in self.entries if entry.label is not None}))

    def open(self, image: ImageId) -> Picture:
        """Read a picture.

        Returns:
            A PIL picture, upright, or an array ``(h, w, c)``, uint8 or float32 in 0..1.

        Raises:
            ImageError: It cannot be read; the message names it.
        """
        with author_code(None):  # a transform's factory may ask for a picture; what that reads is not its reading
            entry = self.entries[image]
            if self._config is None:
                return read_picture(self.root / entry.path, entry.path)
            if not self._dataset:
                self._dataset.append(_open_dataset(self._config))
            return _read_item(self._dataset[0], image, self._config)[0]


def list_images(config: ModelConfig, cache_file: Path | None = None, *, anew: bool = False) -> ImageSet:
    """List a model's pictures and digest their contents.

    Args:
        config: Its ``images`` is a folder of class folders, a flat folder, or a reference to the factory of a
            map-style dataset.
        cache_file: A JSON file that remembers the digests of unchanged files. A dataset's list is remembered beside
            it until the file of its factory changes: until then, not even the factory runs.
        anew: Forget the remembered list of a dataset.

    Raises:
        ImageError: There is no picture, or the factory fails.
    """
    if is_reference(config.images):
        return _list_dataset(config, cache_file, anew)
    root = config.root / Path(config.images).expanduser()
    paths = sorted(_picture_paths(root, config.images))
    digests = FileDigests(cache_file)
    entries = tuple(ImageEntry(path, _class_folder(path), _file_digest(digests, root, path)) for path in paths)
    digests.save()
    return ImageSet(root, entries)


def _class_folder(path: str) -> str | None:
    return path.split("/", 1)[0] if "/" in path else None


def _file_digest(digests: FileDigests, root: Path, path: str) -> str:
    try:
        return digests.digest(root / path)
    except OSError as reason:
        raise ImageError(f"{path} cannot be read ({reason.strerror}); see to its permissions") from reason


def _picture_paths(root: Path, declared: str) -> list[str]:
    """Return the paths of the pictures under a folder, with slashes; hidden files and folders are left out."""
    pictures: list[str] = []
    other_suffixes: Counter[str] = Counter()
    for path in _walk(root, set()):
        name = path.relative_to(root).as_posix()
        if is_picture(path):
            pictures.append(name)
        else:
            other_suffixes[path.suffix.lower() or path.name] += 1
            log.debug("%s is no picture and is passed over", name)
    if not pictures:
        counts = ", ".join(f"{count} {suffix}" for suffix, count in other_suffixes.most_common(3))
        raise ImageError(
            f"images: {declared!r} holds no picture{f' (only {counts})' if counts else ''}; put some there"
        )
    return pictures


def _walk(folder: Path, visited: set[str]) -> Iterator[Path]:
    """Yield every file under a folder; each folder is entered once, however many links lead to it."""
    real = os.path.realpath(folder)
    if real in visited:
        return
    visited.add(real)
    for path in folder.iterdir():
        if path.name.startswith((".", "__MACOSX")):
            continue
        if path.is_dir():
            yield from _walk(path, visited)
        elif path.is_file():
            yield path


def _list_dataset(config: ModelConfig, cache_file: Path | None, anew: bool) -> ImageSet:
    key = hashlib.sha256(f"{config.images} {code_digest(config.images, config.root)}".encode()).hexdigest()[:16]
    listing_file = cache_file.with_name(f"{cache_file.stem}-{key}.json") if cache_file is not None else None
    listing = None if anew else _read_listing(listing_file)
    if listing is not None:
        return ImageSet(config.root, *listing, config)
    dataset = _open_dataset(config)
    with author_code(config.root):
        entries, label_indices = _list_items(dataset, config)
    if listing_file is not None:
        items = [[entry.path, entry.label, entry.digest] for entry in entries]
        try:
            write_json(listing_file, {"entries": items, "indices": label_indices})
        except StoreError:
            log.debug("%s cannot be written; the dataset will be listed again", listing_file)
    return ImageSet(config.root, entries, label_indices, config, [dataset])


def _read_listing(file: Path | None) -> tuple[tuple[ImageEntry, ...], dict[str, int]] | None:
    """Return a dataset's remembered entries and label indices; None if there are none, or if the file is damaged."""
    try:
        cache = json.loads(file.read_text(encoding="utf-8")) if file is not None else None
        return (
            None if cache is None else (tuple(ImageEntry(*item) for item in cache["entries"]), dict(cache["indices"]))
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _open_dataset(config: ModelConfig) -> MapDataset:
    with import_reference(config.images, config.root, ImageError, "images") as factory:
        is_dataset = not isinstance(factory, type) and hasattr(factory, "__getitem__")
        dataset: MapDataset = factory if is_dataset else factory()
        if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
            raise ImageError(
                f"images: {config.images} gave a {type(dataset).__name__}; "
                "it must return a map-style dataset, with a length and items by number"
            )
        if len(dataset) == 0:
            raise ImageError(f"images: the dataset of {config.images} is empty; give one with pictures")
    return dataset


def _list_items(dataset: MapDataset, config: ModelConfig) -> tuple[tuple[ImageEntry, ...], dict[str, int]]:
    """Return an entry for each item, also for those that cannot be read, and the number of each label."""
    class_names = [str(name) for name in getattr(dataset, "classes", None) or ()]
    digits = len(str(len(dataset) - 1))
    entries, label_indices = [], {}
    for index in range(len(dataset)):
        path = f"{index:0{digits}d}"
        try:
            picture, label = _read_item(dataset, index, config)
            digest = _pixel_digest(picture)
        except ImageError as reason:
            log.debug("%s", reason)
            entries.append(ImageEntry(path, None, hashlib.sha256(path.encode()).hexdigest()))
            continue
        name = _label_name(label, class_names)
        if name is not None and isinstance(label, int):
            label_indices[name] = label
        entries.append(ImageEntry(path, name, digest))
    return tuple(entries), label_indices


def _read_item(dataset: MapDataset, index: int, config: ModelConfig) -> tuple[Picture, int | str | None]:
    name = f"item {index} of {config.images}"
    try:
        item = dataset[index]
    except Exception as reason:  # the author's own code
        raise ImageError(f"{name} cannot be read: {describe_error(reason)}") from reason
    label = None
    if isinstance(item, (tuple, list)) and item:
        label = item[1] if len(item) > 1 else None
        item = item[0]
    if label is not None and not isinstance(label, str):
        label = int(label) if np.ndim(label) == 0 and float(label).is_integer() else None
    return as_picture(item, name), label


def _label_name(label: int | str | None, class_names: list[str]) -> str | None:
    if isinstance(label, int):
        return class_names[label] if 0 <= label < len(class_names) else str(label)
    return label


def _pixel_digest(picture: Picture) -> str:
    if isinstance(picture, Image.Image):
        digest = hashlib.sha256(f"{picture.mode} {picture.size}".encode())
        if picture.mode == "P":
            picture = picture.convert("RGBA")
        digest.update(picture.tobytes())
    else:
        digest = hashlib.sha256(f"{picture.dtype} {picture.shape}".encode())
        digest.update(np.ascontiguousarray(picture).data)
    return digest.hexdigest()
