"""Check all values from ``mkdocs.yml`` before any is read: plain ones, in bounded number, nesting and length.

YAML can say a value that is larger than any memory in a few lines (aliases), and MkDocs' YAML any object of Python.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

from mkdocs_lurk.config.validation import quoted
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.limits import LARGEST_NUMBER, MOST_NESTING, MOST_TEXT, MOST_VALUES

_PLAIN = (str, int, float, dt.date, type(None))
_HALVES = re.compile("[\ud800-\udfff]")


def check_values(values: object, place: str) -> None:
    """Check everything that is declared, before anything of it is read.

    Args:
        values: Lists and mappings of plain values.
        place: The path of their key.

    Raises:
        ConfigError: There are too many, too long, too deep or other values, or a text holds half a character.
    """
    waiting: list[tuple[object, str, int]] = [(values, place, 0)]
    n_values = 0
    while waiting:
        value, path, depth = waiting.pop()
        n_values += 1
        if n_values > MOST_VALUES:
            raise ConfigError(
                f"{place}: there are more than {MOST_VALUES:,} values, each counted as often as an alias repeats it; "
                "give long lists in files, and write out what '*' names"
            )
        if isinstance(value, (Mapping, list, tuple)):
            waiting += _inside(value, path, depth)
        else:
            _check_plain(value, path)


def _inside(
    value: Mapping[object, object] | list[object] | tuple[object, ...], path: str, depth: int
) -> list[tuple[object, str, int]]:
    """Return what a list or a mapping holds, keys too, with its paths and depth, the first on top."""
    if depth == MOST_NESTING:
        raise ConfigError(
            f"{path}: lists and mappings are more than {MOST_NESTING} deep, or hold themselves; flatten them"
        )
    if len(value) > MOST_VALUES:
        return [(None, path, depth)] * (MOST_VALUES + 1)  # refused by their number
    if isinstance(value, Mapping):
        found: list[tuple[object, str, int]] = []
        for key, item in value.items():
            _check_plain(key, path)
            found.append((item, f"{path}.{quoted(key)[1:-1] if isinstance(key, str) else quoted(key)}", depth + 1))
    else:
        found = [(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
    return found[::-1]


def _check_plain(value: object, path: str) -> None:
    if not isinstance(value, _PLAIN):
        raise ConfigError(f"{path}: {quoted(value)} is a {type(value).__name__}; give text, numbers, lists or mappings")
    if isinstance(value, int) and abs(value) >= LARGEST_NUMBER:
        raise ConfigError(f"{path}: a whole number of hundreds of digits; give a smaller one, or text")
    if isinstance(value, str):
        if len(value) > MOST_TEXT:
            raise ConfigError(f"{path}: a text of {len(value):,} characters; give at most {MOST_TEXT:,}")
        if _HALVES.search(value):
            raise ConfigError(f"{path}: {quoted(value)} holds half a character (\\ud800 to \\udfff); write it whole")
