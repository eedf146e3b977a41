"""Find the objects that the configuration refers to as ``package.module:factory`` or ``path/to/file.py:factory``.

The author's files are read where they lie and nothing is written beside them, no bytecode either.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from mkdocs_lurk.errors import LurkError, near

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_][\w.]*")
_FILE = re.compile(r".+\.py:[A-Za-z_][\w.]*")


def is_reference(text: str) -> bool:
    """Say whether a text has the form of a reference; ``torchvision:NAME`` has not."""
    return not re.fullmatch(r"torchvision:\w+", text) and bool(_MODULE.fullmatch(text) or _FILE.fullmatch(text))


def reference_file(reference: str, root: Path) -> Path | None:
    """The Python file that a reference names by its path; none for a module."""
    return root / Path(reference.rpartition(":")[0]).expanduser() if _FILE.fullmatch(reference) else None


def code_digest(reference: str, root: Path) -> str:
    """Digest a reference and the one file its module is, without running or importing any of it.

    A module that cannot be found counts by its name alone.
    """
    digest = hashlib.sha256(reference.rpartition(":")[2].encode())
    path = reference_file(reference, root) or _module_file(reference.partition(":")[0], root)
    digest.update(path.read_bytes() if path is not None and path.is_file() else reference.encode())
    return digest.hexdigest()


def _module_file(name: str, root: Path) -> Path | None:
    top, *rest = name.split(".")
    with _importable(root, first=False):
        try:
            spec = importlib.util.find_spec(top)
        except (ImportError, ValueError):
            return None
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin else None
    for folder in spec.submodule_search_locations or []:
        for path in (Path(folder, *rest).with_suffix(".py"), Path(folder, *rest, "__init__.py")):
            if path.is_file():
                return path
    return None


@contextmanager
def found(reference: str, root: Path, error: type[LurkError], subject: str) -> Iterator[Any]:
    """Find what a reference names; as long as the context lasts, it can import what lies beside it.

    Whatever the author's code raises inside the context, ``LurkError`` excepted, ends as one line of ``error``
    that names the exception and its line in the code.

    Args:
        reference: ``package.module:name`` or ``path/to/file.py:name``.
        root: The folder of ``mkdocs.yml``: paths start there, and packages in it can be imported.
        error: The kind of error to raise.
        subject: What is being made, as the message's beginning.
    """
    path = reference_file(reference, root)
    folder = path.parent if path is not None else root
    name = reference.rpartition(":")[2]
    before = set(sys.modules)
    try:
        with _importable(folder, first=path is not None):
            module = _run(path) if path is not None else importlib.import_module(reference.partition(":")[0])
            yield _named(module, name, reference, error, subject)
    except LurkError:
        raise
    except (Exception, SystemExit) as reason:
        raise error(f"{subject}: {reference} {_told(reason, path)}") from reason
    finally:
        if path is not None:
            _forget(folder, before)


def _named(module: ModuleType, name: str, reference: str, error: type[LurkError], subject: str) -> Any:
    value: Any = module
    for part in name.split("."):
        if not hasattr(value, part):
            known = [other for other in vars(value) if not other.startswith("_")]
            raise error(f"{subject}: {reference.rpartition(':')[0]} has no {name!r}{near(part, known)}")
        value = getattr(value, part)
    return value


def _run(path: Path) -> ModuleType:
    """Run a file as a module under a name of its own, anew each time."""
    name = "_lurk_" + hashlib.sha256(str(path).encode()).hexdigest()[:16]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102 - the author's own code
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def _importable(folder: Path, first: bool) -> Iterator[None]:
    """Let modules in ``folder`` be imported, before others or after them, and have no bytecode written."""
    path, bytecode = list(sys.path), sys.dont_write_bytecode
    sys.path.insert(0 if first else len(sys.path), str(folder))
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = path
        sys.dont_write_bytecode = bytecode


def _forget(folder: Path, before: set[str]) -> None:
    """Drop what a file imported from its own folder: another model's file may have neighbours of the same name."""
    for name in set(sys.modules) - before:
        top = sys.modules.get(name.partition(".")[0])
        file = getattr(top, "__file__", None)
        if file is None or name.startswith(("_lurk_", "mkdocs_lurk")):
            continue
        place = Path(file).parent.parent if Path(file).name == "__init__.py" else Path(file).parent
        if place == folder:
            del sys.modules[name]


def _told(reason: BaseException, path: Path | None) -> str:
    """An exception in one line, with the last line of the author's file that it came through."""
    said = " ".join(str(reason).split()) or "no message"
    lines = [
        frame.lineno for frame in traceback.extract_tb(reason.__traceback__) if path and frame.filename == str(path)
    ]
    if isinstance(reason, SyntaxError):
        lines = [reason.lineno] if reason.lineno else []
        said = reason.msg
    where = f" (line {lines[-1]})" if lines else ""
    return f"raised {type(reason).__name__}: {said}{where}"
