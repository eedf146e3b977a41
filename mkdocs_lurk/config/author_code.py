"""Note what an author's code reads while it runs: the modules that it imports, the files and folders that it opens.

Python reports every file that it opens and every folder that it lists to audit hooks. One hook notes those that the
author's code causes: only in a thread that runs such code at that moment (``author_code``), and only while somebody
collects (``collect_reading``). Files that libraries in C or Rust open by themselves are not reported. Where the system
lists what a process holds open (Linux), those that were opened meanwhile and are still held (HDF5, LMDB) are found.
"""

from __future__ import annotations

import ast
import hashlib
import os
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType

from mkdocs_lurk.declared_files import expanded
from mkdocs_lurk.files import file_digest

MOST_FILES = 20_000
"""Opened files that are noted at most; an open Dataset of more is compared by these alone."""
_EVENTS = frozenset({"open", "os.listdir", "os.scandir", "os.rename", "sqlite3.connect"})
_WRITES = os.O_WRONLY | os.O_RDWR
_CODE_SUFFIXES = (".py", ".pyc", ".so", ".pyd", ".dll", ".dylib")
_SYSTEM_FOLDERS = ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib")
_BACKWARD_NAMES = frozenset(
    [
        *["register_hook", "register_full_backward_hook", "register_full_backward_pre_hook", "register_backward_hook"],
        *["register_autograd", "save_for_backward"],
    ]
)
_LIBRARY_FOLDERS = frozenset({"site-packages", "dist-packages", "__pycache__"})


@dataclass
class Reading:
    """What was read, each in the order of its first use and without doubles.

    Attributes:
        modules: The files of the author's modules.
        files: Data files, by their absolute paths.
        folders: Folders whose names were listed.
        written: Files that it wrote; they are its own doing and no input.
        left_out: Files beyond ``MOST_FILES``.
        roots: The folders of ``mkdocs.yml`` whose authors' code ran.
    """

    modules: dict[Path, None] = field(default_factory=dict)
    files: dict[str, None] = field(default_factory=dict)
    folders: dict[str, None] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    left_out: int = 0
    roots: set[str] = field(default_factory=set)

    def add_file(self, path: str) -> None:
        """Note a file, unless there are too many."""
        if len(self.files) < MOST_FILES or path in self.files:
            self.files[path] = None
        else:
            self.left_out += 1

    def backward_code(self) -> list[str]:
        """Return the digests of the modules that define a backward pass of their own, which no forward pass shows."""
        return sorted(syntax_digest(path) or file_digest(path) for path in self.modules if _defines_backward(path))

    def contents_digest(self) -> str:
        """Return the digest of the contents of all modules and files, whatever they are called and wherever they are.

        Comments and layout of Python code do not count.
        """
        files = [Path(path) for path in self.files if path not in self.written and Path(path).is_file()]
        digests = [syntax_digest(path) or file_digest(path) for path in self.modules]
        return hashlib.sha256(" ".join(sorted([*digests, *map(file_digest, files)])).encode()).hexdigest()

    def add(self, other: Reading) -> None:
        """Note everything that another reading noted."""
        self.modules |= other.modules
        self.folders |= other.folders
        self.written |= other.written
        self.left_out += other.left_out
        for path in other.files:
            self.add_file(path)


class _Author(threading.local):
    """Whether this thread runs an author's code, and the folder of ``mkdocs.yml`` then."""

    root: str | None = None


_author = _Author()
_collectors: list[Reading] = []
_hooked: list[bool] = []


@contextmanager
def collect_reading() -> Iterator[Reading]:
    """Collect what authors' code reads in the context, in any thread, and the files that it holds open at the end."""
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_hook)  # nobody can remove it, so it is added once and idles
    reading = Reading()
    held_before = _held_files()
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
    for collector in _collectors:
        collector.roots |= set() if root is None else {str(root)}
    try:
        yield
    finally:
        _author.root = before


