"""Whole builds by MkDocs: every theme and kind of address, authors' pages, navigation, what is missing."""

from __future__ import annotations

import logging
import posixpath
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from mkdocs_lurk.plugin.declaration import read_declared
from mkdocs_lurk.run.plan import ModelState
from mkdocs_lurk.store import Store
from tests.pages.fake import fake_model
from tests.plugin.sites import Project, project

THEMES: list[dict[str, Any]] = [
    {"name": "material", "font": False, "features": ["navigation.instant", "navigation.indexes"]},
    {"name": "mkdocs", "color_mode": "auto"},
    {"name": "readthedocs"},
]
FENCE = "```lurk\nmodel: small\nlayer: features.3\nfilter: 3\n```\n"


def addresses(page: Path) -> Iterator[str]:
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    for hidden in soup.select("noscript"):
        hidden.unwrap()
    names = ("href", "src", "data-src", "xlink:href")
    for tag in soup.find_all(lambda tag: any(tag.has_attr(name) for name in names)):
        yield from (str(tag[name]) for name in names if tag.has_attr(name))


def broken(site: Path) -> list[str]:
    """Addresses on generated pages that lead nowhere on disk."""
    found = []
    for page in [*site.glob("models/**/*.html"), site / "index.html"]:
        for address in addresses(page):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or not parts.path:
                continue
            target = Path(posixpath.normpath(page.parent / unquote(parts.path)))
            if parts.path.startswith("/"):
                target = site / unquote(parts.path).lstrip("/")
            if not (target.is_file() or (target / "index.html").is_file()):
                found.append(f"{page.relative_to(site)}: {address}")
    return found


def text_of(html: str) -> str:
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())


@pytest.mark.parametrize("directory_urls", [True, False])
@pytest.mark.parametrize("theme", THEMES, ids=[theme["name"] for theme in THEMES])
def test_every_address_of_every_theme_leads_somewhere(
    tmp_path: Path, theme: dict[str, Any], directory_urls: bool, caplog: pytest.LogCaptureFixture
) -> None:
    made = project(tmp_path, theme=theme, use_directory_urls=directory_urls)
    made.write("docs/index.md", f"# Home\n\n[three](lurk:small/features.3#filter-3)\n\n{FENCE}")
    made.write("docs/models/small/features.0.md", "# Mine\n\n[home](../../index.md), [next](lurk:small/features.3)\n")
    with caplog.at_level(logging.WARNING):
        made.build()
    assert [record.message for record in caplog.records] == []
    assert broken(made.site) == []
    for path in ("models/index.html", "models/small/index.html", "models/small/features.0/index.html",
                 "models/small/features.3/index.html", "models/small/results.json", "assets/lurk/lurk.js"):  # fmt: skip
        assert (made.site / path).is_file(), path
    for page in ("models/small/features.3/index.html", "index.html"):
        assert "assets/lurk/lurk.js" in made.html(page)
        assert "assets/lurk/lurk.css" in made.html(page)


def test_it_builds_under_the_offline_plugin(tmp_path: Path) -> None:
    made = project(tmp_path, theme=THEMES[0], plugins=["search", "offline"])
    made.build()
    assert broken(made.site) == []


def test_links_and_anchors_are_right_where_mkdocs_checks_them(tmp_path: Path) -> None:
    made = project(tmp_path, validation={"anchors": "warn", "links": {"unrecognized_links": "warn"}})
    made.write("docs/deep/er/page.md", f"# Deep\n\n[three](lurk:small/features.3#filter-3)\n\n{FENCE}")
    made.build()
    page = made.site / "deep" / "er" / "page" / "index.html"
    assert '<a href="../../../models/small/features.3/#filter-3">three</a>' in page.read_text("utf-8")
    image = BeautifulSoup(page.read_text("utf-8"), "html.parser").select_one("figure.lurk-embed image")
    assert image is not None
    assert (page.parent / str(image["xlink:href"])).resolve().is_file()


@pytest.mark.parametrize("directory_urls", [True, False])
@pytest.mark.parametrize("own", ["features.0.md", "features.0/index.md", "features.0/README.md"])
def test_an_authors_page_stays_the_page(tmp_path: Path, own: str, directory_urls: bool) -> None:
    made = project(tmp_path, use_directory_urls=directory_urls, theme={"name": "material", "font": False})
    front = "---\ntitle: My title\ndescription: What I say of it.\n---\n"
    made.write(f"docs/models/small/{own}", f"{front}# My heading\n\nBefore.\n\n<!-- lurk -->\n\nAfter.\n")
    made.build()
    html = made.html("models/small/features.0/index.html")
    soup = BeautifulSoup(html, "html.parser")
    assert soup.title is not None
    assert "My title" in soup.title.get_text()
    assert soup.select_one('meta[name="description"][content="What I say of it."]')
    assert [heading.get_text() for heading in soup.select("h1")] == ["My heading"]
    assert html.index("Before.") < html.index("<lurk-gallery") < html.index("After.")
    assert not list(made.site.rglob("README*"))
    assert not (made.site / "models" / "small" / "features.0.html").exists()
    following = BeautifulSoup(made.html("models/small/index.html"), "html.parser").find("a", string="features.0")
    assert following is not None


