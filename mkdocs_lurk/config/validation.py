"""Read a declared mapping key by key, and say exactly where a value is wrong.

Every message begins with the key's path: ``plugins.lurk.models[0].top_k: 0 is too small: ...``. In the functions below,
``path`` is that path and ``what`` says what to give instead.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Literal, TypeVar

from mkdocs_lurk.declared_files import expanded, first_bytes, is_folder, is_regular, is_there
from mkdocs_lurk.errors import ConfigError, describe_os_error, near
from mkdocs_lurk.limits import LARGEST_NUMBER

Word = TypeVar("Word", bound=str)
_absent: ContextVar[list[str] | None] = ContextVar("absent", default=None)


@contextmanager
def allow_absent_files() -> Iterator[list[str]]:
    """Let declared files and folders be missing in the context; yields the messages that say so."""
    messages: list[str] = []
    token = _absent.set(messages)
    try:
        yield messages
    finally:
        _absent.reset(token)


_brief = reprlib.Repr()  # of a large or deep value it writes a part: all of it may be beyond any time
_brief.maxlevel, _brief.maxdict, _brief.maxlist, _brief.maxtuple, _brief.maxset = 3, 9, 20, 20, 20
_brief.maxstring, _brief.maxother, _brief.maxlong = 500, 200, 60


def quoted(value: object, most: int = 60) -> str:
    """Return a value as a message shows it: one line, at most ``most`` characters, whatever the value is."""
    if isinstance(value, int) and abs(value) >= LARGEST_NUMBER:
        return "a whole number of hundreds of digits"
    text = " ".join((repr(value) if isinstance(value, str) else _brief.repr(value)).split())
    return text if len(text) <= most else text[: most - 3] + "..."


def read_int(value: object, path: str, minimum: int, what: str, most: int | None = None) -> int:
    """Return a whole number of at least ``minimum``, and of at most ``most`` if that is given."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{path}: {quoted(value)} is no whole number; give {what}")
    if value < minimum:
        raise ConfigError(f"{path}: {value} is too small; give {what}")
    if most is not None and value > most:
        raise ConfigError(f"{path}: {quoted(value)} is too large; give {what}")
    return value


def read_text(value: object, path: str, what: str) -> str:
    """Return a text that is not empty, without the blanks around it."""
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{path}: {quoted(value)} is no text; give {what}")
    return value.strip()


def read_texts(value: object, path: str, what: str) -> tuple[str, ...]:
    """Return a list of texts."""
    if not isinstance(value, (list, tuple)):
        raise ConfigError(f"{path}: {quoted(value)} is no list; give {what}")
    return tuple(read_text(item, f"{path}[{index}]", what) for index, item in enumerate(value))


def read_word(value: object, path: str, known: tuple[Word, ...]) -> Word:
    """Return one of a few words."""
    for word in known:
        if value == word:
            return word
    hint = near(value, known) if isinstance(value, str) else ""
    raise ConfigError(f"{path}: {quoted(value)} is not known{hint or '; give ' + ' or '.join(known)}")


def existing_path(value: str, path: str, root: Path, kind: Literal["file", "folder"]) -> Path:
    """Return a declared file or folder that exists; inside ``allow_absent_files`` also one that does not.

    Args:
        value: The path as declared.
        path: The key's path.
        root: The folder that relative paths start from.
        kind: What it must be.
    """
    target = root / expanded(value)
    try:
        target.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        message = f"{path}: {quoted(value, 200)} does not exist{_suggest_path(target, root)}"
        absent = _absent.get()
        if absent is None:
            raise ConfigError(message) from error
        absent.append(message)
        return target
    except (OSError, ValueError) as error:
        raise _unusable(value, path, error) from error
    if is_folder(target) != (kind == "folder"):
        raise ConfigError(
            f"{path}: {quoted(value, 200)} is a {'folder' if is_folder(target) else 'file'}; give a {kind}"
        )
    if kind == "file":
        _check_file(target, value, path)
    return target


def _check_file(target: Path, value: str, path: str) -> None:
    """Check that a file can be read, and ends: one byte is read, and not waited for."""
    if not is_regular(target):
        raise ConfigError(f"{path}: {quoted(value, 200)} is a device, a pipe or a socket; give a regular file")
    try:
        first_bytes(target, 1)
    except OSError as error:
        raise _unusable(value, path, error) from error


