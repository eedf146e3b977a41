"""Every bad input of an author ends the build with exit code 1 and one line that says what, where and what to do."""

from __future__ import annotations

import logging
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from click.testing import CliRunner, Result
from mkdocs.__main__ import cli
from safetensors.torch import save_file

from tests.run.conftest import NETWORK, SIDE, draw

Change = Callable[[Path, dict[str, Any]], None]


class Trap:
    """A pickle that would run code."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("gotcha",))


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[[Change], Result]]:
    """A site with one small model, changed and built by MkDocs' own command."""

    def run(change: Change) -> Result:
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "index.md").write_text("# Home\n")
        (tmp_path / "net.py").write_text(textwrap.dedent(NETWORK))
        draw(tmp_path / "pictures", 6)
        model = {
            "name": "tiny",
            "source": "net.py:tiny",
            "images": "pictures",
            "transform": {"crop": SIDE, "mean": [0.5] * 3, "std": [0.25] * 3, "channels": 3},
            "synthesis": False,
        }
        change(tmp_path, model)
        site = {"site_name": "t", "theme": "mkdocs", "plugins": [{"lurk": {"models": [model]}}]}
        (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(site))
        return CliRunner().invoke(cli, ["build", "--strict", "-f", str(tmp_path / "mkdocs.yml")])

    yield run
    for name in ("mkdocs", "mkdocs.plugins"):
        logging.getLogger(name).handlers.clear()


def setting(**values: Any) -> Change:
    return lambda _root, model: model.update(values)


def network(text: str) -> Change:
    return lambda root, _model: (root / "net.py").write_text(textwrap.dedent(text))


def weights(name: str, write: Callable[[Path], None]) -> Change:
    def change(root: Path, model: dict[str, Any]) -> None:
        write(root / name)
        model["weights"] = name

    return change


def empty_folder(root: Path, model: dict[str, Any]) -> None:
    (root / "nothing").mkdir()
    model["images"] = "nothing"


BAD: dict[str, tuple[Change, str]] = {
    "unknown key": (setting(top_kk=3), r"top_kk.*top_k"),
    "missing weights": (setting(weights="wieghts.safetensors"), r"weights: .*wieghts\.safetensors"),
    "missing pictures": (setting(images="picture"), r"images: .*'picture'.*'pictures'"),
    "missing source": (setting(source="nett.py:tiny"), r"nett\.py.*net\.py"),
    "missing factory": (setting(source="net.py:tyny"), r"tyny.*tiny"),
    "failing factory": (network("def tiny():\n    raise ValueError('no such size')\n"), r"ValueError: no such size"),
    "a factory that ends the process": (network("import sys\ndef tiny():\n    sys.exit(0)\n"), r"SystemExit: 0"),
    "a factory that raises no error": (network("def tiny():\n    raise GeneratorExit\n"), r"GeneratorExit"),
    "a forward pass that ends the process": (
        network(NETWORK.replace("return Tiny()", "net = Tiny(); net.forward = lambda x: exit(0); return net")),
        r"ended the analysis \(SystemExit: 0\)",
    ),
    "not a network": (network("def tiny():\n    return 3\n"), r"int"),
    "other weights": (
        weights("w.safetensors", lambda path: save_file({"other.weight": torch.zeros(2)}, path)),
        r"first\.(bias|weight)",
    ),
    "weights of another shape": (
        weights(
            "w.safetensors",
            lambda path: save_file(
                {
                    "first.weight": torch.zeros(6, 3, 5, 5),
                    "first.bias": torch.zeros(6),
                    "second.weight": torch.zeros(5, 6, 3, 3),
                    "second.bias": torch.zeros(5),
                    "head.weight": torch.zeros(3, 5),
                    "head.bias": torch.zeros(3),
                },
                path,
            ),
        ),
        r"first\.weight.*5",
    ),
    "weights with code": (weights("w.pt", lambda path: torch.save({"first.weight": Trap()}, path)), r"w\.pt.*code"),
    "no pictures": (empty_folder, r"holds no picture"),
    "a glob that fits nothing": (setting(layers={"include": ["frist"]}), r"frist.*first"),
    "a network without convolutions": (
        network("from torch import nn\ndef tiny():\n    return nn.Sequential(nn.Flatten(), nn.Linear(768, 2))\n"),
        r"no .*convolution",
    ),
    "nan": (
        network(NETWORK.replace("return Tiny()", "net = Tiny(); net.first.bias.data[0] = float('nan'); return net")),
        r"layer 'first' gives NaN",
    ),
    "a one-dimensional network": (
        network(
            "from torch import nn\ndef tiny():\n"
            "    return nn.Sequential(nn.Flatten(2), nn.Conv1d(3, 4, 3), nn.AdaptiveAvgPool1d(1), nn.Flatten())\n"
        ),
        r"Conv1d",
    ),
    "another number of channels": (
        network(NETWORK.replace("nn.Conv2d(3, 6", "nn.Conv2d(4, 6")),
        r"channels",
    ),
}


@pytest.mark.parametrize("name", list(BAD))
def test_the_error_for_bad_input_is_one_line(name: str, build: Callable[[Change], Result]) -> None:
    change, message = BAD[name]
    result = build(change)
    shown = [line for line in result.output.splitlines() if line.strip() and not line.startswith(("INFO", "DEBUG"))]
    assert result.exit_code == 1, result.output
    text = " ".join(shown)
    assert "Traceback" not in text
    assert re.search(message, text), text
    assert "gotcha" not in result.output


def test_a_corrupt_picture_is_skipped_with_a_warning_that_names_it(build: Callable[[Change], Result]) -> None:
    def corrupt(root: Path, _model: dict[str, Any]) -> None:
        path = root / "pictures" / "class-0" / "000.png"
        path.write_bytes(path.read_bytes()[:50])

    result = build(corrupt)
    assert "class-0/000.png" in result.output
    assert "skipped" in result.output
