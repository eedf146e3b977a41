"""What is published names no folder of the machine that built it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.reading import as_picture, read_picture
from tests.plugin.sites import build_error, project

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
    assert f"cache_dir: the folder lies inside {key}" in build_error(made, caplog)
