"""The names of the classes of an author's Dataset, also through Subset and ConcatDataset."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping

from mkdocs_lurk.errors import DatasetError

log = logging.getLogger("mkdocs.plugins.lurk.images")


def class_names(dataset: object, reference: str, label_feature: object = None) -> tuple[str, ...] | None:
    """Return the names of a dataset's classes by number; None if it does not name them.

    They are the names of a Hugging Face ``ClassLabel``, or the attribute ``classes`` (torchvision). A ``Subset`` has
    those of its dataset, and a ``ConcatDataset`` those that all of its parts agree on.

    Args:
        dataset: The author's dataset.
        reference: How it was declared, for messages.
        label_feature: The feature of the column of labels.

    Raises:
        DatasetError: The parts of a ``ConcatDataset`` number their classes differently.
    """
    names = _plain_names(getattr(label_feature, "names", None)) or _plain_names(getattr(dataset, "classes", None))
    if names is not None:
        if getattr(dataset, "target_transform", None) is not None:
            log.info("%s has a target_transform: its labels are shown as the numbers that it gives", reference)
            return None
        return names
    if _keeps_items(dataset, "Subset"):
        return class_names(getattr(dataset, "dataset", None), reference)
    if _keeps_items(dataset, "ConcatDataset"):
        return _shared_names(getattr(dataset, "datasets", ()), reference)
    return None


def _keeps_items(dataset: object, name: str) -> bool:
    """Return whether a dataset is one of PyTorch's own kind ``name``, with items that no subclass changed."""
    for kind in type(dataset).__mro__:
        if kind.__module__ == "torch.utils.data.dataset" and kind.__name__ == name:
            return getattr(type(dataset), "__getitem__", None) is getattr(kind, "__getitem__", None)
    return False


def _shared_names(parts: Iterable[object], reference: str) -> tuple[str, ...] | None:
    """Return the names that all parts agree on."""
    found = [class_names(part, reference) for part in parts]
    for number, names in enumerate(found):
        if names != found[0]:
            raise DatasetError(
                f"images: parts 0 and {number} of the ConcatDataset of {reference} number their classes differently "
                f"({_first_names(found[0])}; {_first_names(names)}); give items with the names of their classes as text"
            )
    return found[0] if found else None


def _first_names(names: tuple[str, ...] | None) -> str:
    if names is None:
        return "no names"
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _plain_names(names: object) -> tuple[str, ...] | None:
    """Return class names as distinct texts: of several words for one class the first; equal names get their number."""
    if isinstance(names, (Mapping, str, bytes)) or not isinstance(names, Iterable):
        return None
    texts = [str(name[0] if isinstance(name, (tuple, list)) and name else name) for name in names]
    uses = Counter(texts)
    return tuple(text if uses[text] == 1 else f"{text} ({index})" for index, text in enumerate(texts)) or None
