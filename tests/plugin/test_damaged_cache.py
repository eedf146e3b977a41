"""A damaged cache heals in the same build, also a strict one: the site has the same bytes."""

from __future__ import annotations

import logging
import os
import shutil
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from mkdocs.__main__ import cli

from mkdocs_lurk.build import generate
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.plugin.mkdocs_yml import read_mkdocs_yml
from tests.run.networks import NETWORK, SIDE, draw

DAMAGE: dict[str, Callable[[Path], object]] = {
    "flip": lambda path: path.write_bytes(flipped(path.read_bytes())),
    "truncate": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "folder": lambda path: (path.unlink(), path.mkdir(), (path / "x").write_text("x")),
    "deep JSON": lambda path: path.write_bytes(b"[" * 100_000),
    "pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "looping link": lambda path: (path.unlink(), path.symlink_to(path.name)),
    "changed text": lambda path: path.write_bytes(path.read_bytes().replace(b"first", b"worst")),
    "empty list": lambda path: path.write_bytes(b"[]"),
}

KINDS = (".md", ".webp")
"""One kind of generated text and one of pictures."""


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]


def run_mkdocs(root: Path) -> Result:
    result = CliRunner().invoke(cli, ["build", "--strict", "-f", str(root / "mkdocs.yml")])
    for name in ("mkdocs", "mkdocs.plugins"):
        logging.getLogger(name).handlers.clear()
    return result


def build(root: Path) -> dict[str, bytes]:
    """Build the site with MkDocs, strictly."""
    result = run_mkdocs(root)
    assert result.exit_code == 0, result.output
    return {
        path.relative_to(root / "site").as_posix(): path.read_bytes()
        for path in sorted((root / "site" / "models").rglob("*"))
        if path.is_file()
    }


def generate_pages(root: Path) -> tuple[Site, dict[str, bytes]]:
    """Do what of a build is ours, which takes a third of the time; a warning would stop a strict build."""
    log = logging.getLogger("mkdocs.plugins.lurk")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "warning", pytest.fail)
        site = generate(read_mkdocs_yml(root / "mkdocs.yml").config, "analyze", None)
    paths = [path for file in site.files for path in (file.path, file.body) if path]
    return site, {str(path): path.read_bytes() for path in paths}


@dataclass(frozen=True)
class Finished:
    """A site with a whole cache, a copy of this cache, and what a build and the pages alone are made of."""

    root: Path
    whole: Path
    built: dict[str, bytes]
    pages: tuple[Site, dict[str, bytes]]

    @property
    def cache(self) -> Path:
        return self.root / ".cache" / "plugin" / "lurk"

    def paths(self) -> list[Path]:
        return [path.relative_to(self.whole) for path in sorted(self.whole.rglob("*"))]

    def restore(self) -> None:
        shutil.rmtree(self.cache)
        shutil.copytree(self.whole, self.cache)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    root = tmp_path_factory.mktemp("site")
    (root / "docs").mkdir()
    (root / "docs" / "index.md").write_text("# Home\n")
    (root / "net.py").write_text(textwrap.dedent(NETWORK))
    draw(root / "pictures", 4)
    model = {
        "name": "tiny", "source": "net.py:tiny", "images": "pictures", "synthesis": False, "filters": 2,
        "layers": {"include": ["first"]},  # a second layer has the same kinds of files
        "transform": {"crop": SIDE, "mean": [0.5] * 3, "std": [0.25] * 3, "channels": 3},
    }  # fmt: skip
    site = {"site_name": "t", "theme": "mkdocs", "plugins": [{"lurk": {"models": [model]}}]}
    (root / "mkdocs.yml").write_text(yaml.safe_dump(site))
    built, pages = build(root), generate_pages(root)
    shutil.copytree(root / ".cache" / "plugin" / "lurk", root / "whole")
    return Finished(root, root / "whole", built, pages)


def damaged_in_turn(names: list[Path], damage: str) -> list[Path]:
    """Every file, or for most kinds of damage some of those that one function reads.

    Of generated files, which one loop compares with their list, two; of units, each for every other kind.
    """
    if damage in ("flip", "truncate"):
        return names if damage == "flip" else [name for name in names if not is_generated(name)]
    units = [name for name in names if name.parts[0] == "units"]
    listed = [next((name for name in names if is_generated(name) and name.suffix == end), None) for end in KINDS]
    some = {*units[list(DAMAGE).index(damage) % 2 :: 2], *listed}
    return [name for name in names if name in some or not (name in units or is_generated(name))]


def is_generated(name: Path) -> bool:
    return name.parts[0] == "pages" and "files" in name.parts


@pytest.mark.parametrize("pages_too", [False, True], ids=["pages cached", "pages anew"])
@pytest.mark.parametrize("damage", list(DAMAGE))
def test_every_file_of_the_cache_heals(damage: str, pages_too: bool, finished: Finished) -> None:
    names = [name for name in finished.paths() if (finished.whole / name).is_file() and name.suffix != ".lock"]
    names = damaged_in_turn([name for name in names if (name.parts[0] == "pages") != pages_too], damage)
    assert names
    for name in names:
        finished.restore()
        if pages_too:
            shutil.rmtree(finished.cache / "pages")
        DAMAGE[damage](finished.cache / name)
        if name == names[-1]:
            assert build(finished.root) == finished.built, name
        assert generate_pages(finished.root) == finished.pages, name
    finished.restore()


IN_PLACE_OF_FOLDERS: dict[str, Callable[[Path], object]] = {
    "file": lambda path: path.write_text("x"),
    "looping link": lambda path: path.symlink_to(path.name),
    "link to nowhere": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.parametrize("what", list(IN_PLACE_OF_FOLDERS))
def test_every_folder_of_the_cache_heals(what: str, finished: Finished) -> None:
    folders = [name for name in finished.paths() if (finished.whole / name).is_dir()]
    assert {"units", "aliases", "pages", "locks"} <= {folder.name for folder in folders}
    folders.remove(Path("locks"))  # a build that has everything takes no lock
    if what != "file":  # one function looks at all folders of units, and one at those of generated files
        alike = [name for name in folders if name.parts[0] in ("units", "pages") and len(name.parts) > 1]
        folders = [name for name in folders if name not in alike[list(IN_PLACE_OF_FOLDERS).index(what) % 2 :: 2]]
    for folder in folders:
        finished.restore()
        shutil.rmtree(finished.cache / folder)
        IN_PLACE_OF_FOLDERS[what](finished.cache / folder)
        if what == "file" and folder.name in ("units", "aliases"):  # it may be the author's
            result = run_mkdocs(finished.root)
            assert result.exit_code == 1
            assert str(finished.cache / folder) in result.output
            assert "Traceback" not in result.output
            (finished.cache / folder).read_text()
            continue
        if folder == folders[-1]:
            assert build(finished.root) == finished.built, folder
        assert generate_pages(finished.root) == finished.pages, folder
    finished.restore()
