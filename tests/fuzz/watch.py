"""Watch what one hostile input does: how long it takes, what it writes, runs, reaches, logs and raises.

An audit hook of Python's sees every file that is opened for writing, every process and every connection, whichever
library does it. The hook cannot be removed; it looks away while nothing is watched.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import resource
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mkdocs_lurk
from mkdocs_lurk.errors import LurkError
from mkdocs_lurk.text import visible

MOST_S = 10.0
"""Seconds that an input may take."""
MOST_BYTES = 2 << 30
"""Address space that an input may take beside what the process has."""
MOST_CHARACTERS = 2000
"""Characters of a message: it is one line that somebody reads."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    "os.mkdir": (0,), "os.remove": (0,), "os.rmdir": (0,), "os.truncate": (0,), "os.chmod": (0,), "os.chown": (0,),
    "os.symlink": (1,), "os.link": (1,), "os.rename": (0, 1), "os.setxattr": (0,), "shutil.move": (1,),
}  # fmt: skip
"""Which arguments of an event are paths that it changes."""
_FOLLOWED = ("open", "os.truncate", "os.chmod", "os.chown", "os.setxattr")
"""Events that change what a link leads to, and not the link."""
_OUTSIDE = (
    "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "pty.spawn",
    "socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request",
)  # fmt: skip
"""Events that no input has a reason for: processes and the network."""
_FOREIGN_FOLDERS = [
    folder for folder in (sys.prefix, str(Path(mkdocs_lurk.__file__).parents[1]), str(Path.home())) if len(folder) > 1
]


class Escape(BaseException):
    """An input did what none may; no ``except Exception`` hides it."""


class Hang(BaseException):
    """An input took too long."""


@dataclass
class Watch:
    """What one input did.

    Attributes:
        root: The folder of the site. Only its cache, its ``site/`` and Python's own byte code may be written.
        lines: What was logged, and the message of the error.
        refused: The message of the error; empty if there was none.
        escapes: What was done and is not allowed.
        seconds: How long it took.
    """

    root: Path
    lines: list[str] = field(default_factory=list)
    refused: str = ""
    escapes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def run(self, action: Callable[[], object]) -> str:
        """Do it; returns ``accepted`` or ``refused``.

        Any other exception than a ``LurkError`` is the test's failure, and so is what ``check`` finds.
        """
        began = time.perf_counter()
        try:
            with _watched(self), _logged(self.lines), _bounded(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a library's own, which are errors in tests and lines elsewhere
                action()
        except LurkError as error:
            self.refused = str(error)
            self.lines.append(self.refused)
            assert self.refused.strip()
        finally:
            self.seconds = time.perf_counter() - began
        self.check()
        return "refused" if self.refused else "accepted"

    def check(self) -> None:
        assert self.escapes == []
        assert self.seconds < MOST_S
        for line in self.lines:
            assert visible(line) == line, ascii(line)
            assert "Traceback" not in line
            assert len(line) <= MOST_CHARACTERS, line
            own = line.replace(str(self.root), "")
            assert not [folder for folder in _FOREIGN_FOLDERS if folder in own], line

    def may_write(self, path: str, follow: bool) -> bool:
        folder, name = os.path.split(path)
        real = os.path.realpath(path) if follow else os.path.join(os.path.realpath(folder), name)  # noqa: PTH118
        inside = os.path.relpath(real, os.path.realpath(self.root)).split("/")
        return real == "/dev/null" or inside[0] in (".cache", "site") or "__pycache__" in inside


_current: list[Watch] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if not _current or not (event == "open" or event in _CHANGES or event in _OUTSIDE):
        return
    watch = _current[-1]
    if event in _OUTSIDE:
        found = [] if _renders_card(event, arguments) else [repr(arguments)[:200]]
    else:
        places = _CHANGES.get(event, (0,) if _opens_for_writing(arguments) else ())
        paths = [_absolute(arguments[place], arguments[-1]) for place in places]
        found = [path for path in paths if not watch.may_write(path, event in _FOLLOWED)]
    if found:
        watch.escapes.append(f"{event}: {found}")
        raise Escape(watch.escapes[-1])


def _renders_card(event: str, arguments: tuple[Any, ...]) -> bool:
    """Return whether this is the one process that the package starts: Python, for the text of a card."""
    command = arguments[1] if event == "subprocess.Popen" else ()
    return len(command) == 4 and command[0] == sys.executable and "card_process import main" in command[2]


def _opens_for_writing(arguments: tuple[Any, ...]) -> bool:
    path, _, flags = (*arguments, None, 0)[:3]
    return isinstance(flags, int) and bool(flags & _WRITES) and not isinstance(path, int)


def _absolute(path: object, folder: object) -> str:
    """Return an absolute path; the last argument of many events is the open folder that a path starts from."""
    text = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else f"/proc/self/fd/{path}"
    if isinstance(folder, int) and folder > 2 and not text.startswith("/"):
        text = f"/proc/self/fd/{folder}/{text}"
    return text


sys.addaudithook(_hook)


@contextlib.contextmanager
def _watched(watch: Watch) -> Iterator[None]:
    _current.append(watch)
    try:
        yield
    except (Escape, Hang) as error:
        raise AssertionError(f"{type(error).__name__}: {error}") from error
    finally:
        _current.pop()


@contextlib.contextmanager
def _logged(lines: list[str]) -> Iterator[None]:
    """Collect what is logged; one record is one line of the terminal."""
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(_text(record))  # type: ignore[method-assign]
    logger = logging.getLogger("mkdocs")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def _text(record: logging.LogRecord) -> str:
    return f"{record.getMessage()}{' Traceback' if record.exc_info else ''}"


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    """Bound time and memory; where a library does not return to Python, the whole process ends with its stack shown."""

    def stop(_signal: int, _frame: object) -> None:
        raise Hang(f"more than {MOST_S} s")

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    statm = Path("/proc/self/statm")
    if statm.exists():
        used = int(statm.read_text("ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, hard))
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, MOST_S)
    faulthandler.dump_traceback_later(3 * MOST_S, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def tree(root: Path) -> dict[str, bytes]:
    """Return everything under a folder except the cache, the site and byte code: contents, or what a link leads to."""
    found: dict[str, bytes] = {}
    for folder, folders, files in os.walk(os.fsencode(root)):
        folders[:] = [name for name in folders if name not in (b".cache", b"site", b"__pycache__")]
        for name in (*files, *folders):
            path = os.path.join(folder, name)  # noqa: PTH118 - bytes
            key = os.fsdecode(os.path.relpath(path, os.fsencode(root)))
            if os.path.islink(path):  # noqa: PTH114 - bytes
                found[key] = os.readlink(path)  # noqa: PTH115 - bytes
            else:
                found[key] = Path(os.fsdecode(path)).read_bytes() if os.path.isfile(path) else b""  # noqa: PTH113
    return found
