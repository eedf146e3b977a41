"""Pages are written once, the same each time, from the store alone; damaged ones are noticed and written again."""

from __future__ import annotations

import dataclasses
import errno
import logging
import re
import shutil
from pathlib import Path

import pytest

import mkdocs_lurk
from mkdocs_lurk.errors import ConfigError, StoreError
from mkdocs_lurk.pages import page_cache
from mkdocs_lurk.pages.page_sources import OTHER_SOURCES
from mkdocs_lurk.pages.site import Site, build_site, drop_unused
from mkdocs_lurk.store import Store
from tests.pages.conftest import Built
from tests.pages.fake import FakeStatus, fake_config, fake_model

SHAPE_NO_PAGE = {
    "results.py",
    "records/record_check.py",
    "records/results_check.py",
    "config/options.py",
    "declared_files.py",
    "errors.py",
    "files.py",
    "store.py",
    "store/blobs.py",
    "store/keys.py",
}
"""Modules that pages import, and that only find, read or keep what pages are made from."""


def contents(site: Site) -> dict[str, bytes]:
    return {file.uri: file.path.read_bytes() for file in site.files}


def times(cache: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}


def test_a_second_build_writes_nothing(built: Built) -> None:
    before = times(built.cache)
    again = build_site(built.models, built.store, built.cache)
    assert again == built.site
    assert times(built.cache) == before


def test_a_second_build_does_not_open_the_store(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "get", lambda *_: pytest.fail("the store was asked"))
    assert build_site(built.models, built.store, built.cache) == built.site


def test_another_cache_folder_gives_the_same_bytes(built: Built, tmp_path: Path) -> None:
    shutil.copytree(built.cache / "units", tmp_path / "units")
    again = build_site(built.models, Store(tmp_path), tmp_path)
    assert contents(again) == contents(built.site)


@pytest.mark.parametrize("damage", ["flip", "remove"])
def test_changed_pages_are_noticed_and_made_again(
    built: Built, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(built.cache, tmp_path / "cache")
    site = build_site(built.models, built.store, tmp_path / "cache")
    path = site.path("models/small/features.0/layer.js")
    assert path.is_relative_to(tmp_path)
    if damage == "flip":
        data = bytearray(path.read_bytes())
        data[7] ^= 1
        path.write_bytes(data)
    else:
        path.unlink()
    with caplog.at_level(logging.INFO):
        again = build_site(built.models, built.store, tmp_path / "cache")
    assert "damaged (" in caplog.text
    assert contents(again) == contents(built.site)


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "cache")
    models = [FakeStatus(fake_config(tmp_path), fake_model(store))]

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(page_cache, "file_digest", full)
    with pytest.raises(StoreError, match="no space is left"):
        build_site(models, store, tmp_path / "cache")
    assert list((tmp_path / "cache" / "pages").iterdir()) == []


def test_another_declaration_makes_new_pages(built: Built) -> None:
    config = dataclasses.replace(built.models[0].config, title="Another title")
    site = build_site([FakeStatus(config, built.models[0].key)], built.store, built.cache)
    assert "# Another title" in site.path("models/small/index.md").read_text("utf-8")
    assert site.titles == {"small": "Another title"}


def test_a_placeholder_says_why_there_are_no_results_and_what_to_do(built: Built) -> None:
    page = built.text("models/waiting/index.md")
    assert "it was not analysed yet" in page
    assert "<code>mkdocs-lurk analyze waiting</code>" in page
    assert "# Not &#42;yet&#42;" in page
    assert built.site.missing == {"waiting": "it was not analysed yet."}


def test_pages_say_what_was_not_computed(built: Built) -> None:
    model, layer = built.text("models/small/index.md"), built.text("models/small/features.3/index.md")
    assert "- <code>aux.conv</code> has no page: it did not run." in model
    assert "<code>dog/0004.jpg</code> (the file is cut short)" in model
    assert "8 of 16 filters were analysed." in layer
    seen, _, folded = layer.partition("<summary>For the author of this site</summary>")
    assert "mkdocs" not in seen.partition("</lurk-gallery>")[2]
    assert "<code>filters</code> in <code>mkdocs.yml</code> chooses which filters are analysed" in folded
    assert "it was not chosen for a synthesis" in layer
    assert layer.count("<code>mkdocs-lurk analyze small</code>") == 1


