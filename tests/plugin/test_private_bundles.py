"""A site that is built from a bundle holds back what its author does."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from mkdocs.exceptions import Abort

from tests.plugin.private_site import (
    command,
    declare,
    found_in,
    packed,
    private_site,
    store_of,
)
from tests.plugin.sites import Project, build_error


@pytest.mark.parametrize(
    "choice",
    [
        {"pictures": "none"},
        {"pictures": {"ward/*": "none"}},
        {"pictures": {"ward/unique1*": {"thumbnails": 8}, "label:patients": "none", "*": {"thumbnails": 16}}},
        {"anonymous": True},
        {"anonymous": True, "pictures": {"kennel/*": "full", "*": "none"}},
    ],
)
def test_a_site_from_a_bundle_is_that_of_its_author(
    tmp_path: Path, choice: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    made = private_site(tmp_path, **choice, ignore=["unreadable", "unchecked-pattern"])
    made.build()
    packed(made)
    first = contents(made.site)
    made.cache.rename(tmp_path / "old")
    command("bundle", "unpack", "-f", str(made.config), str(tmp_path / "results.tar"))
    assert not found_in(made.cache) & ({"digest"} if "anonymous" in choice else {"digest of patients"})
    made.build()
    second = contents(made.site)
    assert first.keys() == second.keys()
    different = [name for name in first if first[name] != second[name]]
    assert different == [name for name in different if name in ("models/small/index.html", "search/search_index.json")]
    note = b"Not compared with the network here: "
    page = second["models/small/index.html"]
    assert note in page
    assert note not in first["models/small/index.html"]
    start = page.index(b"<p>" + note)
    assert page[:start] + page[page.index(b"</p>\n", start) + 5 :] == first["models/small/index.html"]


@pytest.mark.parametrize(
    ("then", "line"),
    [
        ({"ward/*": "none"}, "pictures: 'ward/*' fits no picture whose name is in the bundle, and may have a slip"),
        ({"ward/*": "none", "kenel/*": "none"}, "pictures: 'ward/*', 'kenel/*' fits no picture whose name is in the"),
        ({"ward/*": "full", "kennel/*": "none"}, None),
        ({"label:patients": "none", "label:dogs": {"thumbnails": 8}}, None),
    ],
)
def test_a_pattern_that_a_bundle_cannot_tell_is_a_warning_of_every_build(
    tmp_path: Path, then: dict[str, Any], line: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    made = unpacked(tmp_path, {"ward/*": "none"}, then)
    for _ in range(2):
        caplog.clear()
        if line is None:
            made.build()
            continue
        with pytest.raises(Abort):
            made.build()
        (warned,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
        assert warned.startswith(f"small: {line}")
        assert "accept it with ignore: [unchecked-pattern]" in warned
    command("bundle", "pack", "-f", str(made.config), str(tmp_path / "again.tar"))


def test_a_label_pattern_with_a_slip_is_refused_after_a_bundle_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = unpacked(tmp_path, {"ward/*": "none"}, {"label:dgs": "none"})
    assert build_error(made, caplog) == (
        "lurk: plugins.lurk.models[0].pictures['label:dgs']: no picture has such a label; did you mean 'dogs'?"
    )


def unpacked(root: Path, pictures: Any, then: Any) -> Project:
    """A project whose results are from a bundle that holds something back, with other ``pictures`` by now."""
    made = private_site(root, pictures=pictures)
    packed(made)
    made.cache.rename(root / "old")
    declare(made, pictures=then)
    command("bundle", "unpack", "-f", str(made.config), str(root / "results.tar"))
    return made


def contents(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in sorted(site.rglob("*"))
        if path.is_file() and not path.name.startswith("sitemap")
    }


def test_whole_results_come_before_those_of_a_bundle(tmp_path: Path) -> None:
    made = private_site(tmp_path, pictures="none")
    _, key = store_of(made)
    packed(made)
    command("bundle", "unpack", "-f", str(made.config), str(tmp_path / "results.tar"))
    assert store_of(made)[1] == key
