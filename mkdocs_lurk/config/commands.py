"""Find the files that a command names: as its arguments, or inside the command line of a shell."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mkdocs_lurk.config.reading import absolute

_SHELL_SIGNS = re.compile("[\\s'\"`;|&<>()=,$]+")


def named_files(arguments: object, folder: object = None) -> list[str]:
    """Return the absolute paths of the existing files that a command names, each once.

    Args:
        arguments: The command's arguments, or its command line.
        folder: In which it runs; None for the current one.
    """
    given = arguments if isinstance(arguments, (list, tuple)) else [arguments]
    found: dict[str, None] = {}
    for word in dict.fromkeys(word for argument in given for word in _words(argument)):
        with suppress(OSError, ValueError):
            path = Path(os.fsdecode(folder) if isinstance(folder, (str, bytes, os.PathLike)) else "", word)
            if path.is_file():
                found[absolute(str(path))] = None
    return list(found)


def _words(argument: object) -> Iterator[str]:
    """Yield an argument, its words as a shell reads them, and what stands between the signs of a shell's language."""
    if not isinstance(argument, (str, bytes, os.PathLike)):
        return
    text = os.fsdecode(argument)
    yield text
    with suppress(ValueError):  # a quote that is not closed
        yield from shlex.split(text, posix=os.name == "posix")
    yield from filter(None, _SHELL_SIGNS.split(text))
    yield from filter(None, re.split("[\"']", text))
