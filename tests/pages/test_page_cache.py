"""A folder of pages from a cache that somebody else wrote to: its list has the right digests, and is not trusted.

Whatever was done to it, the same site is made again, and nothing outside the folder is listed or touched.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.addresses import is_plain_path
from mkdocs_lurk.pages.site import build_site
from mkdocs_lurk.store import Store
from tests.pages.conftest import Built
from tests.pages.fake import FakeStatus, fake_config, fake_model
from tests.pages.test_site import contents

SECRET = b"# not for the site\n"

LISTED_NAMES = {
    "above": "../../../../outside.txt",
    "absolute": "/etc/hostname",
    "drive": "C:\\outside.txt",
    "backslash": "features.0\\outside.txt",
    "another page": "../other/index.md",
    "not there": "features.0/filters-99.js",
}

LAID: dict[str, Callable[[Path, Path], object]] = {
    "page": lambda files, _: (files / "more.md").write_bytes(SECRET),
    "layer": lambda files, _: ((files / "conv").mkdir(), (files / "conv" / "index.md").write_bytes(SECRET)),
    "HTML": lambda files, _: (files / "features.0" / "index.html").write_bytes(SECRET),
    "backslash": lambda files, _: (files / "..\\..\\net.py").write_bytes(SECRET),
    "link": lambda files, outside: (files / "results.json").unlink() or (files / "results.json").symlink_to(outside),
    "looping link": lambda files, _: (files / "model.js").unlink() or (files / "model.js").symlink_to("model.js"),
    "folder that is a link": lambda files, outside: (
        shutil.move(files / "features.0", outside.parent / "moved"),
        (files / "features.0").symlink_to(outside.parent / "moved"),
    ),
    "no pages": lambda files, _: [path.unlink() for path in files.rglob("index.body")],
}


def with_filter(summary: dict[str, Any], **changes: object) -> dict[str, Any]:
    """The highlights of a summary with other fields of the story's first filter."""
    highlights: dict[str, Any] = summary["highlights"]
    first, *rest = highlights["story"]
    return {**highlights, "story": [{**first, **changes}, *rest]}


SUMMARIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "null": lambda _: None,
    "empty": lambda _: {},
    "a list": lambda _: [],
    "text": lambda _: "layers",
    "no layers": lambda whole: {**whole, "layers": []},
    "address above": lambda whole: {**whole, "layers": [["features.0", "../.."], *whole["layers"][1:]]},
    "a layer too many": lambda whole: {**whole, "layers": [*whole["layers"], ["conv", "conv"]]},
    "wrong types": lambda whole: {**whole, "layers": [[1, 2]]},
    "short facts": lambda whole: {**whole, "facts": [["label"]]},
    "views of other fields": lambda whole: {**whole, "views": [{"src": "strip-0.webp"}]},
    "views of other types": lambda whole: {**whole, "views": [{**whole["views"][0], "x": None}]},
    "views without size": lambda whole: {**whole, "views": [{**whole["views"][0], "shown_width": 0}]},
    "views of elsewhere": lambda whole: {**whole, "views": [{**whole["views"][0], "src": "../../x.webp"}]},
    "highlights of no layer": lambda whole: {**whole, "highlights": with_filter(whole, slug="../..")},
    "highlights of elsewhere": lambda whole: {
        **whole,
        "highlights": with_filter(whole, drawn={**whole["views"][0], "src": "../x"}),
    },
    "missing": lambda whole: {**whole, "missing": 3},
    "deep": lambda _: json.loads("[" * 900 + "]" * 900),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """One analysed model and one without results, neither with a card, which takes a process of its own to render."""
    root = tmp_path_factory.mktemp("built")
    store = Store(root / "cache")
    models = [
        FakeStatus(fake_config(root), fake_model(store)),
        FakeStatus(fake_config(root, "waiting"), None, "it was not analysed yet"),
    ]
    return Built(root, store, models, build_site(models, store, root / "cache"))


