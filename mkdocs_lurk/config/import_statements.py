"""Read the import statements of an author's module: what they name, and what of it was not there."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

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


def absent_modules(names: Iterable[str], path: Path, root: Path) -> Iterator[Path]:
    """Yield the files and folders by which modules that were sought and not found would be there.

    Args:
        names: What a module's import statements name.
        path: The module's file.
        root: The folder of ``mkdocs.yml``.
    """
    homes = [folder for folder in path.parents if folder == root or root in folder.parents] or [path.parent, root]
    for name in names:
        parts = name.split(".")
        count = next((n for n in range(1, len(parts) + 1) if ".".join(parts[:n]) not in sys.modules), None)
        parent = sys.modules.get(".".join(parts[: count - 1])) if count is not None and count > 1 else None
        if count is None or hasattr(parent, parts[count - 1]):
            continue
        folders = homes if parent is None else [Path(home) for home in getattr(parent, "__path__", ())]
        for folder in folders:
            yield folder / f"{parts[count - 1]}.py"
            yield folder / parts[count - 1]


def _named_by_text(node: ast.Call) -> list[str]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    named = [each.value for each in node.args[:1] if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return [name for name in named if called in _BY_NAME and all(part.isidentifier() for part in name.split("."))]
