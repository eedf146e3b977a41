"""The declared pictures: what there is, in which order, of which class, and each picture itself."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.references import code_digest, found, is_reference
from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.file_digests import FileDigests, replace_json
from mkdocs_lurk.images.reading import Picture, as_picture, is_picture, read_picture
from mkdocs_lurk.names import ImageId

log = logging.getLogger("mkdocs.plugins.lurk.images")


@dataclass(frozen=True, slots=True)
class ImageEntry:
    """One picture of a set.

    Attributes:
        path: Relative to the set's root, with slashes; the item's number for a dataset.
        label: The name of its class, or none.
        digest: SHA-256 of the file's contents, or of the pixels of a dataset's item.
    """

    path: str
    label: str | None
    digest: str


@dataclass(frozen=True)
class ImageSet:
    """The pictures of a model; a picture's id is its place in ``entries``.

    Attributes:
        root: The folder of the pictures; for a dataset, that of ``mkdocs.yml``.
        entries: In sorted path order; for a dataset, in its own order.
        label_indices: The number that a dataset gives to each label; empty for folders.
    """

    root: Path
    entries: tuple[ImageEntry, ...]
    label_indices: Mapping[str, int] = field(default_factory=dict)
    _config: ModelConfig | None = None
    _dataset: list[Any] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, sorted; empty where no picture has one."""
        return tuple(sorted({entry.label for entry in self.entries if entry.label is not None}))

    def open(self, image: ImageId) -> Picture:
        """Read a picture.

        Returns:
            A PIL picture, upright, or an array ``(h, w, c)``, uint8 or float32 in 0..1.

        Raises:
            ImageError: It cannot be read; the message names it.
        """
        entry = self.entries[image]
        if self._config is None:
            return read_picture(self.root / entry.path, entry.path)
        if not self._dataset:
            self._dataset.append(_open_dataset(self._config))
        return _item(self._dataset[0], image, self._config)[0]


def list_images(config: ModelConfig, remembered: Path | None = None) -> ImageSet:
    """List a model's pictures and digest their contents.

    Args:
        config: Its ``images`` is a folder of class folders, a flat folder, or a reference to the factory of a
            map-style dataset, whose items are pictures or ``(picture, label)``.
        remembered: A JSON file that remembers the digests of unchanged files. A dataset's list is remembered for as
            long as the file of its factory is the same: then the factory does not even run.

    Raises:
        ImageError: There is no picture, or the factory fails.
    """
    if is_reference(config.images):
        return _list_dataset(config, remembered)
    root = config.root / Path(config.images).expanduser()
    paths = sorted(_pictures(root, config.images))
    digests = FileDigests(remembered)
    entries = tuple(ImageEntry(path, _label(path), _digest(digests, root, path)) for path in paths)
    digests.save()
    return ImageSet(root, entries)


def _label(path: str) -> str | None:
    return path.split("/", 1)[0] if "/" in path else None


def _digest(digests: FileDigests, root: Path, path: str) -> str:
    try:
        return digests.digest(root / path)
    except OSError as reason:
        raise ImageError(f"{path} cannot be read ({reason.strerror}); see to its permissions") from reason


def _pictures(root: Path, declared: str) -> list[str]:
    """The pictures under a folder, as paths with slashes; hidden files and folders are passed over."""
    pictures: list[str] = []
    others: Counter[str] = Counter()
    for path in _files(root, set()):
        name = path.relative_to(root).as_posix()
        if is_picture(path):
            pictures.append(name)
        else:
            others[path.suffix.lower() or path.name] += 1
            log.debug("%s is no picture and is passed over", name)
    if not pictures:
        held = ", ".join(f"{count} {suffix}" for suffix, count in others.most_common(3))
        raise ImageError(f"images: {declared!r} holds no picture{f' (only {held})' if held else ''}; put some there")
    return pictures


