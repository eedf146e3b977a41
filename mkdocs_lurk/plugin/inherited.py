"""Find in which file a key was written, where ``mkdocs.yml`` inherits from another: its paths start in that folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import yaml
from mkdocs.utils.yaml import get_yaml_loader

from mkdocs_lurk.config.roots import ROOTS
from mkdocs_lurk.errors import ConfigError

_DEEPEST = 50
"""How many files may inherit from each other; MkDocs itself fails on a circle."""


def folders_of_keys(path: Path) -> dict[str, Path]:
    """Return the folder in which the plugin's keys with paths were written, by the key.

    Args:
        path: ``mkdocs.yml``, which MkDocs could read. Keys that are written nowhere are left out.
    """
    found: dict[str, Path] = {}
    for _ in range(_DEEPEST):
        content = _read(path)
        options, is_whole = _options(content.get("plugins"))
        found |= {key: path.resolve().parent for key in ROOTS if key in options and key not in found}
        inherited = content.get("INHERIT")
        if not isinstance(inherited, str) or is_whole:
            return found
        path = Path(os.path.normpath(path.parent / inherited))
    raise ConfigError(f"{path}: more than {_DEEPEST} files inherit from each other; inherit from fewer")


def _read(path: Path) -> Mapping[str, object]:
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        content = yaml.load(file, Loader=get_yaml_loader())  # noqa: S506 - MkDocs' own loader, as it reads the file
    return content if isinstance(content, dict) else {}


def _options(plugins: object) -> tuple[Mapping[str, object], bool]:
    """Return the plugin's own options under ``plugins``, and whether those of inherited files do not count.

    MkDocs merges mappings, and puts a list in the place of another.
    """
    if isinstance(plugins, dict):
        options = plugins.get("lurk")
        return options if isinstance(options, dict) else {}, False
    for entry in plugins if isinstance(plugins, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("lurk"), dict):
            return entry["lurk"], True
    return {}, isinstance(plugins, list)
