"""Whole builds: repeated, without models, with errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.sites import build_error, project


def test_a_second_build_changes_no_byte(tmp_path: Path) -> None:
    made = project(tmp_path)
    made.build()
    before = {path: path.read_bytes() for path in made.site.rglob("models/**/*") if path.is_file()}
    cached = {path: path.stat().st_mtime_ns for path in made.cache.rglob("*") if path.is_file()}
    made.build()
    assert before == {path: path.read_bytes() for path in made.site.rglob("models/**/*") if path.is_file()}
    units = {path: when for path, when in cached.items() if path.suffix != ".json" or "pages" in path.parts}
    assert units == {path: path.stat().st_mtime_ns for path in units}


def test_a_build_writes_nothing_into_docs_dir(tmp_path: Path) -> None:
    made = project(tmp_path)
    before = sorted(made.root.joinpath("docs").rglob("*"))
    made.build()
    assert sorted(made.root.joinpath("docs").rglob("*")) == before


def test_a_site_without_models_is_left_as_it_is(tmp_path: Path) -> None:
    made = project(tmp_path)
    made.declare({"models": []})
    made.build()
    assert not (made.site / "models").exists()
    assert "assets/lurk" not in made.html("index.html")


def test_the_error_for_an_unknown_key_is_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = project(tmp_path)
    made.declare({"modles": []})
    assert build_error(made, caplog) == "lurk: plugins.lurk: unknown key 'modles'; did you mean 'models'?"
