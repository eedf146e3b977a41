"""Read the import statements of an author's module: what they name, and what of it was not there."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from mkdocs_lurk.config.reading import is_authored

_BY_NAME = frozenset({"import_module", "__import__", "find_spec"})
"""Functions that import, or look for, a module that is given by its name."""


def imported_names(path: Path, in_package: str) -> list[str]:
    """Return the dotted names that a module's import statements name, wherever in it they stand.

    Args:
        path: The module's file.
        in_package: The package that relative imports in it start from.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    package = in_package.split(".")
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            inside = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*inside, *([node.module] if node.module else [])])
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Call):
            found += _named_by_text(node)
    return list(dict.fromkeys(found))


def loaded_modules(names: Iterable[str]) -> Iterator[ModuleType]:
    """Yield the loaded modules that dotted names lead through."""
    for name in names:
        parts = name.split(".")
        loaded = (sys.modules.get(".".join(parts[:count])) for count in range(1, len(parts) + 1))
        yield from (found for found in loaded if found is not None)


def places_of_absent_modules(names: Iterable[str], path: Path, root: Path) -> Iterator[Path]:
    """Yield the files and folders by which other modules would be imported than were, or any where none was found.

    A module ``lib.py`` gives way to a package ``lib`` beside it.

    Args:
        names: What a module's import statements name.
        path: The module's file.
        root: The folder of ``mkdocs.yml``.
    """
    homes = [folder for folder in path.parents if folder == root or root in folder.parents] or [path.parent, root]
    for name in names:
        parts = name.split(".")
        for count, part in enumerate(parts, 1):
            parent = sys.modules.get(".".join(parts[: count - 1]))
            loaded = sys.modules.get(".".join(parts[:count]))
            if count > 1 and (parent is None or (loaded is None and hasattr(parent, part))):
                break
            if loaded is not None:
                yield from _package_beside(loaded, root)
                continue
            for folder in homes if parent is None else map(Path, getattr(parent, "__path__", ())):
                yield folder / f"{part}.py"
                yield folder / part


def _package_beside(module: ModuleType, root: Path) -> Iterator[Path]:
    """Yield the file of the package that would be imported in place of an author's module in the same folder."""
    file = getattr(module, "__file__", None)
    if file is not None and is_authored(file, str(root)) and Path(file).name != "__init__.py":
        yield Path(file).with_suffix("") / "__init__.py"


def _named_by_text(node: ast.Call) -> list[str]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    named = [each.value for each in node.args[:1] if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return [name for name in named if called in _BY_NAME and all(part.isidentifier() for part in name.split("."))]
