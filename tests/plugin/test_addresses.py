"""Every address on every page leads somewhere, in every theme and with either kind of URL."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from tests.plugin.sites import FENCE, MATERIAL, broken_addresses, project

THEMES: list[dict[str, Any]] = [
    {**MATERIAL, "features": ["navigation.instant", "navigation.indexes"]},
    {"name": "mkdocs", "color_mode": "auto"},
    {"name": "readthedocs"},
]


@pytest.mark.parametrize("directory_urls", [True, False])
@pytest.mark.parametrize("theme", THEMES, ids=[theme["name"] for theme in THEMES])
def test_every_address_leads_to_a_file_in_every_theme(
    tmp_path: Path, theme: dict[str, Any], directory_urls: bool, caplog: pytest.LogCaptureFixture
) -> None:
    made = project(tmp_path, theme=theme, use_directory_urls=directory_urls)
    made.write("docs/index.md", f"# Home\n\n[three](lurk:small/features.3#filter-3)\n\n{FENCE}")
    made.write("docs/models/small/features.0.md", "# Mine\n\n[home](../../index.md), [next](lurk:small/features.3)\n")
    with caplog.at_level(logging.WARNING):
        made.build()
    assert [record.message for record in caplog.records] == []
    assert broken_addresses(made.site) == []
    for path in ("models/index.html", "models/small/index.html", "models/small/features.0/index.html",
                 "models/small/features.3/index.html", "models/small/results.json", "assets/lurk/lurk.js"):  # fmt: skip
        assert (made.site / path).is_file(), path
    for page in ("models/small/features.3/index.html", "index.html"):
        assert "assets/lurk/lurk.js" in made.html(page)
        assert "assets/lurk/lurk.css" in made.html(page)


def test_every_address_leads_to_a_file_under_the_offline_plugin(tmp_path: Path) -> None:
    made = project(tmp_path, theme=THEMES[0], plugins=["search", "offline"])
    made.build()
    assert broken_addresses(made.site) == []


def test_mkdocs_own_check_of_links_and_anchors_finds_nothing(tmp_path: Path) -> None:
    made = project(tmp_path, validation={"anchors": "warn", "links": {"unrecognized_links": "warn"}})
    made.write("docs/deep/er/page.md", f"# Deep\n\n[three](lurk:small/features.3#filter-3)\n\n{FENCE}")
    made.build()
    page = made.site / "deep" / "er" / "page" / "index.html"
    assert '<a href="../../../models/small/features.3/#filter-3">three</a>' in page.read_text("utf-8")
    image = BeautifulSoup(page.read_text("utf-8"), "html.parser").select_one("figure.lurk-embed image")
    assert image is not None
    assert (page.parent / str(image["xlink:href"])).resolve().is_file()
