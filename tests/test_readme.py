"""The README's links: relative in the repository, where they must lead to a file; absolute in the package, for PyPI."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Generic, TypeVar

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
REPOSITORY = "https://example.org/owner/name"
LINK = re.compile(r"""(?:\]\(|\bsrc=")([^)\s"]+)[)"]""")
INTERFACES = ("hatchling.builders.hooks.plugin.interface", "hatchling.metadata.plugin.interface")
Config = TypeVar("Config")


class Interface(Generic[Config]):
    """Stands in for hatchling's base classes: hatchling is in the build's environment, not in that of the tests."""


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the build's hooks."""
    for name in INTERFACES:
        parts = name.split(".")
        for count in range(1, len(parts)):
            monkeypatch.setitem(sys.modules, ".".join(parts[:count]), ModuleType(parts[count - 1]))
        stand_in = ModuleType(name)
        stand_in.BuildHookInterface = stand_in.MetadataHookInterface = Interface  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, stand_in)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)["project"]
    return table


def relative_links() -> list[str]:
    return [target for target in LINK.findall(README) if "://" not in target]


def test_relative_links_of_the_readme_lead_to_files() -> None:
    links = relative_links()
    assert any(link.startswith("docs/screenshots/") for link in links)
    for link in links:
        assert (ROOT / link.partition("#")[0]).is_file(), link


def test_the_packages_readme_has_absolute_links_only(build: ModuleType) -> None:
    metadata = project()
    build.ReadmeHook.update(SimpleNamespace(root=str(ROOT)), metadata)
    assert metadata["readme"]["content-type"] == "text/markdown"
    links = LINK.findall(metadata["readme"]["text"])
    assert len(links) == len(LINK.findall(README))
    assert all(link.startswith("https://") for link in links)
    repository = metadata["urls"]["Repository"]
    assert f"{repository}/raw/HEAD/docs/screenshots/filter-light.webp" in links
    assert f"{repository}/blob/HEAD/CONTRIBUTING.md" in links


def test_the_readme_is_left_to_the_hook() -> None:
    metadata = project()
    assert "readme" in metadata["dynamic"]
    assert "readme" not in metadata


def test_all_addresses_of_the_project_are_in_one_repository() -> None:
    urls = project()["urls"]
    assert set(urls) == {"Homepage", "Repository", "Documentation", "Changelog"}
    assert all(url.startswith(urls["Repository"]) for url in urls.values())


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("[a](docs/a.md)", f"[a]({REPOSITORY}/blob/HEAD/docs/a.md)"),
        ("[a](./docs/a.md#part)", f"[a]({REPOSITORY}/blob/HEAD/docs/a.md#part)"),
        ("![a](docs/a.PNG)", f"![a]({REPOSITORY}/raw/HEAD/docs/a.PNG)"),
        ('![a](a.webp "title")', f'![a]({REPOSITORY}/raw/HEAD/a.webp "title")'),
        ("[![a](a.svg)](b.md)", f"[![a]({REPOSITORY}/raw/HEAD/a.svg)]({REPOSITORY}/blob/HEAD/b.md)"),
        ('<img src="a.webp">', f'<img src="{REPOSITORY}/raw/HEAD/a.webp">'),
        ('<a href="b.md">b</a>', f'<a href="{REPOSITORY}/blob/HEAD/b.md">b</a>'),
        ("[a](https://a.org/b) [b](mailto:a@b.org) [c](#part)", None),
        ("`[a](b.md)`", None),
        ("```md\n[a](b.md)\n```\n", None),
    ],
)  # fmt: skip
def test_relative_links_become_absolute_outside_code(build: ModuleType, markdown: str, expected: str | None) -> None:
    assert build.absolute_links(markdown, f"{REPOSITORY}/") == (expected or markdown)
