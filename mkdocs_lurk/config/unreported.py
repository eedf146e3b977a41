"""See reads that Python reports to no audit hook: the status of paths, environment variables, files of libraries.

Functions are replaced by ones that tell, and call them. Those of ``os`` are put back at the end. Those of libraries
stay, since an author's module may have imported them by name; they tell nobody while nobody listens.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, cast

_LIBRARY_READERS = {
    "safetensors": "safe_open",
    "safetensors.torch": "safe_open",
    "safetensors.numpy": "safe_open",
    "torchvision.io.image": "read_file",
    "cv2": "imread",
    "h5py.h5f": "open",
}
"""Functions of libraries that open the file of their first argument in C, C++ or Rust, each in its module."""
_THROUGH = ("os", "_collections_abc", "collections", "genericpath", "posixpath", "ntpath", "pathlib")


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told, each time before the value is read, with the frame of the code that asks (``frame=``).

    Attributes:
        file: Takes the path of a file that a library opens.
        question: Takes a path whose status is asked for: whether it exists, and as what.
        variable: Takes the name of an environment variable that is read.
        own_variable: Takes the name of an environment variable that is set.
    """

    file: Callable[..., None]
    question: Callable[..., None]
    variable: Callable[..., None]
    own_variable: Callable[..., None]


_listening: list[Listener] = []
_watched: list[object] = []
_iterating: list[object] = []
"""Not empty while all variables are being listed: who copies them, for a process that it starts, asks for none."""
_copying: list[tuple[int, int]] = []
"""The frame and the instruction in it that listed all variables last; what it reads in that instruction is a copy."""


@contextmanager
def listen(listener: Listener) -> Iterator[None]:
    """Tell a listener what is read in the context, by any thread."""
    stat, environment = os.stat, cast(Any, type(os.environ))
    get, put, names = environment.__getitem__, environment.__setitem__, environment.__iter__

    def tell_stat(path: Any, *arguments: Any, **keywords: Any) -> os.stat_result:
        listener.question(path, frame=_asking())
        return stat(path, *arguments, **keywords)

    def tell_get(variables: MutableMapping[str, str], name: str) -> str:
        frame = _asking()
        if isinstance(name, (str, bytes)) and not _iterating and (id(frame), frame.f_lasti) not in _copying:
            listener.variable(os.fsdecode(name), frame=frame)  # of os.environb, names are bytes
        return cast(str, get(variables, name))

    def tell_put(variables: MutableMapping[str, str], name: str, value: str) -> None:
        if isinstance(name, (str, bytes)):
            listener.own_variable(os.fsdecode(name), frame=_asking())
        put(variables, name, value)

    def all_names(variables: MutableMapping[str, str]) -> Iterator[str]:
        frame = _asking()
        _copying[:] = [(id(frame), frame.f_lasti)]
        _iterating.append(variables)
        try:
            yield from names(variables)
        finally:
            _iterating.pop()

    _listening.append(listener)
    os.stat = functools.wraps(stat)(tell_stat)
    environment.__getitem__, environment.__setitem__, environment.__iter__ = tell_get, tell_put, all_names
    try:
        yield
    finally:
        os.stat = stat
        environment.__getitem__, environment.__setitem__, environment.__iter__ = get, put, names
        _listening.remove(listener)


def watch_libraries() -> None:
    """Let the libraries that are imported by now tell which files they open."""
    for module_name, name in _LIBRARY_READERS.items():
        module = sys.modules.get(module_name)
        reader = getattr(module, name, None)
        if reader is not None and reader not in _watched:
            watched = _telling(reader)
            _watched.append(watched)
            setattr(module, name, watched)


def _telling(reader: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(reader)
    def tell(*arguments: object, **keywords: object) -> object:
        for listener in _listening:
            listener.file(next(iter([*arguments, *keywords.values()]), None), frame=sys._getframe(1))
        return reader(*arguments, **keywords)

    return tell


def _asking() -> FrameType:
    """Return the frame of the code that asks, behind the standard library's own functions for paths and variables."""
    frame = sys._getframe(2)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in _THROUGH:
        frame = frame.f_back
    return frame
