"""A strict build fails on a warning about results unless ``ignore`` accepts it; the page says it anyway."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from mkdocs.exceptions import Abort

from mkdocs_lurk.cli import main
from tests.pages.fake import ENLARGED
from tests.plugin.sites import Project, project
from tests.plugin.torchless import run_without_torch

LINE = (
    "small: 100% of the 6 sampled pictures are enlarged more than 2 times, from a short side of 8 px to 64 px; if "
    "the network was trained on pictures of that size, say so with resize and crop in the transform; otherwise give "
    "larger pictures; or accept it with ignore: [enlarged]"
)


def warned(root: Path, **model: Any) -> Project:
    made = project(root, model=model)
    made.store_fake_results(warnings=[ENLARGED])
    return made


def test_a_strict_build_fails_with_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = warned(tmp_path)
    with caplog.at_level(logging.WARNING), pytest.raises(Abort, match="Aborted with 1 warnings in strict mode"):
        made.build()
    assert caplog.messages == [LINE]


def test_a_warm_build_warns_without_torch(tmp_path: Path) -> None:
    made = warned(tmp_path)
    done = run_without_torch("from mkdocs.__main__ import cli; cli(['build', '--strict'])", made.root)
    assert done.returncode == 1
    assert done.stderr.count(LINE) == 1


def test_ignore_accepts_it_and_the_page_keeps_the_sentence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = warned(tmp_path, ignore=["enlarged"])
    with caplog.at_level(logging.INFO):
        made.build()
    assert any(line.endswith("(accepted by ignore: enlarged)") for line in caplog.messages)
    assert "The pictures are small and were enlarged for the network" in made.html("models/small/index.html")
    assert made.results("models/small/results.json")["warnings"] == [ENLARGED]


def test_an_export_warns(tmp_path: Path) -> None:
    made = warned(tmp_path)
    result = CliRunner().invoke(main, ["export", "-f", str(made.config), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert LINE in result.output
