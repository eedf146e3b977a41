"""A build never claims success without a site, names of any bytes are published, and what was computed stays."""

from __future__ import annotations

import json
import logging
import os
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from mkdocs.__main__ import cli

from mkdocs_lurk.cli import main
from mkdocs_lurk.store import Store
from tests.run.conftest import NETWORK, SIDE, draw

Make = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Make]:
    """A site with one small model; keyword arguments are keys of the model."""

    def make(code: str = NETWORK, **model: Any) -> Path:
        (tmp_path / "docs").mkdir(exist_ok=True)
        (tmp_path / "docs" / "index.md").write_text("# Home\n")
        (tmp_path / "net.py").write_text(textwrap.dedent(code))
        if not (tmp_path / "pictures").exists():
            draw(tmp_path / "pictures", 6)
        declared = {
            "name": "tiny",
            "source": "net.py:tiny",
            "images": "pictures",
            "transform": {"crop": SIDE, "mean": 0.5, "std": 0.25},
            "synthesis": False,
            "layers": {"include": ["first"]},
            **model,
        }
        site = {"site_name": "t", "theme": "mkdocs", "plugins": [{"lurk": {"models": [declared]}}]}
        (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(site))
        return tmp_path

    yield make
    for name in ("mkdocs", "mkdocs.plugins"):
        logging.getLogger(name).handlers.clear()


def build(root: Path) -> Result:
    return CliRunner().invoke(cli, ["build", "--strict", "-f", str(root / "mkdocs.yml")])


def failure(result: Result) -> str:
    """Return what a build says that failed."""
    assert result.exit_code == 1
    assert not isinstance(result.exception, Exception), result.exception
    shown = [line for line in result.output.splitlines() if line and not line.startswith("INFO")]
    assert len(shown) == 2, shown  # ours, and MkDocs' last word
    return shown[0]


LATE = {
    "sys.exit(0)": r"ended the analysis (SystemExit: 0); let it raise an error instead",
    "raise GeneratorExit": r"ended the analysis (GeneratorExit); let it raise an error instead",
    "raise BaseException('so')": r"ended the analysis (BaseException: so); let it raise an error instead",
    "raise ValueError('so')": r"its code raised ValueError: so (net.py, line ",
    "raise StopIteration": r"its code raised StopIteration (net.py, line ",
    "raise MemoryError": r"memory ran out, what was stored stays; ",
}


@pytest.mark.parametrize("statement", LATE)
def test_a_forward_pass_that_ends_late_ends_the_build_in_one_line(made: Make, statement: str) -> None:
    late = f"""
import sys

passes = 0
forward = Tiny.forward


def counting(self, x):
    global passes
    passes += 1
    if passes > 11:
        {statement}
    return forward(self, x)


Tiny.forward = counting
"""
    root = made(NETWORK + late, name="late")  # MkDocs prints no line twice
    assert LATE[statement] in failure(build(root))
    assert not (root / "site" / "models").exists()


def test_ctrl_c_in_a_forward_pass_stays_what_it_is(made: Make) -> None:
    root = made(NETWORK.replace("return Tiny()", "net = Tiny(); net.forward = stop; return net") + STOP)
    assert build(root).exit_code != 0


STOP = """
def stop(x):
    raise KeyboardInterrupt
"""


def test_what_was_stored_stays_and_is_used(made: Make, caplog: pytest.LogCaptureFixture) -> None:
    root = made()
    assert build(root).exit_code == 0
    units = Store(root / ".cache/plugin/lurk").keys()
    made(NETWORK.replace("return Tiny()", "raise SystemExit(0)"))
    assert "raised SystemExit: 0" in failure(build(root))
    made()
    caplog.clear()
    assert build(root).exit_code == 0
    assert set(units) <= set(Store(root / ".cache/plugin/lurk").keys())
    assert not [message for message in caplog.messages if "analysing" in message]


def test_names_that_are_no_utf_8_are_published(made: Make) -> None:
    root = made()
    try:
        (root / "pictures" / "class-0").rename(root / "pictures" / "cl\udcffss")
    except OSError:
        pytest.skip("this file system takes names in UTF-8 alone")
    (root / "pictures" / "cl\udcffss" / "000.png").rename(root / "pictures" / "cl\udcffss" / "a\udcfe.png")
    (root / "pictures" / "\udcfe.txt").touch()
    result = build(root)
    assert result.exit_code == 0, result.output
    page = (root / "site" / "models" / "tiny" / "first" / "index.html").read_text("utf-8")
    assert "cl&#92;xffss" in page
    results = json.loads((root / "site" / "models" / "tiny" / "results.json").read_text("utf-8"))
    assert r"cl\xffss/a\xfe.png" in [image["path"] for image in results["images"]]


def test_a_broken_picture_that_is_no_utf_8_is_named_in_visible_characters(made: Make) -> None:
    root = made()
    try:
        (root / "pictures" / "class-0" / "\udcff\x1b[31m.png").write_bytes(b"nothing")
    except OSError:
        pytest.skip("this file system takes names in UTF-8 alone")
    output = build(root).output
    assert r"class-0/\xff\x1b[31m.png" in output
    assert "\x1b" not in output


@pytest.mark.parametrize("name", ["a](lurk:nope).png", "![x](lurk:nope).png", '<a href="lurk:nope">.png', "`a.png"])
def test_a_picture_of_any_name_is_published(made: Make, name: str) -> None:
    root = made(title=name, classes=[name, "b", "c"])
    (root / "pictures" / "class-0" / "000.png").rename(root / "pictures" / "class-0" / name)
    (root / "pictures" / "class-1").rename(root / "pictures" / name)
    result = build(root)
    assert result.exit_code == 0, result.output


SPECIAL = {"weights": ".pt", "card": ".md", "classes": ".txt", "images": ".csv", "source": ".py"}


@pytest.mark.parametrize("key", SPECIAL)
@pytest.mark.parametrize("kind", ["pipe", "device", "loop"])
def test_a_file_without_an_end_ends_the_build(made: Make, key: str, kind: str) -> None:
    name = f"{kind}{SPECIAL[key]}"  # MkDocs prints no line twice
    path = made(**{key: f"{name}:tiny" if key == "source" else name}) / name
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else path)
    assert f"plugins.lurk.models[0].{key}: " in failure(build(path.parent))


@pytest.mark.parametrize(
    "text",
    ["plugins: " + "[" * 3000 + "]" * 3000, "plugins: 1" + "0" * 5000, "a: 2020-02-31", "\udcff", "plugins: &a [*a]"],
)
def test_the_commands_refuse_any_mkdocs_yml_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "mkdocs.yml").write_bytes(text.encode("utf-8", "surrogateescape"))
    result = CliRunner().invoke(main, ["plan", "-f", str(tmp_path / "mkdocs.yml")])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert len(result.stderr.splitlines()) == 1
