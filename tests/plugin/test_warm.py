"""A build from a warm cache works where torch cannot be imported at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.plugin.sites import project
from tests.plugin.torchless import run_without_torch


def test_a_warm_build_needs_no_torch(tmp_path: Path) -> None:
    made = project(tmp_path)
    done = run_without_torch("from mkdocs.__main__ import cli; cli(['build', '--strict'])", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (made.site / "models" / "small" / "features.3" / "index.html").is_file()


def test_commands_that_compute_nothing_need_no_torch(tmp_path: Path) -> None:
    project(tmp_path)
    commands = ("plan", "export --out out", "bundle pack out.tar", "clean")
    runs = [f"main({command.split()!r}, standalone_mode=False)" for command in commands]
    done = run_without_torch(f"from mkdocs_lurk.cli import main; {'; '.join(runs)}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "models" / "small" / "index.md").is_file()
    assert (tmp_path / "out.tar").is_file()


@pytest.mark.parametrize("command", ["analyze", "inspect small", "analyze --force", "plan"])
def test_a_command_that_needs_torch_says_how_to_install_it(tmp_path: Path, command: str) -> None:
    made = project(tmp_path)
    if command != "analyze --force":
        shutil.rmtree(made.cache)
    done = run_without_torch(f"from mkdocs_lurk.cli import main; main({command.split()!r})", tmp_path)
    text = done.stdout if command == "plan" else done.stderr
    assert "torch is not installed: pip install 'mkdocs-lurk[torch]'" in text
    assert "Traceback" not in done.stderr
    assert len(text.splitlines()) == 1
    assert done.returncode == (0 if command == "plan" else 1)


def test_a_build_without_results_says_how_to_install_torch(tmp_path: Path) -> None:
    made = project(tmp_path)
    shutil.rmtree(made.cache)
    done = run_without_torch("from mkdocs.__main__ import cli; cli(['build', '--strict'])", tmp_path)
    assert done.returncode == 1
    (line,) = (line for line in done.stderr.splitlines() if "pip install" in line)
    assert "model 'small' cannot be analysed here, since torch is not installed" in line
    assert "Traceback" not in done.stderr


def test_torch_is_blocked_in_these_tests(tmp_path: Path) -> None:
    done = run_without_torch("import torch", tmp_path)
    assert done.returncode == 1
    assert "torch is blocked" in done.stderr
