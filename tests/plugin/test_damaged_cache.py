"""A damaged cache heals in the same build, also a strict one: the site has the same bytes."""

from __future__ import annotations

import logging
import os
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from mkdocs.__main__ import cli

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


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]


def build(root: Path) -> dict[str, bytes]:
    result = CliRunner().invoke(cli, ["build", "--strict", "-f", str(root / "mkdocs.yml")])
    for name in ("mkdocs", "mkdocs.plugins"):
        logging.getLogger(name).handlers.clear()
    assert result.exit_code == 0, result.output
    return {
        path.relative_to(root / "site").as_posix(): path.read_bytes()
        for path in sorted((root / "site" / "models").rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
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
    return root, build(root)


def damaged_in_turn(names: list[Path], damage: str) -> list[Path]:
    """Every file; of generated ones, which one loop compares with their list, two for most kinds of damage."""
    listed = [name for name in names if name.parts[0] == "pages" and "files" in name.parts]
    if damage == "flip" or not listed:
        return names  # whether the comparison leaves none out
    text, picture = (next(name for name in listed if name.suffix == suffix) for suffix in (".md", ".webp"))
    return [name for name in names if name not in listed or name in (text, picture)]


@pytest.mark.parametrize("pages_too", [False, True], ids=["pages cached", "pages anew"])
@pytest.mark.parametrize("damage", list(DAMAGE))
def test_every_file_of_the_cache_heals(
    damage: str, pages_too: bool, finished: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    root, expected = finished
    cache = root / ".cache" / "plugin" / "lurk"
    shutil.copytree(cache, tmp_path / "whole", dirs_exist_ok=True)
    names = [path.relative_to(cache) for path in sorted(cache.rglob("*")) if path.is_file() and path.suffix != ".lock"]
    kept = [name for name in names if (name.parts[0] == "pages") != pages_too]
    assert kept
    for name in damaged_in_turn(kept, damage):
        shutil.rmtree(cache)
        shutil.copytree(tmp_path / "whole", cache)
        if pages_too:
            shutil.rmtree(cache / "pages")
        DAMAGE[damage](cache / name)
        assert build(root) == expected, name
    shutil.rmtree(cache)
    shutil.copytree(tmp_path / "whole", cache)


IN_PLACE_OF_FOLDERS: dict[str, Callable[[Path], object]] = {
    "file": lambda path: path.write_text("x"),
    "looping link": lambda path: path.symlink_to(path.name),
    "link to nowhere": lambda path: path.symlink_to("nowhere"),
}


@pytest.mark.parametrize("what", list(IN_PLACE_OF_FOLDERS))
def test_every_folder_of_the_cache_heals(what: str, finished: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    root, expected = finished
    cache = root / ".cache" / "plugin" / "lurk"
    shutil.copytree(cache, tmp_path / "whole", dirs_exist_ok=True)
    folders = [path.relative_to(cache) for path in sorted(cache.rglob("*")) if path.is_dir()]
    assert {"units", "aliases", "pages", "locks"} <= {folder.name for folder in folders}
    folders.remove(Path("locks"))  # a build that has everything takes no lock
    for folder in folders:
        shutil.rmtree(cache)
        shutil.copytree(tmp_path / "whole", cache)
        shutil.rmtree(cache / folder)
        IN_PLACE_OF_FOLDERS[what](cache / folder)
        if what == "file" and folder.name in ("units", "aliases"):  # it may be the author's
            result = CliRunner().invoke(cli, ["build", "--strict", "-f", str(root / "mkdocs.yml")])
            for name in ("mkdocs", "mkdocs.plugins"):
                logging.getLogger(name).handlers.clear()
            assert result.exit_code == 1
            assert str(cache / folder) in result.output
            assert "Traceback" not in result.output
            (cache / folder).read_text()
            continue
        assert build(root) == expected, folder
    shutil.rmtree(cache)
    shutil.copytree(tmp_path / "whole", cache)
