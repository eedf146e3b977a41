"""A step imports only from steps before it; a warm build imports no torch; only the plugin imports MkDocs."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mkdocs_lurk

PACKAGE = Path(mkdocs_lurk.__file__).parent
STEPS = ("say", "load", "look", "keep", "run", "show", "serve")
STEP_OF = {
    "config": "say",
    "records": "say",
    "models": "load",
    "images": "load",
    "analysis": "look",
    "store": "keep",
    "run": "run",
    "pages": "show",
    "plugin": "serve",
    "author_errors": "serve",
    "build": "serve",
    "starting": "serve",
    "starting_card": "serve",
    "markdown": "serve",
    "cli": "serve",
    "__main__": "serve",
}
FORBIDDEN = {
    "say": {"torch", "torchvision", "mkdocs"},
    "load": {"mkdocs"},
    "look": {"mkdocs"},
    "keep": {"torch", "torchvision", "mkdocs"},
    "run": {"mkdocs"},
    "show": {"torch", "torchvision", "mkdocs"},
    "serve": {"torch", "torchvision"},
}
# analysis takes tensors and returns plain records: it may know a network's structure, not the store or files
NOT_BETWEEN = {
    ("look", "keep"),
    ("keep", "load"),
    ("keep", "look"),
    ("show", "load"),
    ("show", "look"),
    ("show", "run"),
}
ALLOWED = {("show", "mkdocs_lurk.images.webp")}  # pages decode and encode pictures by the one codec


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def step_of(module: str) -> str:
    parts = module.split(".")
    return STEP_OF.get(parts[1], "say") if len(parts) > 1 else "say"


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, anywhere in it, by its absolute name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports by a relative name"
            yield str(node.module), node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def test_every_module_belongs_to_a_step() -> None:
    known = set(STEP_OF)
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders <= known


def faults(path: Path) -> Iterator[str]:
    """Say in one line each what a module imports against the order of the steps."""
    step = step_of(name_of(path))
    for module, line in imported(path):
        top = module.split(".")[0]
        if top in FORBIDDEN[step]:
            yield f"{path}:{line}: {step} must not know {top}"
        if top == "mkdocs_lurk" and module != "mkdocs_lurk":
            other = step_of(module)
            if STEPS.index(other) > STEPS.index(step):
                yield f"{path}:{line}: {step} imports {module}, a later step's"
            allowed = any(step == who and f"{module}.".startswith(f"{what}.") for who, what in ALLOWED)
            if (step, other) in NOT_BETWEEN and not allowed:
                yield f"{path}:{line}: {step} must not know {other}"


def test_imports_run_down_the_list_of_steps() -> None:
    paths = modules()
    assert len(paths) > 300
    assert [fault for path in paths for fault in faults(path)] == []


def test_an_import_of_a_later_step_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path / "mkdocs_lurk")
    path = tmp_path / "mkdocs_lurk" / "store" / "odd.py"
    path.parent.mkdir(parents=True)
    path.write_text("import torch\nfrom mkdocs_lurk.run.plan import resolve\nfrom mkdocs_lurk.errors import near\n")
    found = [fault.partition("odd.py")[2] for fault in faults(path)]
    assert found[0] == ":1: keep must not know torch"
    assert found[1].startswith(":2: keep imports mkdocs_lurk.run.plan")


WARM = (
    *("mkdocs_lurk", "mkdocs_lurk.config.parsing", "mkdocs_lurk.store", "mkdocs_lurk.pages.site"),
    *("mkdocs_lurk.pages.export", "mkdocs_lurk.build", "mkdocs_lurk.run.plan", "mkdocs_lurk.plugin", "mkdocs_lurk.cli"),
)


def test_modules_of_a_warm_build_import_no_torch() -> None:
    """In one process, one after another, so that the first that does is named."""
    code = f"""
import importlib, sys
for module in {WARM}:
    importlib.import_module(module)
    found = [name for name in ("torch", "torchvision") if name in sys.modules]
    if found:
        sys.exit(f"{{module}} imports {{', '.join(found)}}")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
