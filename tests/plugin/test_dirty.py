"""A build with --dirty leaves nothing behind that an earlier one published and this one would not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

from tests.plugin.private_site import declare, found_in, private_site
from tests.plugin.sites import Project

FENCE = "# Home\n\n```lurk\nmodel: small\nlayer: features.3\nfilter: 3\nshow: crops\n```\n"


def dirty_build(made: Project) -> None:
    config = load_config(str(made.config))
    config.plugins.on_startup(command="build", dirty=True)
    try:
        build(config, dirty=True)
    finally:
        config.plugins.on_shutdown()


def contents(site: Path) -> dict[str, bytes]:
    """The files of the models' pages, and of the author's page."""
    files = [path for path in (*site.glob("models/**/*"), site / "index.html") if path.is_file()]
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in files}


def without_dates(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data.partition(b"Build Date UTC")[0] for name, data in files.items()}


@pytest.mark.parametrize("then", [{"pictures": "none"}, {"pictures": {"thumbnails": 4}}, {"anonymous": True}], ids=str)
def test_a_dirty_build_after_holding_back_is_a_clean_one(tmp_path: Path, then: dict[str, Any]) -> None:
    made = private_site(tmp_path)
    made.write("docs/index.md", FENCE)
    made.write("docs/models/own.txt", "mine")
    choices = ({}, then, {}, then)
    clean = []
    for choice in choices[:2]:
        declare(made, **choice)
        made.build()
        clean.append(without_dates(contents(made.site)))
    for place, choice in enumerate(choices):
        declare(made, **choice)
        dirty_build(made)
        assert without_dates(contents(made.site)) == clean[place % 2]


def test_a_model_that_is_no_longer_declared_is_removed_and_nothing_else(tmp_path: Path) -> None:
    made = private_site(tmp_path)
    made.build()
    other = made.site / "models" / "others"
    other.mkdir()
    (other / "results.json").write_text("{}")
    made.declare({"models": []})
    dirty_build(made)
    assert [path.name for path in (made.site / "models" / "small").rglob("*") if path.is_file()] == []
    assert (other / "results.json").is_file()


def told(site: Path) -> tuple[list[str], set[str]]:
    """The names of all files, and what of the pictures and the author is in them."""
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()), found_in(site)


@pytest.mark.parametrize("then", [{"pictures": "none"}, {"anonymous": True}], ids=str)
def test_a_dirty_build_of_a_model_that_moves_tells_what_a_clean_one_does(tmp_path: Path, then: dict[str, Any]) -> None:
    made = private_site(tmp_path)
    made.write("docs/index.md", FENCE)
    made.write("docs/networks/mine.md", "# Mine\n\nWords.\n")  # the model's page, while the model is there
    places: tuple[dict[str, Any], ...] = ({"page": "networks/mine.md"}, {"page": "networks/other"}, {})
    clean = []
    for place in places:
        declare(made, **then, **place)
        made.build()
        clean.append(told(made.site))
    for place, expected, before in zip(places, clean, (places[-1], *places), strict=False):
        declare(made, **before)
        dirty_build(made)
        declare(made, **then, **place)
        dirty_build(made)
        assert told(made.site) == expected


def test_a_folder_that_only_looks_like_a_models_stays(tmp_path: Path) -> None:
    made = private_site(tmp_path)
    made.build()
    for name in ("model.js", "results.json"):
        made.write(f"site/tables/{name}", "{}")
    dirty_build(made)
    assert sorted(path.name for path in (made.site / "tables").iterdir()) == ["model.js", "results.json"]


def test_what_did_not_change_is_not_copied_again(tmp_path: Path) -> None:
    made = private_site(tmp_path)
    made.build()
    sheet = next(made.site.glob("models/small/photos-*.webp"))
    before = sheet.stat().st_ino, sheet.stat().st_mtime_ns
    os.utime(sheet)
    dirty_build(made)
    assert sheet.stat().st_ino == before[0]
    assert sheet.stat().st_mtime_ns >= before[1]
