"""Globs fit what Python's own do, in a time that grows with the folders alone."""

from __future__ import annotations

import glob
import itertools
import time
from pathlib import Path

import pytest

from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.globs import EntryCount, find_files


def fill(root: Path) -> None:
    for folder in ("", "cat", "cat/old", "dog", "dog/old/older", ".hidden", "dog/.hidden"):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name in ("a.png", "b.jpg", ".c.png", "[d].png"):
            (root / folder / name).write_bytes(b"")


def found(root: Path, pattern: str, most: int = 10_000) -> set[str]:
    paths = list(find_files(root, pattern, EntryCount(pattern, most)))
    assert len(paths) == len(set(paths))
    return {path.relative_to(root).as_posix() for path in paths}


PATTERNS = [
    "*", "*.png", "**", "**/*", "**/*.png", "*/*.png", "**/old/*.png", "**/old/**/a.*", "**/**/*", "cat/**",
    "[cd]*/**/?.png", "*/a.png", ".hidden/*", ".*/*", "**/.hidden/*", "**/.*", "**/a.png", "nothing/*",
    "*/../cat/*", "**/[[]d].png", "dog/**/**/older/*",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_glob_fits_what_pythons_own_does(tmp_path: Path, pattern: str) -> None:
    fill(tmp_path)
    expected = glob.iglob(pattern, root_dir=tmp_path, recursive=True)  # noqa: PTH207
    assert found(tmp_path, pattern) == {match for match in expected if (tmp_path / match).is_file()}


def test_folders_are_gone_through_once_whatever_the_pattern_and_the_links(tmp_path: Path) -> None:
    place = tmp_path
    for _ in range(20):
        for name in ("again", "here"):
            (place / name).symlink_to(".")
        place = place / "d"
        place.mkdir()
        (place / "up").symlink_to("..")
        (place / "a.png").write_bytes(b"")
    started = time.process_time()
    every = {"/".join(["d"] * depth) + "/a.png" for depth in range(1, 21)}
    assert found(tmp_path, "d/**/" + "**/" * 30 + "*.png") == every
    assert found(tmp_path, "d/" + "**/*/" * 3 + "**/*.png")
    assert time.process_time() - started < 5


def test_folders_that_are_linked_in_many_ways_are_entered_once(tmp_path: Path) -> None:
    for number, name in itertools.product(range(30), "abc"):
        (tmp_path / f"{number}").mkdir(exist_ok=True)
        (tmp_path / f"{number}" / name).symlink_to(f"../{number + 1}")
    (tmp_path / "30").mkdir()
    (tmp_path / "30" / "x.png").write_bytes(b"")
    assert len(found(tmp_path, "0/**/*.png")) == 1


def test_too_much_to_look_at_is_refused(tmp_path: Path) -> None:
    fill(tmp_path)
    with pytest.raises(
        ImageError, match=r"^images: '\*\*/x' leads through more than 9 files and folders; name a folder"
    ):
        found(tmp_path, "**/x", most=9)


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path)

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    for call in ("pathlib.Path.iterdir", "pathlib.Path.lstat"):
        with monkeypatch.context() as patch:
            patch.setattr(call, refuse)
            line = rf"^images: the folder '{tmp_path.name}' cannot be read \(permission denied\)"
            with pytest.raises(ImageError, match=line):
                found(tmp_path, "*")
