"""What an author writes takes precedence: pages, cards, templates."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from mkdocs.exceptions import Abort

from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.plugin.mkdocs_yml import read_mkdocs_yml
from tests.plugin.sites import MATERIAL, broken_addresses, build_error, project


@pytest.mark.parametrize("directory_urls", [True, False])
@pytest.mark.parametrize("own", ["features.0.md", "features.0/index.md", "features.0/README.md"])
def test_an_authors_page_replaces_a_layers_page_and_gets_its_address(
    tmp_path: Path, own: str, directory_urls: bool
) -> None:
    made = project(tmp_path, use_directory_urls=directory_urls, theme=MATERIAL)
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
    following = BeautifulSoup(made.html("models/small/index.html"), "html.parser").find("a", string="Convolution 1")
    assert following is not None


@pytest.mark.parametrize("own", ["models/small/index.md", "models/small.md", "models/index.md", "models.md"])
def test_an_authors_page_replaces_a_models_page_and_the_list_of_models(tmp_path: Path, own: str) -> None:
    made = project(tmp_path)
    made.write(f"docs/{own}", "# My heading\n\nMy words.\n")
    made.build()
    folder = "models/small" if "small" in own else "models"
    html = made.html(f"{folder}/index.html")
    assert "My heading" in html
    assert html.index("My words.") < html.index("lurk-map" if "small" in own else "lurk-strip")


def test_a_card_is_shown_only_on_its_models_page(tmp_path: Path) -> None:
    made = project(tmp_path)
    made.write("docs/cards/small.md", "---\nlicense: mit\n---\n# Card\n\nThe words of the card.\n")
    model = {"name": "small", "source": "torchvision:squeezenet1_1", "images": "photos", "card": "docs/cards/small.md"}
    made.declare({"models": [model]})
    made.store_fake_results()
    made.build()
    assert "The words of the card." in made.html("models/small/index.html")
    assert not (made.site / "cards").exists()


def test_the_error_for_a_file_with_a_generated_ones_name_names_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = project(tmp_path)
    made.write("docs/models/small/results.json", "{}")
    assert "models/small/results.json in docs_dir has the name of a generated file" in build_error(made, caplog)


def test_an_author_overrides_a_template(tmp_path: Path) -> None:
    made = project(tmp_path, theme={"name": "mkdocs", "custom_dir": "overrides"})
    made.write("overrides/lurk/model.md.j2", '{% extends "lurk/model.md.j2" %}{% block notes %}My note.{% endblock %}')
    made.build()
    assert "My note." in made.html("models/small/index.html")
    assert read_mkdocs_yml(made.config).overrides == made.root / "overrides" / "lurk"


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["docs/models/small/featuress.0.md"],
         "models/small/featuress.0.md is the page of no model and no layer; did you mean models/small/features.0.md"),
        (["docs/models/smal/index.md"], "models/smal/index.md is the page of no model and no layer; did you mean"),
        (["docs/models/small/features.0.md", "docs/models/small/features.0/index.md"],
         "models/small/features.0.md is the page of nothing: models/small/features.0/index.md takes its place"),
        (["docs/other.md"], "other.md, line 5: <!-- lurk --> has no generated part here"),
        (["overrides/lurk/layers.md.j2"], "the template layers.md.j2: there is none of this name to replace; did you"),
        (["overrides/lurk/layer.md.j2"],
         "the template layer.md.j2: there is no block 'galery' to replace; did you mean 'gallery'?"),
    ],
)  # fmt: skip
def test_what_takes_no_effect_is_warned_about(
    tmp_path: Path, paths: list[str], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    made = project(tmp_path, theme={"name": "mkdocs", "custom_dir": "overrides"})
    (tmp_path / "overrides").mkdir()
    for path in paths:
        text = "# Mine\n\nWords.\n\n<!-- lurk -->\n"
        if path.endswith(".j2"):
            text = '{% extends "lurk/layer.md.j2" %}{% block galery %}{% block mine %}x{% endblock %}{% endblock %}'
        made.write(path, text)
    with caplog.at_level(logging.WARNING), pytest.raises(Abort, match="in strict mode"):
        made.build()
    assert message in caplog.text


def test_an_authors_other_pages_beside_generated_ones_are_left_alone(tmp_path: Path) -> None:
    made = project(tmp_path)
    made.write("docs/models/small/history.md", "# History\n\n`<!-- lurk -->`\n")
    made.build()
    assert "History" in made.html("models/small/history/index.html")


@pytest.mark.parametrize("theme", [MATERIAL, {"name": "mkdocs"}])
def test_the_gallery_stands_inside_an_admonition(tmp_path: Path, theme: dict[str, object]) -> None:
    made = project(tmp_path, theme=theme, markdown_extensions=["admonition"])
    text = "# Mine\n\n!!! note\n    Before.\n\n    <!-- lurk -->\n\n    After.\n\nOutside.\n"
    made.write("docs/models/small/features.0.md", text)
    made.build()
    page = BeautifulSoup(made.html("models/small/features.0/index.html"), "html.parser")
    note = page.select_one("div.admonition")
    assert note is not None
    assert note.select_one("lurk-gallery") is not None
    assert note.get_text().rstrip().endswith("After.")
    assert page.select_one("div.admonition pre") is None
    assert broken_addresses(made.site) == []


def test_generated_pages_have_no_edit_link(tmp_path: Path) -> None:
    made = project(
        tmp_path, repo_url="https://example.org/repo", edit_uri="edit/", theme={"name": "material", "font": False,
                                                                               "features": ["content.action.edit"]}
    )  # fmt: skip
    made.write("docs/models/small/features.0.md", "# Mine\n")
    made.build()
    assert "edit/models" not in made.html("models/small/features.3/index.html")
    assert "edit/models/small/features.0.md" in made.html("models/small/features.0/index.html")


EVERYTHING = """# Home

