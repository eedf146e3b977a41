"""The folders in which relative paths of the options start, where ``mkdocs.yml`` inherits from another file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

ROOTS = ("cache_dir", "defaults", "models")
"""The keys with paths in them."""
_PATHS = ("source", "weights", "images", "classes", "card")
"""The keys of a model that may be paths."""


def anchor_defaults(mapping: Mapping[str, object], roots: Mapping[str, Path]) -> Mapping[str, object]:
    """Return the options with absolute paths in ``defaults``, where they start in another folder than the models'.

    Args:
        mapping: The plugin's options.
        roots: The folder of each key of ``ROOTS``.
    """
    defaults, root = mapping.get("defaults"), roots["defaults"]
    if root == roots["models"] or not isinstance(defaults, Mapping):
        return mapping
    paths = {key: value for key in _PATHS if isinstance(value := defaults.get(key), str)}
    anchored = {
        key: str(root / value)
        for key, value in paths.items()
        if (root / (value.rpartition(":")[0] if key == "source" else value)).exists()
    }
    return {**mapping, "defaults": {**defaults, **anchored}}