def syntax_digest(path: Path) -> str | None:
    """Return the digest of a Python file without comments and layout, after the version of Python that made it.

    Returns:
        None for a file that is no Python.
    """
    try:
        tree = ast.dump(ast.parse(path.read_bytes()))
    except (SyntaxError, ValueError):
        return None
    return f"{sys.version_info.major}.{sys.version_info.minor} {hashlib.sha256(tree.encode()).hexdigest()}"


def _defines_backward(path: Path) -> bool:
    """Return whether a Python file names what a backward pass of one's own takes."""
    try:
        nodes = list(ast.walk(ast.parse(path.read_bytes())))
    except (SyntaxError, ValueError):
        return True
    names = {node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "") for node in nodes}
    defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    return bool(_BACKWARD_NAMES & names or "backward" in defined)


def note(reading: Reading) -> None:
    """Add a reading to everything that is being collected."""
    for collector in _collectors:
        collector.add(reading)


def note_modules(root: Path, modules_before: set[str], first: ModuleType | None) -> None:
    """Note an author's modules: those that were imported since, and those that were there and are imported by them."""
    if not _collectors:
        return
    new = [module for name, module in list(sys.modules.items()) if name not in modules_before]
    waiting = [module for module in (first, *new) if module is not None]
    reading = Reading()
    while waiting:
        module = waiting.pop()
        path = module_file(module)
        if path is not None and path not in reading.modules and is_authored(str(path), str(root)):
            reading.modules[path] = None
            waiting += _imported(module, path)
    note(reading)


def module_file(module: ModuleType) -> Path | None:
    """Return the absolute path of a module's file; None for a module without one."""
    file = getattr(module, "__file__", None)
    path = Path(absolute(file)) if isinstance(file, str) else None
    return path if path is not None and path.is_file() else None


def absolute(path: str) -> str:
    """Return an absolute path; links in it stay, so that what is linked into a folder counts as being there."""
    return os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links


def is_authored(path: str, root: str) -> bool:
    """Return whether a file is the author's: in the folder of ``mkdocs.yml``, or outside of Python and the system."""
    if _LIBRARY_FOLDERS & set(Path(path).parts):
        return False
    foreign = [folder for folder in _foreign_folders() if _is_under(path, folder)]
    return not foreign or (_is_under(path, root) and all(_is_under(root, folder) for folder in foreign))


@cache
def _foreign_folders() -> tuple[str, ...]:
    package = str(Path(__file__).resolve().parents[1])
    paths = sysconfig.get_paths()
    python = (sys.prefix, sys.base_prefix, paths["stdlib"], paths["platstdlib"])
    return (package, *python, *_SYSTEM_FOLDERS, str(expanded("~/.config")))


def _is_under(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _imported(module: ModuleType, path: Path) -> Iterator[ModuleType]:
    """Yield the loaded modules that a module's import statements name, wherever in it they stand."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    package = (getattr(module, "__package__", None) or "").split(".")
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            inside = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*inside, *([node.module] if node.module else [])])
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            loaded = (sys.modules.get(".".join(parts[:count])) for count in range(1, len(parts) + 1))
            yield from (found for found in loaded if found is not None)


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    root = _author.root
    if root is None or event not in _EVENTS or not _collectors:
        return
    path = arguments[1 if event == "os.rename" else 0]
    if not isinstance(path, (str, bytes, os.PathLike)) or _is_import(sys._getframe(1)):
        return
    name = absolute(os.fsdecode(path))
    if name.endswith(_CODE_SUFFIXES) or not is_authored(name, root):
        return
    flags = arguments[2] if event == "open" else 0
    writes = event == "os.rename" or (isinstance(flags, int) and bool(flags & _WRITES))
    for collector in _collectors:
        if writes:
            collector.written.add(name)
        elif event in ("os.listdir", "os.scandir"):
            collector.folders[name] = None
        else:
            collector.add_file(name)


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
    """Return whether Python's import system opens a file or lists a folder."""
    return frame is not None and frame.f_code.co_filename.startswith("<frozen importlib")
