"""What is published names no folder of the machine that built it."""

from __future__ import annotations

import gzip
import logging
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from mkdocs.exceptions import Abort

from mkdocs_lurk.cli import main
from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.reading import as_picture, read_picture
from tests.plugin.marked_site import FOLDER, HELPERS, MARKS, declare, marked_site, run
from tests.plugin.sites import Project, build_error, project

pytestmark = pytest.mark.xdist_group("leaks")  # one process of several: the marked site is slow to make
MARK = "unique-marker-folder"


@pytest.mark.parametrize(
    ("contents", "why"), [(b"no picture", "no picture that Pillow knows"), (b"\x89PNG\r\n\x1a\n cut", "no picture")]
)
def test_a_broken_pictures_reason_names_no_folder(tmp_path: Path, contents: bytes, why: str) -> None:
    path = tmp_path / MARK / "broken.png"
    path.parent.mkdir()
    path.write_bytes(contents)
    with pytest.raises(ImageError) as caught:
        read_picture(path, "broken.png")
    assert MARK not in str(caught.value)
    assert why in str(caught.value)


def test_a_missing_file_of_a_datasets_item_names_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such file") as caught:
        as_picture({"bytes": None, "path": str(tmp_path / MARK / "gone.png")}, "item 3")
    assert MARK not in str(caught.value)


@pytest.mark.parametrize(("folder", "key"), [("docs/cache", "docs_dir"), ("site/cache", "site_dir")])
def test_a_cache_that_mkdocs_would_publish_or_delete_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, folder: str, key: str
) -> None:
    made = project(tmp_path)
    made.declare({"cache_dir": folder, "models": []})
    line = build_error(made, caplog)
    assert f"cache_dir: the folder lies inside {key}" in line
    for command in (
        "plan",
        "analyze",
        "inspect x",
        "bundle pack x.tar",
        "bundle unpack x.tar",
        "export --out x",
        "clean",
    ):
        *words, last = command.split()
        result = CliRunner().invoke(main, [*words, last, "-f", str(made.config)])
        assert result.exit_code == 1
        assert result.output == f"Error: {line.removeprefix('lurk: ')}\n"


@pytest.mark.parametrize("folder", ["docs", "docs/old", "docs/a/b"])
def test_a_cache_left_in_the_docs_is_not_published(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, folder: str
) -> None:
    made = project(tmp_path)
    made.build()
    shutil.copytree(made.cache, tmp_path / folder, dirs_exist_ok=True)
    names = {path.name for path in made.cache.rglob("*") if path.suffix in (".unit", ".json", ".lock")} - {
        "results.json"
    }
    made.write("docs/units/mine.json" if folder == "docs/old" else "docs/mine.json", "{}")
    with pytest.raises(Abort):
        made.build()
    assert not names & {path.name for path in made.site.rglob("*")}
    assert (made.site / "models" / "small" / "index.html").is_file()
    assert [path.name for path in made.site.rglob("mine.json")] == ["mine.json"]
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "holds a cache of results" in line


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = marked_site(tmp_path_factory.mktemp("leaks"))
    built = run(made, "mkdocs", "build", "--verbose")
    assert built.returncode == 0, built.stderr
    assert FOLDER in built.stderr  # the log is the author's own
    packed = run(made, "mkdocs-lurk", "bundle", "pack", "results.tar")
    assert packed.returncode == 0, packed.stderr
    return made


def leaks(*roots: Path) -> list[str]:
    """The files whose names or contents hold a mark, and the marks."""
    found = []
    for root in roots:
        for path in [root] if root.is_file() else sorted(root.rglob("*")):
            data = path.read_bytes() if path.is_file() else b""
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            found += [f"{path.name}: {mark}" for mark in MARKS if mark.encode() in data or mark in path.name]
    return found


def test_everything_that_can_fail_did(marked: Project) -> None:
    """Or the tests below would look at nothing."""
    files, items = (marked.results(f"models/{name}/results.json") for name in ("files", "items"))
    assert [(path, why.removeprefix(path).strip()) for path, why in files["skipped_images"]] == [
        ("light/0.png", "makes the transform network.py:transform raise ValueError"),
        ("light/broken.png", "cannot be read (no picture that Pillow knows); replace or remove it"),
        ("light/cut.png", "cannot be read (damaged); replace or remove it"),
    ]
    assert [why.partition(" cannot ")[2] for _, why in items["skipped_images"]] == [
        "be read: OSError",
        "be read: no such file or directory",
        "be read: RuntimeError",
        "be read (no such file or directory); replace or remove it",
        "be read: PermissionError",
    ]
    assert any("a batch of two fails" in note for note in files["notes"])
    assert any("no weights given" in note for note in files["notes"])
    assert files["skipped_layers"]
    assert files["model"]["source"] == "network.py:network"


def test_nothing_of_the_site_the_cache_and_a_bundle_names_the_machine(marked: Project) -> None:
    assert leaks(marked.site) == []
    assert leaks(marked.cache) == []
    assert leaks(marked.root / "results.tar") == []


def test_a_placeholder_names_no_folder(marked: Project) -> None:
    """After the others: it changes the site."""
    marked.write("helpers.py", f"# moved\n{HELPERS}CHANGED = True\n")
    declare(marked, missing="placeholder")
    built = run(marked, "mkdocs", "build")
    assert built.returncode == 0, built.stderr
    assert "helpers.py changed" in marked.html("models/files/index.html")
    assert "data.py" not in marked.html("models/items/index.html")
    assert leaks(marked.site, marked.cache) == []


def test_a_cache_in_the_themes_folder_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = project(tmp_path)
    made.write("theme/cache/x.txt", "")
    made.declare({"cache_dir": "theme/cache", "models": []}, theme={"name": "mkdocs", "custom_dir": "theme"})
    assert "cache_dir: the folder lies inside theme.custom_dir" in build_error(made, caplog)