@pytest.mark.parametrize("own", ["models/small/index.md", "models/small.md", "models/index.md", "models.md"])
def test_authors_write_the_models_page_and_the_list(tmp_path: Path, own: str) -> None:
    made = project(tmp_path)
    made.write(f"docs/{own}", "# My heading\n\nMy words.\n")
    made.build()
    folder = "models/small" if "small" in own else "models"
    html = made.html(f"{folder}/index.html")
    assert "My heading" in html
    assert html.index("My words.") < html.index("lurk-map" if "small" in own else "lurk-strip")


def test_the_card_is_on_the_models_page_alone(tmp_path: Path) -> None:
    made = project(tmp_path)
    made.write("docs/cards/small.md", "---\nlicense: mit\n---\n# Card\n\nThe words of the card.\n")
    model = {"name": "small", "source": "torchvision:squeezenet1_1", "images": "photos", "card": "docs/cards/small.md"}
    made.declare({"models": [model]})
    made.answer()
    made.build()
    assert "The words of the card." in made.html("models/small/index.html")
    assert not (made.site / "cards").exists()


def titles(site: Project, page: str = "index.html") -> list[str]:
    soup = BeautifulSoup(site.html(page), "html.parser")
    return [" ".join(link.get_text().split()) for link in soup.select("nav.md-nav--primary a.md-nav__link")]


def test_the_section_holds_models_and_their_layers(tmp_path: Path) -> None:
    made = project(tmp_path, theme={"name": "material", "font": False})
    made.build()
    assert titles(made) == ["Home", "Models", "A small network", "features.0", "features.3"]
    links = BeautifulSoup(made.html("models/small/features.0/index.html"), "html.parser")
    assert [links.select_one(f'link[rel="{rel}"]')["href"] for rel in ("prev", "next")] == ["../", "../features.3/"]


def test_authors_pages_stand_in_the_section_once(tmp_path: Path) -> None:
    made = project(tmp_path, theme={"name": "material", "font": False})
    made.write("docs/models/small/features.0.md", "# The first layer\n")
    made.build()
    assert titles(made) == ["Home", "Models", "A small network", "The first layer", "features.3"]


def test_pages_that_the_author_placed_stay_there(tmp_path: Path) -> None:
    nav = [{"Start": "index.md"}, {"Networks": ["models/small/index.md"]}]
    made = project(tmp_path, theme={"name": "material", "font": False}, nav=nav)
    made.build()
    assert titles(made) == ["Start", "A small network", "Models", "features.0", "features.3"]


def test_a_section_of_that_name_is_extended(tmp_path: Path) -> None:
    nav = [{"Networks": ["about.md"]}, {"End": "index.md"}]
    made = project(tmp_path, theme={"name": "material", "font": False}, nav=nav, lurk={"nav": {"section": "Networks"}})
    made.write("docs/about.md", "# About\n")
    made.build()
    assert titles(made) == ["About", "Models", "A small network", "features.0", "features.3", "End"]


def test_the_navigation_can_be_left_alone(tmp_path: Path) -> None:
    made = project(tmp_path, theme={"name": "material", "font": False}, lurk={"nav": {"mode": "none"}})
    made.build()
    assert titles(made) == ["Home"]
    assert (made.site / "models" / "small" / "index.html").is_file()


def test_many_layers_keep_the_navigation_light(tmp_path: Path) -> None:
    layers = [(f"layer.{number}", 1, 3) for number in range(61)]
    made = project(tmp_path, layers=layers, theme={"name": "material", "font": False})
    made.build()
    assert titles(made) == ["Home", "Models", "A small network"]
    assert broken(made.site) == []


def test_a_second_build_changes_no_byte(tmp_path: Path) -> None:
    made = project(tmp_path)
    made.build()
    before = {path: path.read_bytes() for path in made.site.rglob("models/**/*") if path.is_file()}
    cached = {path: path.stat().st_mtime_ns for path in made.cache.rglob("*") if path.is_file()}
    made.build()
    assert before == {path: path.read_bytes() for path in made.site.rglob("models/**/*") if path.is_file()}
    units = {path: when for path, when in cached.items() if path.suffix != ".json" or "pages" in path.parts}
    assert units == {path: path.stat().st_mtime_ns for path in units}


def test_nothing_is_written_into_docs(tmp_path: Path) -> None:
    made = project(tmp_path)
    before = sorted(made.root.joinpath("docs").rglob("*"))
    made.build()
    assert sorted(made.root.joinpath("docs").rglob("*")) == before


def test_a_site_without_models_is_left_as_it_is(tmp_path: Path) -> None:
    made = project(tmp_path)
    made.declare({"models": []})
    made.build()
    assert not (made.site / "models").exists()
    assert "assets/lurk" not in made.html("index.html")


