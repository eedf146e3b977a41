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


@pytest.mark.parametrize("directory_urls", [True, False])
def test_layers_of_any_name_have_pages_of_their_own(tmp_path: Path, directory_urls: bool) -> None:
    names = ["index", "README", "a/b", "a-b", "Conv", "conv", "x:2", "x-2", "results.json", "..", "n." * 150]
    made = project(tmp_path, layers=[(name, 2, 5) for name in names], use_directory_urls=directory_urls)
    links = "[one](lurk:small/index#filter-1), [two](lurk:small/a/b), [three](lurk:small/x:2)"
    made.write("docs/index.md", f"# Home\n\n{links}\n\n```lurk\nmodel: small\nlayer: README\nfilter: 1\n```\n")
    made.build()
    assert broken_addresses(made.site) == []
    assert "A small network" in made.html("models/small/index.html")
    layers = made.results("models/small/results.json")["layers"]
    assert [layer["name"] for layer in layers] == names
    for layer in layers:
        assert made.results(f"models/small/{layer['results']}")["layer"]["name"] == layer["name"]
        page = BeautifulSoup(made.html(f"models/small/{layer['slug']}/index.html"), "html.parser")
        assert [heading.get_text() for heading in page.select("h1")] == [layer["title"]]
        assert layer["name"] in [code.get_text() for code in page.select("code")]
    assert len({layer["title"] for layer in layers}) == len(layers)
    home = BeautifulSoup(made.html("index.html"), "html.parser")
    linked = {link.get_text(): str(link["href"]).split("/")[2] for link in home.select("a[href*='models/small/']")}
    embeds = {str(link["href"]) for link in home.select("figure.lurk-embed a[href$='#filter-1']")}
    assert [embed.split("/")[2] for embed in embeds] == ["layer-README"]
    folders = {layer["name"]: layer["slug"] for layer in layers}
    for text, name in (("one", "index"), ("two", "a/b"), ("three", "x:2")):
        assert linked[text] == folders[name]


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
