"""What the contributors' pages say of the tree is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "contributing").glob("*.md"))]
PATH = re.compile(r"`((?:mkdocs_lurk|assets|tests|docs)/[\w./-]*)`|\]\(((?!https?:)[^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_paths_named_in_the_contributors_pages_exist(page: Path) -> None:
    for named, linked in PATH.findall(page.read_text("utf-8")):
        path = ROOT / named if named else page.parent / linked
        assert path.exists(), f"{page.name} names {named or linked}"


def test_the_page_about_templates_names_all_of_them_and_their_blocks() -> None:
    templates = {
        path.name: re.findall(r"{%-? block (\w+)", path.read_text("utf-8"))
        for path in (ROOT / "mkdocs_lurk" / "pages" / "templates" / "lurk").glob("*.j2")
    }
    text = (ROOT / "docs" / "writing.md").read_text("utf-8").partition("\n## Templates")[2]
    rows = re.findall(r"^\| (`\w.*?) \|.*\| (.*) \|$", text, re.MULTILINE)
    told = {
        name: re.findall(r"`(\w+)`", blocks)
        for names, lists in rows
        for name, blocks in zip(re.findall(r"`([\w.]+)`", names), lists.split(";"), strict=True)
    }
    assert told == {name: blocks for name, blocks in templates.items() if blocks}
