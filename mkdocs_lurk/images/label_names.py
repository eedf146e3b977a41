"""The names of the classes of an author's Dataset, also through Subset and ConcatDataset."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping

from mkdocs_lurk.errors import DatasetError
from mkdocs_lurk.text import as_label, told_apart

log = logging.getLogger("mkdocs.plugins.lurk.images")


_MOST_CLASSES = 100_000
LABEL_COLUMNS = ("label", "labels", "fine_label", "target", "class")
"""The usual names of the column of labels, the most usual first."""


def features_of(dataset: object) -> Mapping[str, object]:
    """Return the features of a Hugging Face dataset by column, also through Subset and ConcatDataset; else nothing."""
    features = getattr(dataset, "features", None)
    if isinstance(features, Mapping):
        return features
    if _keeps_items(dataset, "Subset"):
        return features_of(getattr(dataset, "dataset", None))
    if _keeps_items(dataset, "ConcatDataset"):
        return next(iter(map(features_of, getattr(dataset, "datasets", ()))), {})
    return {}


def label_column(features: Mapping[str, object]) -> str | None:
    """Return the column of labels that features name; None if they name none, or several equals."""
    columns = [name for name, kind in features.items() if type(kind).__name__ == "ClassLabel"]
    usual = [name for name in LABEL_COLUMNS if name in columns]
    return (usual or columns)[0] if usual or len(columns) == 1 else None


def class_names(dataset: object, reference: str) -> tuple[str, ...] | None:
    """Return the names of a dataset's classes by number; None if it does not name them.

    They are the names of a Hugging Face ``ClassLabel``, or those in the attributes ``classes`` or ``class_to_idx``
    (torchvision), where a number without a name stands for itself. A ``Subset`` has those of its dataset, and a
    ``ConcatDataset`` those that all of its parts agree on.

    Args:
        dataset: The author's dataset.
        reference: How it was declared, for messages.

    Raises:
        DatasetError: The parts of a ``ConcatDataset`` number their classes differently, or ``classes`` and
            ``class_to_idx`` of a dataset do.
    """
    own_names = _own_names(dataset, reference)
    if own_names is None and _keeps_items(dataset, "Subset"):
        return class_names(getattr(dataset, "dataset", None), reference)
    if own_names is None and _keeps_items(dataset, "ConcatDataset"):
        return _shared_names(getattr(dataset, "datasets", ()), reference)
    features = features_of(dataset)
    names = _plain_names(getattr(features.get(label_column(features) or ""), "names", None)) or own_names
    if names is not None and getattr(dataset, "target_transform", None) is not None:
        log.info("%s has a target_transform: its labels are shown as the numbers that it gives", reference)
        return None
    return names


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


def _own_names(dataset: object, reference: str) -> tuple[str, ...] | None:
    """Return the names in a dataset's attribute ``classes``, else in ``class_to_idx``; they must not contradict."""
    listed, indices = getattr(dataset, "classes", None), _indices(getattr(dataset, "class_to_idx", None))
    names = _plain_names(listed)
    if names is None:
        by_index = {index: name for name, index in indices.items()}
        return tuple(by_index.get(index, str(index)) for index in range(max(by_index) + 1)) if by_index else None
    for index, name in enumerate(names):
        if indices.get(name, index) != index and not _is_shared(name, listed):
            raise DatasetError(
                f"images: {reference} has the class {name!r} as number {index} of its classes, and as {indices[name]} "
                "in its class_to_idx; let both say the same"
            )
    return names


def _indices(mapping: object) -> dict[str, int]:
    """Return the numbers in a ``class_to_idx`` by name; nothing if it is something else."""
    if not isinstance(mapping, Mapping):
        return {}
    numbers = {as_label(str(name)): index for name, index in mapping.items() if type(index) is int}
    return numbers if len(numbers) == len(mapping) and all(0 <= n < _MOST_CLASSES for n in numbers.values()) else {}


def _is_shared(name: str, listed: object) -> bool:
    """Return whether several classes have a word: a class may have several (torchvision's ``ImageNet``)."""
    words = Counter(
        as_label(str(word))
        for entry in (listed if isinstance(listed, Iterable) else ())
        for word in (entry if isinstance(entry, (tuple, list)) else [entry])
    )
    return words[name] > 1


def _plain_names(names: object) -> tuple[str, ...] | None:
    """Return class names as distinct texts: of several words for one class the first; equal names get their number."""
    if isinstance(names, (Mapping, str, bytes)) or not isinstance(names, Iterable):
        return None
    texts = [as_label(str(name[0] if isinstance(name, (tuple, list)) and name else name)) for name in names]
    return told_apart(texts) or None
