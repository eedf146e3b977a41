"""A build reaches no network: it passes in a network namespace that has no interfaces."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml

from tests.run.networks import NETWORK, SIDE, draw

PACKAGE = Path(__file__).parents[2]
MODEL = {
    "name": "tiny",
    "source": "net.py:tiny",
    "images": "pictures",
    "transform": {"crop": SIDE, "mean": [0.5] * 3, "std": [0.25] * 3, "channels": 3},
    "synthesis": {"steps": 4},
}
NO_NETWORK = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"


@pytest.fixture
def alone() -> list[str]:
    """The command that runs another in a network namespace of its own; its user is root there."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare here")
    command = [unshare, "--map-root-user", "--net"]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)  # noqa: S603
    if tried.returncode:
        pytest.skip(f"this system lets no process leave the network: {tried.stderr.strip()}")
    return command


def test_a_whole_build_passes_without_a_network(tmp_path: Path, alone: list[str]) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Home\n")
    (tmp_path / "net.py").write_text(textwrap.dedent(NETWORK))
    draw(tmp_path / "pictures", 4)
    site = {"site_name": "t", "theme": "mkdocs", "plugins": [{"lurk": {"models": [MODEL]}}]}
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(site))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603
            [*alone, sys.executable, *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            capture_output=True,
            text=True,
            check=False,
        )

    assert "Network is unreachable" in run("-c", NO_NETWORK).stderr
    built = run("-m", "mkdocs", "build", "--strict")
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "site" / "models" / "tiny" / "first" / "index.html").is_file()
