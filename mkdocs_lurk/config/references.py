"""Import the objects that the configuration refers to as ``package.module:factory`` or ``path/to/file.py:factory``.

The author's files are read where they lie and nothing is written beside them, no bytecode either.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TypeAlias, cast

from mkdocs_lurk.config.author_code import author_code, forget_imports, module_file, note_modules
from mkdocs_lurk.config.import_statements import imported_names, places_of_absent_modules
from mkdocs_lurk.config.reading import is_authored
from mkdocs_lurk.config.unreported import watch_libraries
from mkdocs_lurk.declared_files import expanded
from mkdocs_lurk.errors import LurkError, describe_error, is_users_interrupt, join_first, near

Factory: TypeAlias = Callable[..., object]
"""An author's function or class; or something else that a reference names, which whoever calls it finds out."""

_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_][\w.]*")
_FILE = re.compile(r".+\.py:[A-Za-z_][\w.]*")
_MESSAGE_LIMIT = 1000  # the author wrote the code and needs the whole message
_imported: dict[str, tuple[Path, Path, bytes]] = {}
"""Root, file, and contents when it was loaded, of every author's module that was imported by its name."""

_sought: set[Path] = set()
"""Files and folders by which modules would be there that these sought and did not find."""


def is_reference(text: str) -> bool:
    """Return whether a text has the form of a reference; ``torchvision:NAME`` does not count."""
    return not re.fullmatch(r"torchvision:\w+", text) and bool(_MODULE.fullmatch(text) or _FILE.fullmatch(text))


def reference_file(reference: str, root: Path) -> Path | None:
    """Return the Python file that a reference names by its path; None for a module."""
    return root / expanded(reference.rpartition(":")[0]) if _FILE.fullmatch(reference) else None


def defining_file(reference: str, root: Path) -> Path | None:
    """Return the Python file that defines what a reference names, without running it; None if it cannot be found."""
    return reference_file(reference, root) or _module_file(reference.partition(":")[0], root)


def code_digest(reference: str, root: Path) -> str:
    """Return the digest of a reference and of the one file that defines its module, without running any of it.

    A module that cannot be found counts by its name alone.
    """
    digest = hashlib.sha256(reference.rpartition(":")[2].encode())
    path = defining_file(reference, root)
    digest.update(path.read_bytes() if path is not None and path.is_file() else reference.encode())
    return digest.hexdigest()


def _module_file(name: str, root: Path) -> Path | None:
    """Return the file of a module without importing it or its packages; None if it cannot be found."""
    package, *submodules = name.split(".")
    with _import_path(root, first=False):
        try:
            spec = importlib.util.find_spec(package)
        except (ImportError, ValueError):
            return None
    if spec is None:
        return None
    if not submodules:
        return Path(spec.origin) if spec.origin else None
    for folder in spec.submodule_search_locations or []:
        for path in (Path(folder, *submodules).with_suffix(".py"), Path(folder, *submodules, "__init__.py")):
            if path.is_file():
                return path
    return None


@contextmanager
def import_reference(reference: str, root: Path, error: type[LurkError], subject: str) -> Iterator[Factory]:
    """Import the object that a reference names; inside the context, its code can import what lies beside it.

    Any exception of the author's code inside the context, except a ``LurkError``, becomes one line of ``error`` that
    names the exception and its line in the code. What the code reads is noted (``author_code.collect_reading``).
    Modules whose files changed since they were imported are imported anew.

    Args:
        reference: ``package.module:name`` or ``path/to/file.py:name``.
        root: The folder of ``mkdocs.yml``: paths start there, and packages in it can be imported.
        error: The kind of error to raise.
        subject: What is being made; the message begins with it.

    Yields:
        The object.
    """
    path = reference_file(reference, root)
    folder = path.parent if path is not None else root
    name = reference.rpartition(":")[2]
    _drop_changed_modules(root)
    modules_before, module = set(sys.modules), None
    try:
        with _import_path(folder, first=path is not None), author_code(root):
            module = _run_file(path) if path is not None else importlib.import_module(reference.partition(":")[0])
            watch_libraries()
            yield _attribute(module, name, reference, error, subject)
    except LurkError:
        raise
    except BaseException as reason:
        if is_users_interrupt(reason):
            raise
        raise error(f"{subject}: {reference} raised {_describe_with_line(reason, path)}; {_remedy(reason)}") from reason
    finally:
        note_modules(root, modules_before, module)
        if path is not None:
            _unload_modules(folder, modules_before)
        else:
            _remember_modules(root, modules_before)


