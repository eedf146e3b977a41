"""The tutorial, from an empty folder: its files are written, and its commands run, in their order."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from mkdocs.__main__ import cli as mkdocs

from mkdocs_lurk.cli import main as lurk

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
BLOCK = re.compile(
    r'^(?P<fence>`{3,})(?P<lang>\w+)(?: title="(?P<file>[^"]+)")?\n(?P<text>.*?)^(?P=fence)$', re.M | re.S
)


def steps() -> Iterator[tuple[str | None, str]]:
    """Yield what the page tells a reader to do: a file's name and its text, or None and a command."""
    for block in BLOCK.finditer(PAGE.read_text("utf-8")):
        if block["file"]:
            yield block["file"], block["text"]
        elif block["lang"] == "sh":
            yield from ((None, line) for line in block["text"].splitlines())


def run(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a command, in this process where it would only start Python anew."""
    program, *arguments = shlex.split(command)
    if program in ("mkdocs", "mkdocs-lurk"):
        result = CliRunner().invoke(mkdocs if program == "mkdocs" else lurk, arguments)
        assert result.exit_code == 0, f"{command}: {result.output}"
    elif program == "python":
        monkeypatch.syspath_prepend(str(Path.cwd()))
        runpy.run_path(arguments[0], run_name="__main__")
    else:
        subprocess.run(command, shell=True, check=True)  # noqa: S602 - the page's own commands


def test_the_tutorial_leads_from_an_empty_folder_to_a_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file, text in steps():
        if file is None:
            run(text, monkeypatch)
        else:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_text(text, "utf-8")
    page = Path("site/stripes/index.html").read_text("utf-8")
    assert re.search(r"names <span[^>]*>9\d(\.\d)? %|names <span[^>]*>100 %", page)
    assert page.count("<svg") >= 4
    assert "This is a preview" not in Path("site/models/shapes/index.html").read_text("utf-8")
    assert Path("results.tar").is_file()
