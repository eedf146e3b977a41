"""The page about the Python interface has every public name of the package, and each is described in full."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, is_typeddict

import pytest

import mkdocs_lurk

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
FIELD = re.compile(r"^    (\w+): \S", re.MULTILINE)


def documented() -> list[str]:
    """Return the public names that have a docstring of their own; ``ImageId`` is a name for ``int``."""
    return sorted(set(mkdocs_lurk.__all__) - {"__version__", "ImageId"})


def functions(name: str) -> Iterator[tuple[str, Any]]:
    value = getattr(mkdocs_lurk, name)
    if inspect.isfunction(value):
        yield name, value
    elif not is_typeddict(value):
        yield from ((f"{name}.{key}", one) for key, one in vars(value).items() if inspect.isfunction(one))


def test_the_page_has_every_public_name_once() -> None:
    listed = re.findall(r"^::: mkdocs_lurk\.(\w+)$", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(set(mkdocs_lurk.__all__) - {"__version__"})
    assert "mkdocs_lurk.__version__" in PAGE


@pytest.mark.parametrize("name", [name for name in documented() if is_typeddict(getattr(mkdocs_lurk, name))])
def test_every_field_of_a_record_is_described(name: str) -> None:
    record = getattr(mkdocs_lurk, name)
    assert set(FIELD.findall(inspect.cleandoc(record.__doc__))) == set(record.__annotations__)


@pytest.mark.parametrize("name", documented())
def test_every_argument_of_a_public_function_is_described(name: str) -> None:
    assert (getattr(mkdocs_lurk, name).__doc__ or "").partition("\n")[0].endswith(".")
    for path, function in functions(name):
        if path.rpartition(".")[2].startswith("_"):
            continue
        text = inspect.cleandoc(function.__doc__ or "")
        assert text.partition("\n")[0].endswith("."), path
        arguments = set(inspect.signature(function).parameters) - {"self"}
        if "Args:" in text:
            assert set(FIELD.findall(text.partition("Args:")[2].partition("\n\n")[0])) == arguments, path
        else:
            assert all(f"``{argument}``" in text for argument in arguments), path


def test_the_site_renders_the_page_by_mkdocstrings() -> None:
    site = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert "  - mkdocstrings:" in site
    assert "- The Python interface: api.md" in site
    assert 'site = ["mkdocs-material>=9.5", "mkdocstrings[python]' in (ROOT / "pyproject.toml").read_text("utf-8")
