"""The contributors' page "Add a result" is followed to the letter, and the result that it adds is right."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import mkdocs_lurk
from tests.run.networks import NETWORK, SIDE, draw, input_tensors, layer_outputs

pytestmark = pytest.mark.xdist_group("add a result")  # one process of several: the site is slow to make
ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "contributing" / "add-a-result.md"
BLOCK = re.compile(r'^```(?P<kind>\w+) title="(?P<path>[^"]+)"\n(?P<body>.*?)^```$', re.MULTILINE | re.DOTALL)
ALLOWED = (
    r"mkdocs_lurk/records/\w+\.py",
    r"mkdocs_lurk/algorithms\.py",
    r"mkdocs_lurk/analysis/\w+\.py",
    r"mkdocs_lurk/run/unit_records\.py",
    r"mkdocs_lurk/run/stages/\w+\.py",
    r"mkdocs_lurk/config/options\.py",
    r"mkdocs_lurk/pages/templates/lurk/\w+\.md\.j2",
    r"assets/gallery/src/data/schema/\w+\.ts",
)
"""What a new result may touch, by the architecture: one module for each step, one line for each list."""
SITE = f"""
site_name: Added
plugins:
  - lurk:
      models:
        - name: tiny
          source: net.py:tiny
          images: pictures
          transform: {{crop: {SIDE}, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25], channels: 3}}
          active_share: true
          synthesis: false
          ignore: [chance]  # nobody trained it
"""


def blocks() -> list[tuple[str, str, str]]:
    """Kind, path and body of every code block with a title."""
    return [(found["kind"], found["path"], found["body"]) for found in BLOCK.finditer(PAGE.read_text("utf-8"))]


def apply_block(kind: str, path: Path, body: str) -> None:
    """Write a new file, or add the lines marked ``+`` after the ones marked with a blank."""
    if kind == "python":
        assert not path.exists(), f"{path} exists already"
        path.write_text(body, "utf-8")
        return
    assert kind == "diff", kind
    lines = body.splitlines()
    context = [line[1:] for line in lines if line.startswith(" ")]
    added = [line[1:] for line in lines if line.startswith("+")]
    assert lines == [f" {line}" for line in context] + [f"+{line}" for line in added], "context, then what is added"
    text, before = path.read_text("utf-8"), "\n".join(context) + "\n"
    assert text.count(before) == 1, f"{path}: the lines\n{before}stand there {text.count(before)} times"
    path.write_text(text.replace(before, before + "\n".join(added) + "\n"), "utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site built by a copy of the package to which the page was applied."""
    folder = tmp_path_factory.mktemp("added")
    package = folder / "package"
    shutil.copytree(Path(mkdocs_lurk.__file__).parent, package / "mkdocs_lurk")
    shutil.copytree(ROOT / "tests", package / "tests")
    shutil.copytree(ROOT / "assets" / "gallery" / "src", package / "assets" / "gallery" / "src")
    for kind, path, body in blocks():
        apply_block(kind, package / path, body)
    (folder / "net.py").write_text(NETWORK)
    (folder / "docs").mkdir()
    (folder / "docs" / "index.md").write_text("# Home\n")
    (folder / "mkdocs.yml").write_text(SITE)
    draw(folder / "pictures", 20)
    environment = {**os.environ, "PYTHONPATH": str(package), "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_page_touches_only_what_a_result_may_touch() -> None:
    paths = [path for _, path, _ in blocks()]
    assert len(paths) >= 6
    for path in paths:
        assert any(re.fullmatch(allowed, path) for allowed in ALLOWED), path


def test_the_projects_own_tests_of_records_pass_with_the_result(site: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(site / "package")}
    files = ["tests/pages/test_schema.py", "tests/pages/data", "tests/test_record_format.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=site / "package", env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_added_result_is_published_and_right(site: Path) -> None:
    outputs = layer_outputs(input_tensors(site / "pictures"))
    for layer, maps in outputs.items():
        published = json.loads((site / "site" / "models" / "tiny" / layer / "results.json").read_text())
        expected = (maps > 0).float().mean((0, 2, 3))
        shares = torch.tensor([item["active_share"] for item in published["filters"]])
        assert torch.allclose(shares, expected, atol=1e-6)
        page = (site / "site" / "models" / "tiny" / layer / "index.html").read_text()
        assert f"filter 0: {100 * float(expected[0]):.3g} %" in page
