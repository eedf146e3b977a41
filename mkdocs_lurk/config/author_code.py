"""Note what an author's code reads while it runs: the modules that it imports, the files and folders that it opens.

Python reports every file that it opens and every folder that it lists to audit hooks. One hook notes those that the
author's code causes: only in a thread that runs such code at that moment (``author_code``), and only while somebody
collects (``collect_reading``). Files that libraries in C or Rust open by themselves are not reported. Where the system
lists what a process holds open (Linux), those that were opened meanwhile and are still held (HDF5, LMDB) are found.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from types import CodeType, FrameType, ModuleType

from mkdocs_lurk.config.commands import named_files
from mkdocs_lurk.config.import_statements import imported_names, loaded_modules, places_of_absent_modules
from mkdocs_lurk.config.reading import Reading, absolute, is_authored, path_kind
from mkdocs_lurk.config.unreported import Listener, listen, watch_libraries
from mkdocs_lurk.config.variables import is_compared, note_own_value, variable_digest

_COMMANDS = {"subprocess.Popen": 1, "os.system": 0, "os.posix_spawn": 1}
"""Events of commands that start: the place of the command's arguments."""
_EVENTS = frozenset({"open", "os.listdir", "os.scandir", "os.rename", "sqlite3.connect", "exec", *_COMMANDS})
_WRITES = os.O_WRONLY | os.O_RDWR
_CODE_SUFFIXES = (".pyc", ".so", ".pyd", ".dll", ".dylib")


class _Author(threading.local):
    """What this thread runs.

    Attributes:
        root: The folder of ``mkdocs.yml`` while an author's code runs; else None.
        executed: The files of the code that it executed, until they are noted.
    """

    def __init__(self) -> None:
        self.root: str | None = None
        self.executed: dict[Path, None] = {}


_author = _Author()
_collectors: list[Reading] = []
_hooked: list[bool] = []
_at_import: dict[str, Reading] = {}
"""By a module's file, what it read while it was imported; it may stay loaded, and read nothing for the next model."""


@contextmanager
def collect_reading() -> Iterator[Reading]:
    """Collect what authors' code reads in the context, in any thread, and the files that it holds open at the end."""
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)  # nobody can remove it, so it is added once and idles
    reading = Reading()
    held_before = _held_files()
    with ExitStack() as stack:
        if not _collectors:
            stack.enter_context(listen(_LISTENER))
        _collectors.append(reading)
        try:
            yield reading
        finally:
            _collectors[:] = [other for other in _collectors if other is not reading]
    if reading.roots:
        for path in sorted(_held_files() - held_before):
            if not path.endswith(_CODE_SUFFIXES) and any(is_authored(path, root) for root in reading.roots):
                reading.add_file(path)


@contextmanager
def author_code(root: Path | None) -> Iterator[None]:
    """Say that this thread runs an author's code in the context; ``None`` that it runs ours, inside such a context."""
    before, _author.root = _author.root, None if root is None else str(root)
    executed = _author.executed
    if before is None and root is not None:
        _author.executed = {}
    for collector in _collectors:
        collector.roots |= set() if root is None else {str(root)}
    if _collectors and root is not None:
        watch_libraries()
    try:
        yield
    finally:
        _author.root = before
        if root is None:
            _author.executed = executed


def note(reading: Reading) -> None:
    """Add a reading to everything that is being collected."""
    for collector in _collectors:
        collector.add(reading)


def note_modules(root: Path, modules_before: set[str], first: ModuleType | None) -> None:
    """Note an author's modules: those that were imported since, and those that were there and are imported by them.

    What a module read when it was imported is noted with it, and where other modules would have been found first.
    """
    if not _collectors:
        return
    new = [module for name, module in list(sys.modules.items()) if name not in modules_before]
    waiting = _files_of(module for module in (first, *new) if module is not None)
    waiting += [(path, "") for path in _author.executed]
    reading, seen = Reading(), set[Path]()
    while waiting:
        path, package = waiting.pop()
        if path in seen or not is_authored(str(path), str(root)):
            continue
        seen.add(path)
        reading.modules[path] = None
        names = imported_names(path, package)
        waiting += _files_of(loaded_modules(names))
        for absent in places_of_absent_modules(names, path, root):
            if path_kind(absent) == "nothing" and is_authored(str(absent), str(root)):
                reading.add_question(str(absent), "nothing")
        if str(path) in _at_import:
            read = _at_import[str(path)]
            waiting += [(other, "") for other in read.modules]
            reading.add(read)
    note(reading)


def forget_imports() -> None:
    """Forget what modules read when they were imported, since they will be imported anew."""
    _at_import.clear()


def _files_of(modules: Iterable[ModuleType]) -> list[tuple[Path, str]]:
    """Return the files of modules, each with the package that relative imports in it start from."""
    found = ((module_file(module), getattr(module, "__package__", None) or "") for module in modules)
    return [(path, package) for path, package in found if path is not None]


def module_file(module: ModuleType) -> Path | None:
    """Return the absolute path of a module's file; None for a module without one."""
    file = getattr(module, "__file__", None)
    path = Path(absolute(file)) if isinstance(file, str) else None
    return path if path is not None and path.is_file() else None


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event in _EVENTS and _collectors:
        _note(_note_event, event, arguments, frame=sys._getframe(1))


