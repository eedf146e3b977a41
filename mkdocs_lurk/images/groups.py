"""Groups of classes: those that an author declares, else those of nested class folders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mkdocs_lurk.config.labels import Groups
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.images.entries import ImageEntry
from mkdocs_lurk.text import as_label

TRAINING_SPLITS = frozenset({"train", "training"})
"""What the part of a dataset is called that networks are trained on."""
SPLIT_NAMES = TRAINING_SPLITS | frozenset({"val", "valid", "validation", "test", "testing", "dev"})
"""What folders are called that hold a part of a dataset, and not a class."""


def nested_groups(paths: Iterable[str]) -> Groups | None:
    """Return the classes in each group if folders are nested as ``group/class/picture.jpg``, sorted.

    They are if every picture lies in two folders or more, the inner one has another name in each group, there are two
    groups or more, one of them holds several classes, and none is called like a part of a dataset (train, val).

    Args:
        paths: The pictures' paths with slashes, relative to the folder of all.

    Returns:
        None if the folders are not nested like that.
    """
    group_of: dict[str, str] = {}
    for path in paths:
        group, _, rest = as_label(path).partition("/")
        member, _, name = rest.partition("/")
        if not name or group_of.setdefault(member, group) != group:
            return None
    groups: dict[str, list[str]] = {}
    for member in sorted(group_of):
        groups.setdefault(group_of[member], []).append(member)
    if len(groups) < 2 or len(groups) == len(group_of) or any(name.lower() in SPLIT_NAMES for name in groups):
        return None
    return {group: tuple(groups[group]) for group in sorted(groups)}


def class_groups(config: ModelConfig, entries: Sequence[ImageEntry]) -> Groups:
    """Return the groups of a model's classes: the declared ones, else those of nested class folders.

    Args:
        config: The model.
        entries: Its pictures.

    Returns:
        The classes of each group, by the group's name; empty if there are no groups.
    """
    if config.groups is not None:
        return config.groups
    if not all(entry.label is not None and as_label(entry.path).split("/")[1:2] == [entry.label] for entry in entries):
        return {}
    return nested_groups(entry.path for entry in entries) or {}