def _remedy(reason: BaseException) -> str:
    if isinstance(reason, ModuleNotFoundError):
        return "install it, or let the reference name a file: path/to/file.py:factory"
    if isinstance(reason, TypeError) and "argument" in str(reason):
        return "see the key 'arguments' of a model's source, or let it take none"
    return "mend the code there, or name another factory"


def _attribute(module: ModuleType, name: str, reference: str, error: type[LurkError], subject: str) -> Factory:
    """Return an object by its dotted name inside a module."""
    value: object = module
    for part in name.split("."):
        if not hasattr(value, part):
            known = [other for other in vars(value) if not other.startswith("_")]
            hint = near(part, known) or "; there are " + join_first(known, 5)
            raise error(f"{subject}: {reference.rpartition(':')[0]} has no {name!r}{hint}")
        value = getattr(value, part)
    return cast(Factory, value)


def _run_file(path: Path) -> ModuleType:
    """Run a file as a new module under a name of its own, even if it ran before."""
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
def _import_path(folder: Path, first: bool) -> Iterator[None]:
    """Let modules in ``folder`` be imported, before all others or after them, without writing bytecode."""
    path, bytecode = list(sys.path), sys.dont_write_bytecode
    sys.path.insert(0 if first else len(sys.path), str(folder))
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = path
        sys.dont_write_bytecode = bytecode


def _unload_modules(folder: Path, modules_before: set[str]) -> None:
    """Remove the modules that a file imported from its folder: another model's file may have others of these names."""
    new = set(sys.modules) - modules_before
    for name in [name for name in new if _lies_in(sys.modules.get(name.partition(".")[0]), folder)]:
        if not name.startswith(("_lurk_", "mkdocs_lurk")):
            del sys.modules[name]


def _lies_in(package: ModuleType | None, folder: Path) -> bool:
    """Return whether a top-level module or package, with or without ``__init__.py``, lies directly in a folder."""
    file = getattr(package, "__file__", None)
    if file is None:
        return any(Path(home).parent == folder for home in getattr(package, "__path__", ()))
    path = Path(file)
    return folder == (path.parent.parent if path.name == "__init__.py" else path.parent)


def _remember_modules(root: Path, modules_before: set[str]) -> None:
    """Remember the contents of the author's modules that a reference imported by name; they stay loaded."""
    for name in set(sys.modules) - modules_before:
        file = module_file(sys.modules[name])
        if file is not None and is_authored(str(file), str(root)):
            _imported[name] = root, file, file.read_bytes()
            names = imported_names(file, getattr(sys.modules[name], "__package__", None) or "")
            _sought.update(path for path in places_of_absent_modules(names, file, root) if not path.exists())


def _drop_changed_modules(root: Path) -> None:
    """Let all remembered modules be imported anew if the file of one of them changed: others may hold its old code.

    The same if they are another site's, whose modules may have the same names.
    """
    if any(path.exists() for path in _sought) or any(
        home != root or not file.is_file() or file.read_bytes() != contents
        for home, file, contents in _imported.values()
    ):
        for name in _imported:
            sys.modules.pop(name, None)
        _imported.clear()
        _sought.clear()
        forget_imports()


def authored_line(reason: BaseException, root: Path) -> str | None:
    """Return the last line of an author's code that an exception came through, as text; None if there is none."""
    for frame in reversed(traceback.extract_tb(reason.__traceback__)):
        if Path(frame.filename).is_absolute() and is_authored(frame.filename, str(root)):
            return f"{Path(frame.filename).name}, line {frame.lineno}"
    return None


def _describe_with_line(reason: BaseException, path: Path | None) -> str:
    """Return an exception as one line, with the last line of the author's file that it came through."""
    if isinstance(reason, SyntaxError):
        text = f"{type(reason).__name__}: {reason.msg}"
        line = reason.lineno
    else:
        text = describe_error(reason, _MESSAGE_LIMIT)
        frames = traceback.extract_tb(reason.__traceback__) if path else []
        line = next((frame.lineno for frame in reversed(frames) if frame.filename == str(path)), None)
    return f"{text} (line {line})" if line else text
