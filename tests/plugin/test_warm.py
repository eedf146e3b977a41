"""A build from a warm cache works where torch cannot be imported at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugin.sites import project

BLOCKED = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "torchvision"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Block())
"""


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BLOCKED + code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603


def test_a_warm_build_needs_no_torch(tmp_path: Path) -> None:
    made = project(tmp_path)
    done = run("from mkdocs.__main__ import cli; cli(['build', '--strict'])", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (made.site / "models" / "small" / "features.3" / "index.html").is_file()


@pytest.mark.parametrize("command", ["plan", "export --out out", "bundle pack out.tar", "clean"])
def test_commands_that_compute_nothing_need_no_torch(tmp_path: Path, command: str) -> None:
    project(tmp_path)
    done = run(f"from mkdocs_lurk.cli import main; main({command.split()!r})", tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_block_works(tmp_path: Path) -> None:
    done = run("import torch", tmp_path)
    assert done.returncode == 1
    assert "torch is blocked" in done.stderr
