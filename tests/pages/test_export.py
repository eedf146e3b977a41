"""The export is plain Markdown whose links and files are all there."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from pathlib import Path

import pytest

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.export import export
from mkdocs_lurk.pages.site import SiteFile
from tests.pages.conftest import Built


def test_every_address_leads_to_a_file(built: Built, tmp_path: Path) -> None:
    written = export(built.site, tmp_path)
    assert written == sum(path.is_file() for path in tmp_path.rglob("*"))
    pages = list(tmp_path.rglob("*.md"))
    assert len(pages) == 5
    for page in pages:
        text = page.read_text("utf-8")
        assert "lurk:" not in text
        found = re.findall(r"\]\(([^)#]+)", text) + re.findall(r'(?:href|src|xlink:href)="([^"#]+)"', text)
        assert found
        for address in found:
            target = posixpath.normpath((page.parent / address).as_posix())
            assert Path(target).is_file() or Path(target.replace("index.html", "index.md")).is_file(), address


def test_a_folder_that_cannot_be_written_is_one_line(built: Built, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StoreError, match="cannot write"):
        export(built.site, tmp_path / "out")


@pytest.mark.parametrize("uri", ["../net.py", "models/../../net.py", "/net.py", "models\\..\\..\\net.py"])
def test_no_list_of_files_leads_out_of_the_folder(uri: str, built: Built, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("the author's")
    site = dataclasses.replace(built.site, files=(SiteFile(uri, tmp_path / "own.txt"),))
    with pytest.raises(StoreError, match="a page would be written to"):
        export(site, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["own.txt"]