def test_pages_keep_braces_from_other_plugins(built: Built) -> None:
    pages = [file for file in built.site.files if file.body]
    assert len(pages) == 14
    for page in pages:
        assert "\nrender_macros: false\n" in page.path.read_text("utf-8").split("---")[1]


def test_a_page_without_javascript_has_every_filter(built: Built) -> None:
    page = built.text("models/small/features.3/index.md")
    gallery = re.search(r"<lurk-gallery.*?</lurk-gallery>", page, re.DOTALL)
    assert gallery is not None
    for index in range(8):
        assert f'<a href="#filter-{index}" data-filter="{index}"' in gallery[0]
        assert f'<tr id="filter-{index}">' in gallery[0]
    assert "style=" not in page
    assert not re.search(r"\son\w+=", page)


def test_the_card_opens_the_page(built: Built) -> None:
    page = built.text("models/small/index.md")
    assert "<code>&#123;&#123; braces &#125;&#125;</code> stay" in page
    assert "A title that the page has already" not in page
    assert page.index("It is small") < page.index("lurk-facts")
    assert "| Accuracy on Noise | 0.5 |" in page


def test_an_author_overrides_a_block(built: Built, tmp_path: Path) -> None:
    (tmp_path / "layer.md.j2").write_text('{% extends "lurk/layer.md.j2" %}{% block made %}My own words.{% endblock %}')
    site = build_site(built.models, built.store, built.cache, tmp_path)
    page = site.path("models/small/features.0/index.md").read_text("utf-8")
    assert "My own words." in page
    assert "How these pictures are made" not in page
    assert "<lurk-gallery" in page


def test_a_broken_template_is_one_line(built: Built, tmp_path: Path) -> None:
    (tmp_path / "layer.md.j2").write_text("{% block %}")
    with pytest.raises(ConfigError, match=r"the template layer\.md\.j2, line 1 cannot be rendered"):
        build_site(built.models, built.store, built.cache, tmp_path)


def test_unused_folders_are_dropped(built: Built, tmp_path: Path) -> None:
    shutil.copytree(built.cache, tmp_path / "cache")
    site = build_site(built.models[:1], built.store, tmp_path / "cache")
    assert drop_unused(built.models[:1], tmp_path / "cache") > 0
    assert len(list((tmp_path / "cache" / "pages").iterdir())) == 1
    assert site.path("models/small/index.md").is_file()
    assert contents(build_site(built.models, built.store, tmp_path / "cache")) == contents(built.site)


def test_a_change_of_any_module_that_shapes_pages_makes_new_pages() -> None:
    package, pages = Path(mkdocs_lurk.__file__).parent, Path(mkdocs_lurk.__file__).parent / "pages"
    imported = {
        module.replace(".", "/") + ".py"
        for path in pages.rglob("*.py")
        for module in re.findall(r"^from mkdocs_lurk\.([a-z_.]+) import", path.read_text("utf-8"), re.MULTILINE)
        if not module.startswith("pages")
    }
    assert all((package / name).is_file() for name in OTHER_SOURCES)
    assert imported - set(OTHER_SOURCES) <= SHAPE_NO_PAGE


def test_few_photographs_have_one_file_each(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    key = fake_model(store, "large", 128, (("conv", 2, 130),), 7)
    site = build_site([FakeStatus(fake_config(tmp_path, "large"), key)], store, tmp_path / "cache")
    names = [Path(file.uri).name for file in site.files]
    assert sum(name.startswith("photos-") for name in names) == 6
    assert sum(name.startswith("thumbs-") for name in names) == 1
    assert "the whole picture" in site.path("models/large/conv/index.md").read_text("utf-8")