def _unusable(value: str, path: str, error: Exception) -> ConfigError:
    why = describe_os_error(error) if isinstance(error, OSError) else str(error)
    return ConfigError(f"{path}: {quoted(value)} cannot be read ({why}); give another path, or see to its permissions")


def _suggest_path(missing: Path, root: Path) -> str:
    """Return the end of a message that suggests what lies beside the first missing part of a path."""
    parent, wanted = missing.parent, missing.name
    while not is_there(parent) and parent != parent.parent:
        parent, wanted = parent.parent, parent.name
    try:
        names = sorted(entry.name for entry in parent.iterdir()) if is_folder(parent) else []
    except OSError:
        names = []
    matches = difflib.get_close_matches(wanted, names, n=3, cutoff=0.6)
    if not matches:
        return "; relative paths start from the folder of mkdocs.yml"
    folder = parent.relative_to(root) if parent.is_relative_to(root) else parent
    return "; did you mean " + " or ".join(repr((folder / name).as_posix()) for name in matches) + "?"


class Section:
    """One mapping of the configuration, with its path and its defaults.

    Args:
        value: What was declared; None counts as an empty mapping.
        path: The path of the mapping's key.
        known: The keys that may be in it.
        defaults: The section of ``defaults`` that is asked for keys that are not here.
    """

    def __init__(self, value: object, path: str, known: Iterable[str], defaults: Section | None = None) -> None:
        value = {} if value is None else value
        if not isinstance(value, Mapping):
            raise ConfigError(f"{path}: {quoted(value)} is no mapping; give keys and values: {', '.join(known)}")
        self.path = path
        self._values: dict[str, object] = {}
        self._defaults = defaults
        known = tuple(known)
        for key, item in value.items():
            if key not in known:
                hint = near(str(key), known) or "; known keys: " + ", ".join(known)
                raise ConfigError(f"{path}: unknown key {quoted(str(key))}{hint}")
            self._values[key] = item

    def __contains__(self, key: str) -> bool:
        return key in self._values or (self._defaults is not None and key in self._defaults)

    def get(self, key: str, default: object = None) -> tuple[object, str]:
        """Return the value of a key, and the path under which it was declared."""
        if key not in self._values and self._defaults is not None and key in self._defaults:
            return self._defaults.get(key)
        return self._values.get(key, default), f"{self.path}.{key}"

    def require(self, key: str, what: str) -> tuple[object, str]:
        """Return the value of a key that has no default, and its path."""
        if key not in self:
            raise ConfigError(f"{self.path}: the key {quoted(key)} is missing; give {what}")
        return self.get(key)

    def integer(self, key: str, default: int, minimum: int, what: str, most: int | None = None) -> int:
        """Return a whole number of at least ``minimum``, and of at most ``most`` if that is given."""
        return read_int(*self.get(key, default), minimum, what, most)

    def text(self, key: str, default: str, what: str) -> str:
        """Return a text that is not empty."""
        return read_text(*self.get(key, default), what)

    def switch(self, key: str, default: bool) -> bool:
        """Read a key that is true or false."""
        value, path = self.get(key, default)
        if not isinstance(value, bool):
            raise ConfigError(f"{path}: {quoted(value)} is not known; give true or false")
        return value

    def word(self, key: str, default: Word, known: tuple[Word, ...]) -> Word:
        """Return one of a few words."""
        return read_word(*self.get(key, default), known)

    def section(self, key: str, known: Iterable[str]) -> Section:
        """Return a mapping inside this one; its keys are looked up in the defaults' mapping, too."""
        known = tuple(known)
        defaults = None
        if self._defaults is not None and isinstance(self._defaults._values.get(key), Mapping):
            defaults = Section(self._defaults._values[key], f"{self._defaults.path}.{key}", known)
        value = self._values.get(key)
        if value is None and self._defaults is not None and defaults is None:
            value, path = self.get(key)
            return Section(value, path, known)
        return Section(value, f"{self.path}.{key}", known, defaults)
