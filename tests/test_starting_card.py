"""A starting card: the results as metadata that has no fault, and questions for everything else."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from mkdocs_lurk.cli import main
from mkdocs_lurk.pages.card import parse_card
from mkdocs_lurk.pages.card_check import check_card
from mkdocs_lurk.pages.card_parts import front_matter
from tests.plugin.sites import Project, project


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return project(tmp_path, model={"title": "A [small] network"})


def test_the_card_holds_what_was_measured_and_has_no_fault(made: Project) -> None:
    result = CliRunner().invoke(main, ["card", "small"])
    assert result.exit_code == 0, result.output
    assert "wrote" in result.output
    text = (made.root / "docs" / "cards" / "small.md").read_text("utf-8")
    assert check_card(text) == []
    metadata: Any = yaml.safe_load(front_matter(text) or "")
    (model,) = metadata["model-index"]
    (found,) = model["results"]
    assert (model["name"], found["task"]["type"]) == ("A [small] network", "image-classification")
    assert (found["dataset"]["type"], found["dataset"]["split"]) == ("imagefolder", "val")
    assert [metric["type"] for metric in found["metrics"]] == ["accuracy", "accuracy", "f1"]
    assert found["metrics"][0]["value"] == pytest.approx(0.6)
    assert "A \\[small\\] network is a network with 1.24 million parameters." in text
    assert parse_card(text, "card.md", "small").missing == (
        "intended use",
        "limitations",
        "training data",
        "ethics",
        "citation",
    )


def test_no_file_is_replaced(made: Project) -> None:
    made.write("docs/cards/small.md", "mine")
    result = CliRunner().invoke(main, ["card", "small"])
    assert result.exit_code == 1
    assert "exists already and is not replaced" in result.output
    assert (made.root / "docs" / "cards" / "small.md").read_text("utf-8") == "mine"
    made.write("file", "")
    assert "cannot be written" in CliRunner().invoke(main, ["card", "small", "--out", "file/card.md"]).output


def test_without_results_the_card_has_no_figures(made: Project) -> None:
    (made.root / "photos" / "cat" / "0.png").unlink()
    result = CliRunner().invoke(main, ["card", "small", "--out", "card.md"])
    assert "without figures" in result.output
    text = (made.root / "card.md").read_text("utf-8")
    assert yaml.safe_load(front_matter(text) or "") == {"library_name": "torchvision"}
    assert "evaluation" in parse_card(text, "card.md", "small").missing


def test_a_build_warns_of_a_card_and_ignore_accepts_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "card.md").write_text("---\nlicense: 3\n---\nWords.\n")
    for ignore, level in (([], logging.WARNING), (["card-metadata"], logging.INFO)):
        made = project(tmp_path, model={"card": "card.md", "ignore": ignore})
        with caplog.at_level(logging.INFO, "mkdocs.plugins.lurk"):
            caplog.clear()
            CliRunner().invoke(main, ["export", "-f", str(made.config), "--out", str(tmp_path / "out")])
        told = [record for record in caplog.records if "card-metadata" in record.getMessage()]
        assert [record.levelno for record in told] == [level]
        assert "small: card.md, line 2: license holds a number" in told[0].getMessage()
