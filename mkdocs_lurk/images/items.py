"""Read the items of an author's Dataset: pictures, ``(picture, label)``, or mappings with columns (Hugging Face)."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PIL import Image

from mkdocs_lurk.errors import DatasetError, ImageError, LurkError, is_users_interrupt, name_error
from mkdocs_lurk.images.label_names import LABEL_COLUMNS, class_names, features_of, label_column
from mkdocs_lurk.images.reading import Picture, as_picture, looks_like_picture
from mkdocs_lurk.images.values import ValueScale
from mkdocs_lurk.limits import MAX_PIXELS
from mkdocs_lurk.text import as_label, published_reference

log = logging.getLogger("mkdocs.plugins.lurk")

_PICTURE_COLUMNS = ("image", "img", "picture", "pixel_values")


class MapDataset(Protocol):
    """A map-style dataset, as PyTorch calls it."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> object: ...


@dataclass(frozen=True, slots=True)
class Item:
    """One item as it was read.

    Attributes:
        picture: A copy: the dataset may fill its buffer anew.
        label: The name of its class, or None.
        number: The number that the dataset gives to the class; None if it gives none.
    """

    picture: Picture
    label: str | None
    number: int | None

    @property
    def digest(self) -> str:
        """SHA-256 of the pixels, their type and their shape."""
        picture = self.picture
        if isinstance(picture, Image.Image):
            digest = hashlib.sha256(f"{picture.mode} {picture.size}".encode())
            digest.update((picture.convert("RGBA") if picture.mode == "P" else picture).tobytes())
        else:
            digest = hashlib.sha256(f"{picture.dtype} {picture.shape}".encode())
            digest.update(np.ascontiguousarray(picture).data)
        return digest.hexdigest()


class Items:
    """The items of an open dataset.

    Args:
        dataset: The author's dataset.
        reference: How it was declared, for messages.
        scale: What the values of its pictures mean; None for the usual ranges.
        max_pixels: The most pixels that a picture may have.

    Attributes:
        class_names: The names of the dataset's classes by number; None if it does not name them.

    Raises:
        DatasetError: Its parts number their classes differently.
    """

    def __init__(
        self, dataset: MapDataset, reference: str, scale: ValueScale | None = None, max_pixels: int = MAX_PIXELS
    ) -> None:
        self._dataset, self._reference, self._scale, self._max_pixels = dataset, reference, scale, max_pixels
        self._features = features_of(dataset)
        self._label_column = label_column(self._features)
        self.class_names = class_names(dataset, reference)
        self._length = len(dataset)
        self._mentioned = False

    def __len__(self) -> int:
        return self._length

    def name(self, index: int) -> str:
        """Return what messages call an item."""
        return name_item(index, self._reference)

    def read(self, index: int) -> Item:
        """Read one item.

        Raises:
            ImageError: It cannot be read.
            DatasetError: Its label is not among the names of the dataset's classes.
        """
        name = self.name(index)
        try:
            return self._read(index, name)
        except LurkError:
            raise
        except BaseException as reason:  # the author's own code, which may end itself
            if is_users_interrupt(reason):
                raise
            raise ImageError(f"cannot be read: {name_error(reason)}", of=name) from reason

    def _read(self, index: int, name: str) -> Item:
        item = self._dataset[index]
        label: object = None
        if isinstance(item, Mapping) and not looks_like_picture(item):
            label = item.get(self._label_column or self._usual_label(item))
            item = item[self._picture_column(item, name)]
        elif isinstance(item, (tuple, list)) and item:
            label = item[1] if len(item) > 1 else None
            item = item[0]
        picture = as_picture(item, name, self._scale, self._max_pixels)
        return Item(picture, *self._label(label, name))

    def _label(self, label: object, name: str) -> tuple[str | None, int | None]:
        """Return a label's name and number."""
        if isinstance(label, str):
            return as_label(label), None
        number = _whole_number(label)
        if number is None:
            self._mention_other_label(label, name)
            return None, None
        if self.class_names is None:
            return str(number), number
        if number == -1:  # the usual mark of an item without a label
            return None, None
        if not 0 <= number < len(self.class_names):
            raise DatasetError(
                f"images: {name} has the label {number}, but the dataset names {len(self.class_names)} classes; "
                "let its labels count from 0 in the order of these names"
            )
        return self.class_names[number], number

    def _mention_other_label(self, label: object, name: str) -> None:
        """Log once that labels are of a kind that names no class."""
        if label is not None and not self._mentioned:
            self._mentioned = True
            kind = type(label).__name__
            log.info("%s has a label of the type %s, which is neither a whole number nor a text: no class", name, kind)

    def _usual_label(self, item: Mapping[str, object]) -> str:
        return next((column for column in LABEL_COLUMNS if column in item), "")

    def _picture_column(self, item: Mapping[str, object], name: str) -> str:
        """Return the column that holds the picture.

        Raises:
            ImageError: There is none, or there are several and none has a usual name.
        """
        columns = [column for column in item if type(self._features.get(column)).__name__ == "Image"]
        columns = columns or [column for column, value in item.items() if looks_like_picture(value)]
        usual = [column for column in _PICTURE_COLUMNS if column in columns]
        if len(columns) == 1 or usual:
            return (usual or columns)[0]
        listed = ", ".join(map(repr, columns or item))
        what = f"several pictures ({listed})" if columns else f"no picture among its columns ({listed})"
        raise ImageError(f"has {what}; let the factory return a dataset with one column 'image'", of=name)


def name_item(index: int, reference: str) -> str:
    """Return what messages call an item of the dataset that a reference declares."""
    return f"item {index} of {published_reference(reference)}"


def _whole_number(label: object) -> int | None:
    """Return a label that is a whole number, also in a tensor or an array of one element; None for anything else."""
    if label is None or isinstance(label, (Mapping, Sequence)):
        return None
    try:
        value = float(np.asarray(label).item())  # a ValueError if there are several
        return int(value) if value.is_integer() else None
    except (TypeError, ValueError, RuntimeError):
        return None
