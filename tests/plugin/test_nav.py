"""The section with the generated pages in the site's navigation."""

from __future__ import annotations

from pathlib import Path

from bs4 import BeautifulSoup

from mkdocs_lurk.plugin.nav import hint_of_many
from tests.plugin.sites import MATERIAL, Project, broken_addresses, project

INSIDE = [
    *("Evaluation", "Classes", "Pictures", "What it costs to run", "How far to trust these pictures"),
    "Guess the filter",
]
"""Pages of a model before those of its layers."""


def titles(site: Project, page: str = "index.html") -> list[str]:
    soup = BeautifulSoup(site.html(page), "html.parser")
    return [" ".join(link.get_text().split()) for link in soup.select("nav.md-nav--primary a.md-nav__link")]


def test_the_section_lists_models_and_their_layers(tmp_path: Path) -> None:
    made = project(tmp_path, theme=MATERIAL)
    made.build()
    assert titles(made) == ["Home", "Models", "A small network", *INSIDE, "Convolution 1", "Convolution 2"]
    links = BeautifulSoup(made.html("models/small/features.0/index.html"), "html.parser")
    assert [links.select_one(f'link[rel="{rel}"]')["href"] for rel in ("prev", "next")] == [
        "../quiz/",
        "../features.3/",
    ]


def test_an_authors_page_is_listed_once(tmp_path: Path) -> None:
    made = project(tmp_path, theme=MATERIAL)
    made.write("docs/models/small/features.0.md", "# The first layer\n")
    made.build()
    assert titles(made) == ["Home", "Models", "A small network", *INSIDE, "The first layer", "Convolution 2"]


def test_a_page_in_the_authors_navigation_stays_there(tmp_path: Path) -> None:
    nav = [{"Start": "index.md"}, {"Networks": ["models/small/index.md"]}]
    made = project(tmp_path, theme=MATERIAL, nav=nav)
    made.build()
    assert titles(made) == ["Start", "A small network", "Models", *INSIDE, "Convolution 1", "Convolution 2"]


def test_a_section_of_the_title_is_extended_at_any_depth(tmp_path: Path) -> None:
    nav = [{"Start": "index.md"}, {"Research": [{"Networks": ["about.md"]}, {"More": ["end.md"]}]}]
    made = project(tmp_path, theme=MATERIAL, nav=nav, lurk={"nav": {"section": "Networks"}})
    for name in ("about", "end"):
        made.write(f"docs/{name}.md", f"# {name.capitalize()}\n")
    made.build()
    assert titles(made) == [
        "Start",
        "About",
        "Models",
        "A small network",
        *INSIDE,
        "Convolution 1",
        "Convolution 2",
        "End",
    ]


def test_other_plugins_find_generated_pages_among_the_files(tmp_path: Path) -> None:
    made = project(tmp_path, hooks=["hook.py"])
    made.write("hook.py", (
        "from mkdocs.plugins import event_priority\n"
        "@event_priority(10)\n"  # as early as a plugin that is listed before ours
        "def on_files(files, config):\n"
        "    assert any(file.src_uri == 'models/small/index.md' for file in files.documentation_pages())\n"
    ))  # fmt: skip
    made.build()


def test_sections_that_a_plugin_makes_of_folders_have_titles(tmp_path: Path) -> None:
    layer = {"Features.3": ["models/small/features.3/index.md"]}
    nav = ["index.md", {"Networks": [{"Small": ["models/small/index.md", layer]}]}]
    made = project(tmp_path, theme=MATERIAL, nav=nav, hooks=["hook.py"])
    made.write("hook.py", (
        "from mkdocs.plugins import BasePlugin\n"
        "def on_config(config):\n"
        "    config.plugins['literate-nav'] = BasePlugin()\n"
    ))  # fmt: skip
    made.build()
    assert titles(made)[:3] == ["Home", "A small network", "Convolution 2"]
    sections = BeautifulSoup(made.html("index.html"), "html.parser").select("nav.md-nav--primary label.md-nav__link")
    found = [" ".join(label.get_text().split()) for label in sections]
    assert found == ["Networks", "A small network", "Models", "A small network"]


def test_many_pages_are_hinted_at() -> None:
    assert hint_of_many(100) == ""
    assert "lists 101 generated pages" in hint_of_many(101)


def test_a_section_of_the_same_title_is_extended(tmp_path: Path) -> None:
    nav = [{"Networks": ["about.md"]}, {"End": "index.md"}]
    made = project(tmp_path, theme=MATERIAL, nav=nav, lurk={"nav": {"section": "Networks"}})
    made.write("docs/about.md", "# About\n")
    made.build()
    assert titles(made) == ["About", "Models", "A small network", *INSIDE, "Convolution 1", "Convolution 2", "End"]


def test_mode_none_leaves_the_navigation_as_it_is(tmp_path: Path) -> None:
    made = project(tmp_path, theme=MATERIAL, lurk={"nav": {"mode": "none"}})
    made.build()
    assert titles(made) == ["Home"]
    assert (made.site / "models" / "small" / "index.html").is_file()


def test_a_model_of_many_layers_is_listed_in_sections_that_fold(tmp_path: Path) -> None:
    names = ["stem", *(f"layer{stage}.{block}.conv" for stage in (1, 2, 3) for block in range(20))]
    made = project(tmp_path, layers=[(name, 1, 3) for name in names], theme=MATERIAL)
    made.build()
    soup = BeautifulSoup(made.html("index.html"), "html.parser")
    sections = [" ".join(label.get_text().split()) for label in soup.select("nav.md-nav--primary label.md-nav__link")]
    assert [title for title in sections if title.startswith("Layer")] == ["Layer 1", "Layer 2", "Layer 3"]
    assert len(titles(made)) == len(set(titles(made))) == 3 + len(INSIDE) + len(names)
    assert broken_addresses(made.site, [made.site / "index.html"]) == []