def errors(made: Project, caplog: pytest.LogCaptureFixture) -> str:
    with pytest.raises(Abort), caplog.at_level(logging.ERROR):
        made.build()
    line = caplog.records[-1].getMessage()  # for a page, MkDocs says before it which one it read
    assert "\n" not in line
    return line


def test_an_unknown_key_is_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = project(tmp_path)
    made.declare({"modles": []})
    assert errors(made, caplog) == "lurk: plugins.lurk: unknown key 'modles'; did you mean 'models'?"


def test_missing_results_can_be_an_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = project(tmp_path, lurk={"missing": "error"})
    made.build()
    (made.root / "photos" / "cat" / "0.png").unlink()
    line = errors(made, caplog)
    assert line.startswith("lurk: model small: ")
    assert "mkdocs-lurk analyze small" in line


def test_missing_results_can_be_said_on_a_page(tmp_path: Path) -> None:
    made = project(tmp_path, lurk={"missing": "placeholder"})
    made.write("docs/index.md", f"# Home\n\n{FENCE}")
    (made.root / "photos" / "cat" / "0.png").unlink()
    made.build()
    assert "This model has not been analysed yet" in text_of(made.html("models/small/index.html"))
    assert "is not shown" in text_of(made.html("index.html"))


def test_missing_results_are_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = project(tmp_path)
    (made.root / "photos" / "cat" / "0.png").unlink()
    asked = []

    def analyze(config: Any, model: Any, store: Store, progress: Any, ranks: Any) -> str:
        asked.append(model.name)
        return fake_model(store, model.name)

    pipeline = types.ModuleType("pipeline")
    pipeline.analyze = analyze  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mkdocs_lurk.run.pipeline", pipeline)
    made.build()
    assert asked == ["small"]
    assert "lurk-map" in made.html("models/small/index.html")


@pytest.mark.parametrize(("on_serve", "asked"), [("cached", "placeholder"), ("analyze", "analyze")])
def test_serving_computes_only_where_that_is_wished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_serve: str, asked: str
) -> None:
    made = project(tmp_path, lurk={"on_serve": on_serve})
    seen = []

    def complete(state: ModelState, config: Any, store: Any, missing: str) -> ModelState:
        seen.append(missing)
        return state

    monkeypatch.setattr("mkdocs_lurk.build._complete", complete)
    config = load_config(str(made.config))
    config.plugins.on_startup(command="serve", dirty=False)
    from mkdocs.commands.build import build

    build(config)
    assert seen == [asked]


def test_serving_watches_what_results_are_made_from(tmp_path: Path) -> None:
    made = project(tmp_path)
    made.write("net.py", "def net():\n    return None\n")
    made.write("card.md", "words")
    model = {"name": "small", "source": "net.py:net", "images": "photos", "card": "card.md"}
    made.declare({"models": [model], "missing": "placeholder"})
    made.build()
    config = load_config(str(made.config))
    config = config.plugins.on_config(config)
    watched = []
    server = types.SimpleNamespace(watch=watched.append)
    config.plugins.on_serve(server, config=config, builder=None)  # type: ignore[arg-type]
    assert [Path(path).name for path in watched] == ["card.md", "net.py"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[x](lurk:smal)", "lurk: index.md: there is no lurk:smal to link to; did you mean 'small'?"),
        ("```lurk\nmodel: small\n```\n", "lurk: index.md: lurk fence: 'layer' is missing"),
    ],
)
def test_a_wrong_mark_names_the_page(tmp_path: Path, text: str, message: str, caplog: pytest.LogCaptureFixture) -> None:
    made = project(tmp_path)
    made.write("docs/index.md", f"# Home\n\n{text}\n")
    assert message in errors(made, caplog)


def test_a_file_in_the_way_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = project(tmp_path)
    made.write("docs/models/small/results.json", "{}")
    assert "models/small/results.json in docs_dir has the name of a generated file" in errors(made, caplog)


def test_an_author_overrides_a_template(tmp_path: Path) -> None:
    made = project(tmp_path, theme={"name": "mkdocs", "custom_dir": "overrides"})
    made.write("overrides/lurk/model.md.j2", '{% extends "lurk/model.md.j2" %}{% block notes %}My note.{% endblock %}')
    made.build()
    assert "My note." in made.html("models/small/index.html")
    assert read_declared(made.config).overrides == made.root / "overrides" / "lurk"


def test_generated_pages_have_no_edit_link(tmp_path: Path) -> None:
    made = project(
        tmp_path, repo_url="https://example.org/repo", edit_uri="edit/", theme={"name": "material", "font": False,
                                                                               "features": ["content.action.edit"]}
    )  # fmt: skip
    made.write("docs/models/small/features.0.md", "# Mine\n")
    made.build()
    assert "edit/models" not in made.html("models/small/features.3/index.html")
    assert "edit/models/small/features.0.md" in made.html("models/small/features.0/index.html")
