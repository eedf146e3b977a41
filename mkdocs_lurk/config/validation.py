"""Read a declared mapping key by key, and say exactly where a value is wrong.

A message opens with the key's path: ``plugins.lurk.models[0].top_k: 0 is too small: ...``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mkdocs_lurk.errors import ConfigError, near


def shown(value: object) -> str:
    """A value as a message shows it: one line, at most 60 characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."


def whole(value: object, path: str, least: int, what: str) -> int:
    """Read a whole number of at least ``least``; ``what`` says what to give instead."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{path}: {shown(value)} is no whole number; give {what}")
    if value < least:
        raise ConfigError(f"{path}: {value} is too small; give {what}")
    return value


def text(value: object, path: str, what: str) -> str:
    """Read a text that is not empty, without the blanks around it."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{path}: {shown(value)} is no text; give {what}")
    return value.strip()


def one_of(value: object, path: str, known: tuple[str, ...]) -> str:
    """Read one of a few words."""
    if isinstance(value, str) and value in known:
        return value
    hint = near(value, known) if isinstance(value, str) else ""
    raise ConfigError(f"{path}: {shown(value)} is not known{hint or '; give ' + ' or '.join(known)}")


def texts(value: object, path: str, what: str) -> tuple[str, ...]:
    """Read a list of texts."""
    if not isinstance(value, (list, tuple)):
        raise ConfigError(f"{path}: {shown(value)} is no list; give {what}")
    return tuple(text(item, f"{path}[{index}]", what) for index, item in enumerate(value))


def existing(value: str, path: str, root: Path, kind: str) -> Path:
    """Resolve a path against ``root`` and see that it is there.

    Args:
        value: The path as declared.
        path: The key's path.
        root: The folder that relative paths start from.
        kind: ``file`` or ``folder``.
    """
    found = root / Path(value).expanduser()
    if not found.exists():
        raise ConfigError(f"{path}: {value!r} does not exist{_neighbours(found, root)}")
    if found.is_dir() != (kind == "folder"):
        raise ConfigError(f"{path}: {value!r} is a {'folder' if found.is_dir() else 'file'}; give a {kind}")
    return found


def _neighbours(missing: Path, root: Path) -> str:
    """Name what lies where the first missing part of a path was looked for."""
    parent, wanted = missing.parent, missing.name
    while not parent.exists():
        parent, wanted = parent.parent, parent.name
    try:
        names = sorted(entry.name for entry in parent.iterdir()) if parent.is_dir() else []
    except OSError:
        names = []
    found = difflib.get_close_matches(wanted, names, n=3, cutoff=0.6)
    if not found:
        return "; relative paths start from the folder of mkdocs.yml"
    folder = parent.relative_to(root) if parent.is_relative_to(root) else parent
    return "; did you mean " + " or ".join(repr((folder / name).as_posix()) for name in found) + "?"


class Section:
    """One mapping of the configuration, with the place it stands and the defaults behind it.

    Args:
        value: What was declared; nothing counts as an empty mapping.
        path: The key's path, for messages.
        known: The keys that may be in it.
        behind: The same section of ``defaults``, asked for keys that are not here.
    """

    def __init__(self, value: object, path: str, known: Iterable[str], behind: Section | None = None) -> None:
        value = {} if value is None else value
        if not isinstance(value, Mapping):
            raise ConfigError(f"{path}: {shown(value)} is no mapping; give keys and values: {', '.join(known)}")
        self.path = path
        self._values: dict[str, Any] = {}
        self._behind = behind
        known = tuple(known)
        for key, item in value.items():
            if key not in known:
                hint = near(str(key), known) or "; known keys: " + ", ".join(known)
                raise ConfigError(f"{path}: unknown key {str(key)!r}{hint}")
            self._values[key] = item

    def __contains__(self, key: str) -> bool:
        return key in self._values or (self._behind is not None and key in self._behind)

    def get(self, key: str, default: object = None) -> tuple[Any, str]:
        """The value of a key and the path of where it was declared."""
        if key not in self._values and self._behind is not None and key in self._behind:
            return self._behind.get(key)
        return self._values.get(key, default), f"{self.path}.{key}"

    def need(self, key: str, what: str) -> tuple[Any, str]:
        """The value of a key that has no default."""
        if key not in self:
            raise ConfigError(f"{self.path}: the key {key!r} is missing; give {what}")
        return self.get(key)

    def whole(self, key: str, default: int, least: int, what: str) -> int:
        """A whole number of at least ``least``."""
        value, path = self.get(key, default)
        return whole(value, path, least, what)

    def one_of(self, key: str, default: str, known: tuple[str, ...]) -> str:
        """One of a few words."""
        value, path = self.get(key, default)
        return one_of(value, path, known)

    def section(self, key: str, known: Iterable[str]) -> Section:
        """A mapping inside this one; its keys are looked up in the defaults' mapping too."""
        known = tuple(known)
        behind = None
        if self._behind is not None and isinstance(self._behind._values.get(key), Mapping):
            behind = Section(self._behind._values[key], f"{self._behind.path}.{key}", known)
        value = self._values.get(key)
        if value is None and self._behind is not None and behind is None:
            value, path = self.get(key)
            return Section(value, path, known)
        return Section(value, f"{self.path}.{key}", known, behind)