def _note(noting: Callable[..., None], *read: object, frame: FrameType) -> None:
    """Call a function that notes something, if this thread runs an author's code; what it reads itself is not noted."""
    root = _author.root
    if root is None or not _collectors:
        return
    _author.root = None
    try:
        noting(*read, frame, root)
    finally:
        _author.root = root


def _note_event(event: str, arguments: tuple[object, ...], frame: FrameType, root: str) -> None:
    if event == "exec":
        _note_code(arguments[0], frame, root)
    elif event in _COMMANDS:  # what else a command reads, nobody knows
        folder = arguments[2] if event == "subprocess.Popen" else None
        for file in named_files(arguments[_COMMANDS[event]], folder):
            _note_path(Reading.add_file, file, frame, root)
    elif not _is_import(frame):
        flags = arguments[2] if event == "open" else 0
        writes = event == "os.rename" or (isinstance(flags, int) and bool(flags & _WRITES))
        how = Reading.add_folder if event in ("os.listdir", "os.scandir") else Reading.add_file
        path = arguments[1 if event == "os.rename" else 0]
        _note_path(Reading.add_written if writes else how, path, frame, root)


def _note_path(how: Callable[[Reading, str], None], path: object, frame: FrameType, root: str) -> None:
    """Note a path if it is the author's; a Python file that is opened as a text is read as code, most likely."""
    if not isinstance(path, (str, bytes, os.PathLike)):
        return
    name = absolute(os.fsdecode(path))
    if name.endswith(_CODE_SUFFIXES) or not is_authored(name, root):
        return
    if name.endswith(".py") and how is Reading.add_file:
        how = Reading.add_module
    if how is Reading.add_module:
        _author.executed[Path(name)] = None
    for reading in _readings(frame, root):
        how(reading, name)


def _note_file(path: object, frame: FrameType, root: str) -> None:
    _note_path(Reading.add_file, path, frame, root)


def _note_code(code: object, frame: FrameType, root: str) -> None:
    """Note the file of code that is executed, by an import statement or by any loader."""
    name = code.co_filename if isinstance(code, CodeType) and code.co_name == "<module>" else ""
    if name.endswith(".py") and Path(name).is_absolute() and Path(name).is_file():
        _note_path(Reading.add_module, name, frame, root)
        _at_import[absolute(name)] = Reading()


def _note_question(path: object, frame: FrameType, root: str) -> None:
    """Note what a path is, if the author's own code asks; libraries ask for much that changes nothing."""
    if isinstance(path, (str, bytes, os.PathLike)) and _is_authored_frame(frame, root):
        kind = path_kind(Path(os.fsdecode(path)))
        _note_path(lambda reading, name: reading.add_question(name, kind), path, frame, root)


def _note_variable(name: str, frame: FrameType, root: str) -> None:
    if is_compared(name) and _is_authored_frame(frame, root):
        digest = variable_digest(name, Path(root))
        for reading in _readings(frame, root):
            reading.variables.setdefault(name, digest)


def _note_own_variable(name: str, frame: FrameType, root: str) -> None:
    note_own_value(name)


_LISTENER = Listener(
    file=partial(_note, _note_file),
    question=partial(_note, _note_question),
    variable=partial(_note, _note_variable),
    own_variable=partial(_note, _note_own_variable),
)


def _is_authored_frame(frame: FrameType, root: str) -> bool:
    """Return whether a frame runs code of an author's file."""
    name = frame.f_code.co_filename
    return Path(name).is_absolute() and is_authored(name, root)


def _readings(frame: FrameType, root: str) -> list[Reading]:
    """Return what collects at this moment, with the reading of the author's module that is being imported."""
    caller: FrameType | None = frame
    while caller is not None:
        if caller.f_code.co_name == "<module>" and _is_authored_frame(caller, root):
            return [*_collectors, _at_import.setdefault(absolute(caller.f_code.co_filename), Reading())]
        caller = caller.f_back
    return list(_collectors)


def _held_files() -> set[str]:
    """Return the files that this process holds open or has mapped for reading alone; none where none are listed.

    A file that is open for writing, such as the lock of a database, is no input.
    """
    held: set[str] = set()
    with suppress(OSError):
        for handle in Path("/proc/self/fd").iterdir():
            with suppress(OSError):
                facts = Path("/proc/self/fdinfo", handle.name).read_text("ascii")
                flags = int(facts.partition("flags:")[2].split()[0], 8)
                if not flags & _WRITES:
                    held.add(str(handle.readlink()))
        for line in Path("/proc/self/maps").read_text("utf-8", "surrogateescape").splitlines():
            fields = line.split(maxsplit=5)  # addresses, permissions, offset, device, inode, path
            if len(fields) == 6 and fields[1] != "rw-s":
                held.add(fields[5])
    return {path for path in held if path.startswith("/") and Path(path).is_file()}


def _is_import(frame: FrameType | None) -> bool:
    """Return whether Python's import system opens a file or lists a folder, or what shows lines of code in messages."""
    return frame is not None and (
        frame.f_code.co_filename.startswith("<frozen importlib")
        or frame.f_globals.get("__name__") in ("tokenize", "linecache")
    )