[A filter](lurk:small/features.3#3), [all](lurk:), <lurk:small>, `lurk small filters` and
![a crop](lurk:small/features.3#3/crop.0)

```lurk
model: small
layer: features.3
filters: [3, 4]
show: [crops, photos, gradients, synthesis, range]
```

```lurk
model: small
layer: features.3
show: gallery
```

```lurk
model: small
show: network
```
"""


@pytest.mark.parametrize("directory_urls", [True, False])
def test_a_models_pages_can_be_elsewhere(tmp_path: Path, directory_urls: bool) -> None:
    made = project(
        tmp_path, model={"page": "networks/mine.md"}, use_directory_urls=directory_urls, theme=MATERIAL,
        nav=[{"Home": "index.md"}, {"Its third": "lurk:small/features.3"}],
    )  # fmt: skip
    made.write("docs/index.md", EVERYTHING)
    made.write("docs/networks/mine.md", "# Mine\n\nBefore.\n\n<!-- lurk -->\n\nAfter.\n")
    made.write("docs/networks/mine/features.0.md", "# My first layer\n\n<!-- lurk -->\n")
    made.build()
    html = made.html("networks/mine/index.html")
    assert html.index("Before.") < html.index("<lurk-map") < html.index("After.")
    assert "My first layer" in made.html("networks/mine/features.0/index.html")
    assert (made.site / "networks" / "mine" / "features.3" / "results.json").is_file()
    assert [path.name for path in (made.site / "models").iterdir()] == ["index.html"]
    assert broken_addresses(made.site) == []
    assert 'data-src="networks/mine/features.3/layer.js"' in made.html("index.html")
    assert "../networks/mine/" in made.html("models/index.html")


@pytest.mark.parametrize(
    ("pages", "line"),
    [
        (["../x"], "models[0].page: '../x' is no folder for pages; give a folder under the site"),
        (["index.md"], "models[0].page: 'index.md' is no folder for pages; give"),
        (["models"], "models[0].page: 'models' has other pages of ours; give another folder"),
        (["assets"], "models[0].page: 'assets' has other pages of ours; give another folder"),
        (["a", "A/b"], "models[1].page: 'A/b' lies among the pages of 'n0', which are in 'a'; give another folder"),
        (["models/n1", None], "models[0].page: 'models/n1' lies among the pages of 'n1', which are in 'models/n1'"),
    ],
)
def test_another_place_that_cannot_be_is_refused(tmp_path: Path, pages: list[str | None], line: str) -> None:
    models = [
        {"name": f"n{number}", "source": "torchvision:vgg16", "images": "photos", "page": page}
        for number, page in enumerate(pages)
    ]
    with pytest.raises(ConfigError) as error:
        from_mapping({"models": models}, tmp_path, absent=True)
    assert str(error.value).startswith(f"plugins.lurk.{line}")