@pytest.fixture
def cache(built: Built, tmp_path: Path) -> Path:
    (tmp_path / "outside.txt").write_bytes(SECRET)
    shutil.copytree(built.cache, tmp_path / "cache")
    return tmp_path / "cache"


def model_folder(cache: Path) -> Path:
    (found,) = [path.parent for path in cache.glob("pages/*/list.json") if "model.js" in path.read_text()]
    return found


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a folder's list, and give it the digest that goes with it."""
    listed = json.loads((folder / "list.json").read_text())
    change(listed)
    listed["digest"] = hashlib.sha256(json.dumps([listed["files"], listed["summary"]]).encode()).hexdigest()
    (folder / "list.json").write_text(json.dumps(listed))


def list_what_lies_there(folder: Path) -> None:
    files = folder / "files"
    digests = {
        path.relative_to(files).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(files.rglob("*"))
        if path.is_file()
    }
    rewrite(folder, lambda listed: listed.update(files=digests))


def assert_heals(built: Built, cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        site = build_site(built.models, built.store, cache)
    assert " damaged (" in caplog.text
    assert contents(site) == contents(built.site)
    for file in site.files:
        assert is_plain_path(file.uri)
        assert file.path.resolve().is_relative_to(cache.resolve())
    assert (cache.parent / "outside.txt").read_bytes() == SECRET


@pytest.mark.parametrize("name", LISTED_NAMES.values(), ids=LISTED_NAMES)
def test_a_name_is_never_read_from_the_list(
    name: str, built: Built, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    digest = hashlib.sha256(SECRET).hexdigest()
    rewrite(model_folder(cache), lambda listed: listed["files"].update({name: digest}))
    assert_heals(built, cache, caplog)


@pytest.mark.parametrize("lay", LAID.values(), ids=LAID)
def test_files_that_no_writer_makes_are_dropped(
    lay: Callable[[Path, Path], object], built: Built, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = model_folder(cache)
    lay(folder / "files", cache.parent / "outside.txt")
    list_what_lies_there(folder)
    assert_heals(built, cache, caplog)


@pytest.mark.parametrize("change", SUMMARIES.values(), ids=SUMMARIES)
def test_a_damaged_summary_heals(
    change: Callable[[dict[str, Any]], object], built: Built, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rewrite(model_folder(cache), lambda listed: listed.update(summary=change(listed["summary"])))
    assert_heals(built, cache, caplog)


@pytest.mark.parametrize("place", ["pages", "pages/KEY", "pages/KEY/files", "pages/KEY/list.json"])
@pytest.mark.parametrize("what", ["file", "looping link", "link"])
def test_what_lies_in_the_place_of_a_folder_is_dropped(
    place: str, what: str, built: Built, cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = cache / place.replace("KEY", model_folder(cache).name)
    moved = cache.parent / "moved"
    path.rename(moved)
    if what == "file":
        path.write_text("{}")
    else:
        path.symlink_to(path.name if what == "looping link" else moved)
    if what == "link" and path.name in ("pages", "list.json"):  # the author's own, or harmless: only names matter
        assert contents(build_site(built.models, built.store, cache)) == contents(built.site)
    else:
        assert_heals(built, cache, caplog)
        assert os.path.lexists(moved)


def test_a_list_of_models_with_other_files_heals(built: Built, cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder,) = [path.parent for path in cache.glob("pages/*/list.json") if '"summary":{},' in path.read_text()]
    (folder / "files" / "more.md").write_bytes(SECRET)
    list_what_lies_there(folder)
    assert_heals(built, cache, caplog)


@pytest.mark.parametrize("path", ["", "/a", "a//b", "a/../b", "..", "./a", "a/.", "C:/a", "C:a", "\\a", "a\\b", "a\0b"])
def test_a_path_that_may_lead_elsewhere_is_not_plain(path: str) -> None:
    assert not is_plain_path(path)


def test_a_path_inside_a_folder_is_plain() -> None:
    assert is_plain_path("models/a..b/...c/index.md")