def _files(folder: Path, seen: set[str]) -> Iterator[Path]:
    """Every file under a folder, links followed once."""
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    for path in folder.iterdir():
        if path.name.startswith((".", "__MACOSX")):
            continue
        if path.is_dir():
            yield from _files(path, seen)
        elif path.is_file():
            yield path


def _list_dataset(config: ModelConfig, remembered: Path | None) -> ImageSet:
    key = hashlib.sha256(f"{config.images} {code_digest(config.images, config.root)}".encode()).hexdigest()[:16]
    memory = remembered.with_name(f"{remembered.stem}-{key}.json") if remembered is not None else None
    held = _recall(memory)
    if held is not None:
        entries, indices = held
        return ImageSet(config.root, entries, indices, config)
    dataset = _open_dataset(config)
    entries, indices = _entries(dataset, config)
    if memory is not None:
        try:
            replace_json(memory, {"entries": [[e.path, e.label, e.digest] for e in entries], "indices": indices})
        except OSError:
            log.debug("%s cannot be written; the dataset will be listed again", memory)
    return ImageSet(config.root, entries, indices, config, [dataset])


def _recall(memory: Path | None) -> tuple[tuple[ImageEntry, ...], dict[str, int]] | None:
    try:
        held = json.loads(memory.read_text(encoding="utf-8")) if memory is not None else None
        return None if held is None else (tuple(ImageEntry(*item) for item in held["entries"]), dict(held["indices"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _open_dataset(config: ModelConfig) -> Any:
    with found(config.images, config.root, ImageError, "images") as factory:
        made = not isinstance(factory, type) and hasattr(factory, "__getitem__")
        dataset = factory if made else factory()
        if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
            raise ImageError(
                f"images: {config.images} gave a {type(dataset).__name__}; "
                "it must return a map-style dataset, with a length and items by number"
            )
        if len(dataset) == 0:
            raise ImageError(f"images: the dataset of {config.images} is empty; give one with pictures")
    return dataset


def _entries(dataset: Any, config: ModelConfig) -> tuple[tuple[ImageEntry, ...], dict[str, int]]:
    names = [str(name) for name in getattr(dataset, "classes", None) or ()]
    width = len(str(len(dataset) - 1))
    entries, indices = [], {}
    for number in range(len(dataset)):
        path = f"{number:0{width}d}"
        try:
            picture, label = _item(dataset, number, config)
            digest = _digest_pixels(picture)
        except ImageError as reason:
            log.debug("%s", reason)
            entries.append(ImageEntry(path, None, hashlib.sha256(path.encode()).hexdigest()))
            continue
        name = _class_name(label, names)
        if name is not None and isinstance(label, int):
            indices[name] = label
        entries.append(ImageEntry(path, name, digest))
    return tuple(entries), indices


def _item(dataset: Any, number: int, config: ModelConfig) -> tuple[Picture, int | str | None]:
    where = f"item {number} of {config.images}"
    try:
        item = dataset[number]
    except Exception as reason:  # the author's own code
        said = " ".join(str(reason).split())
        raise ImageError(f"{where} cannot be read: {type(reason).__name__}: {said}") from reason
    label = None
    if isinstance(item, (tuple, list)) and item:
        label = item[1] if len(item) > 1 else None
        item = item[0]
    if label is not None and not isinstance(label, str):
        label = int(label) if np.ndim(label) == 0 and float(label).is_integer() else None
    return as_picture(item, where), label


def _class_name(label: int | str | None, names: list[str]) -> str | None:
    if isinstance(label, int):
        return names[label] if 0 <= label < len(names) else str(label)
    return label


def _digest_pixels(picture: Picture) -> str:
    if isinstance(picture, Image.Image):
        digest = hashlib.sha256(f"{picture.mode} {picture.size}".encode())
        if picture.mode == "P":
            picture = picture.convert("RGBA")
        digest.update(picture.tobytes())
    else:
        digest = hashlib.sha256(f"{picture.dtype} {picture.shape}".encode())
        digest.update(np.ascontiguousarray(picture).data)
    return digest.hexdigest()
