"""What an author's code read: modules, files, folders, variables; and which files are an author's at all."""

from __future__ import annotations

import ast
import hashlib
import os
import sys
import sysconfig
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from mkdocs_lurk.declared_files import expanded
from mkdocs_lurk.files import file_digest

MOST_FILES = 20_000
"""Opened files that are noted at most; an open Dataset of more is compared by these alone."""
PathKind = Literal["a file", "a folder", "nothing"]
_SYSTEM_FOLDERS = ("/proc", "/sys", "/dev", "/etc", "/usr", "/lib")
_LIBRARY_FOLDERS = frozenset({"site-packages", "dist-packages", "__pycache__"})
_BACKWARD_NAMES = frozenset(
    [
        *["register_hook", "register_full_backward_hook", "register_full_backward_pre_hook", "register_backward_hook"],
        *["register_autograd", "save_for_backward"],
    ]
)


@dataclass
class Reading:
    """What was read, each in the order of its first use and without doubles.

    Attributes:
        modules: The files of the author's modules.
        files: Data files, by their absolute paths.
        folders: Folders whose names were listed.
        questions: By path, whether it was a file, a folder or nothing when its status was asked for.
        variables: By name, the digests of environment variables (``variables.variable_digest``).
        written: Files that it wrote; they are its own doing and no input.
        left_out: Files beyond ``MOST_FILES``.
        roots: The folders of ``mkdocs.yml`` whose authors' code ran.
    """

    modules: dict[Path, None] = field(default_factory=dict)
    files: dict[str, None] = field(default_factory=dict)
    folders: dict[str, None] = field(default_factory=dict)
    questions: dict[str, PathKind] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    left_out: int = 0
    roots: set[str] = field(default_factory=set)

    def add_file(self, path: str) -> None:
        """Note a file, unless there are too many."""
        if len(self.files) < MOST_FILES or path in self.files:
            self.files[path] = None
        else:
            self.left_out += 1

    def add_module(self, path: str) -> None:
        """Note the file of a module, or of other code."""
        self.modules[Path(path)] = None

    def add_folder(self, path: str) -> None:
        """Note a folder that was listed."""
        self.folders[path] = None

    def add_written(self, path: str) -> None:
        """Note a file that was written."""
        self.written.add(path)

    def add_question(self, path: str, kind: PathKind) -> None:
        """Note what a path was when its status was asked for, unless there are too many."""
        if len(self.questions) < MOST_FILES:
            self.questions.setdefault(path, kind)

    def open_questions(self) -> dict[str, PathKind]:
        """Return the questions that nothing else answers: about paths that were neither read nor written."""
        known = (self.files.keys() | self.folders.keys() | self.written) | {str(path) for path in self.modules}
        return {path: kind for path, kind in self.questions.items() if path not in known}

    def backward_code(self) -> list[str]:
        """Return the digests of the modules that define a backward pass of their own, which no forward pass shows."""
        return sorted(syntax_digest(path) or file_digest(path) for path in self.modules if _defines_backward(path))

    def contents_digest(self) -> str:
        """Return the digest of the contents of all modules and files, whatever they are called and wherever they are.

        Comments and layout of Python code do not count. Environment variables do, and what paths were.
        """
        files = [Path(path) for path in self.files if path not in self.written and Path(path).is_file()]
        digests = [syntax_digest(path) or file_digest(path) for path in self.modules]
        digests += [*map(file_digest, files), *(f"{name} {value}" for name, value in self.variables.items())]
        digests += [f"{kind} {Path(path).name}" for path, kind in self.open_questions().items()]
        return hashlib.sha256(" ".join(sorted(digests)).encode("utf-8", "surrogateescape")).hexdigest()

    def add(self, other: Reading) -> None:
        """Note everything that another reading noted."""
        self.modules |= other.modules
        self.folders |= other.folders
        self.written |= other.written
        self.left_out += other.left_out
        self.variables = {**other.variables, **self.variables}
        for path, kind in other.questions.items():
            self.add_question(path, kind)
        for path in other.files:
            self.add_file(path)


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


def path_kind(path: Path) -> PathKind:
    """Return what a path is now."""
    return "a folder" if path.is_dir() else "a file" if path.exists() else "nothing"
