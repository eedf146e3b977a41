"""The option ``classes``: the names of a network's outputs."""

from __future__ import annotations

from pathlib import Path

from mkdocs_lurk.config.images import CLASS_NAME
from mkdocs_lurk.config.validation import existing_path, read_text
from mkdocs_lurk.text import as_label


def read_classes(value: object, path: str, root: Path) -> str | tuple[str, ...] | None:
    """Return the names of the outputs: ``imagenet``, a file of names, or the names; None if nothing is said.

    Raises:
        ConfigError: It is none of these, or there is no such file.
    """
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        names = (str(item) if type(item) in (int, float) else item for item in value)
        return tuple(as_label(read_text(name, f"{path}[{at}]", CLASS_NAME)) for at, name in enumerate(names))
    classes = read_text(value, path, "imagenet, a file of names, or a list of names")
    if classes != "imagenet":
        existing_path(classes, path, root, "file")
    return classes
