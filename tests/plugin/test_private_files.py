"""What is held back is published by no other way: not as a file of ``docs_dir`` that MkDocs copies."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from mkdocs.exceptions import Abort

from tests.plugin.private_site import SOURCE, WEIGHTS, private_site
from tests.plugin.sites import Project, build_error


def site_with_photos_in_docs(root: Path, images: Any, album: str) -> Project:
    made = private_site(root)
    shutil.move(root / "photos", root / "docs" / album)
    model = {"name": "small", "source": SOURCE, "weights": WEIGHTS, "images": images, "pictures": "none"}
    made.declare({"missing": "error", "models": [{**model, "ignore": ["unreadable"]}]})
    return made


@pytest.mark.parametrize(
    ("album", "images"),
    [  # one album each, since MkDocs prints no line twice
        ("a", "docs/a"),
        ("b", "docs/b/*/*.png"),
        ("c", ["docs/c"]),
        ("d", ["docs/d/ward/unique1name.png", "docs/d/kennel"]),
    ],
    ids=["folder", "glob", "list", "files"],
)
def test_held_back_pictures_in_docs_dir_stop_the_build(
    tmp_path: Path, album: str, images: Any, caplog: pytest.LogCaptureFixture
) -> None:
    line = build_error(site_with_photos_in_docs(tmp_path, images, album), caplog)
    assert f"plugins.lurk.models[0].pictures: {album}/" in line
    assert (
        "lies in docs_dir, so that MkDocs would publish it as it is; move the folder, or list it under exclude_docs"
        in line
    )


def test_a_link_to_them_counts_as_well(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = private_site(tmp_path, pictures="none")
    (tmp_path / "docs" / "album").symlink_to(tmp_path / "photos")
    assert "pictures: album/" in build_error(made, caplog)


def test_files_that_are_excluded_stop_nothing(tmp_path: Path) -> None:
    made = private_site(tmp_path, pictures="none")
    (tmp_path / "docs" / "album").symlink_to(tmp_path / "photos")
    made.config.write_text(made.config.read_text() + "\nexclude_docs: |\n  /album\n")
    made.build()
    assert not list(made.site.rglob("*unique*"))


def test_pictures_that_are_shown_may_lie_there(tmp_path: Path) -> None:
    made = private_site(tmp_path)
    (tmp_path / "docs" / "album").symlink_to(tmp_path / "photos")
    made.build()
    assert list(made.site.rglob("*unique*"))


def test_a_link_into_the_cache_publishes_nothing_of_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = private_site(tmp_path)
    made.build()
    (tmp_path / "docs" / "link").symlink_to(made.cache)
    caplog.clear()
    with pytest.raises(Abort, match="1 warnings in strict mode"):
        made.build()
    assert any("link" in record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert not list(made.site.rglob("*.unit"))
    assert not (made.site / "link").exists()
