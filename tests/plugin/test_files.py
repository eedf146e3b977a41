"""The last check before MkDocs writes: no list of generated files makes one outside the site."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from mkdocs.config import load_config
from mkdocs.structure.files import Files

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.site import Site, SiteFile
from mkdocs_lurk.plugin.files import add_files

ESCAPES = ["../net.py", "models/../../net.py", "/net.py", "models\\..\\..\\net.py", "../index.md"]


@pytest.mark.parametrize("directory_urls", [True, False])
@pytest.mark.parametrize("uri", ESCAPES)
def test_a_generated_file_outside_the_site_is_refused(uri: str, directory_urls: bool, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: t\n")
    config = load_config(str(tmp_path / "mkdocs.yml"), use_directory_urls=directory_urls)
    config.plugins._current_plugin = "lurk"  # as while MkDocs runs an event
    declared = LurkConfig(root=tmp_path, cache_dir=tmp_path / "cache", models=())
    empty = dict.fromkeys(field.name for field in dataclasses.fields(Site))
    site = Site(**{**empty, "files": (SiteFile(uri, tmp_path / "mkdocs.yml"),)})
    with pytest.raises(StoreError, match="outside the site"):
        add_files(site, Files([]), config, declared)
    inside = dataclasses.replace(site, files=(SiteFile("models/a/x.js", tmp_path / "mkdocs.yml"),))
    files = Files([])
    add_files(inside, files, config, declared)
    assert "models/a/x.js" in files.src_uris
