"""What authors write of ours: resolved on whatever page it is shown, and warned about where it is wrong."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from tests.plugin.sites import FENCE, MATERIAL, Project, broken_addresses, project

WRONG = """# Home

[a](lurk:smal), [b][r] and ![c](lurk:small/features.3#3/crops.0)

[r]: lurk:small/features.3#99

```lurk
model: small
layer: features.4
filter: 3
```

Plain lurk:small here.
"""
FAULTS = [
    "index.md, line 3: there is no lurk:smal to link to; did you mean 'small'?",
    "index.md, line 3: picture 'crops.0' of a filter is not known; did you mean 'crop'?",
    "index.md, line 5: filter 99 of small/features.3 was not analysed, or does not exist; it has 8, from 0 to 7",
    "index.md, line 7: small has no layer 'features.4'; did you mean 'features.3' or 'features.0'?",
    "index.md, line 13: lurk:small is no link; write [text](lurk:small), or `code`",
]


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return sorted(record.getMessage() for record in caplog.records if record.name == "mkdocs.plugins.lurk")


def test_all_faults_are_told_at_once_and_a_strict_build_fails(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = project(tmp_path)
    made.write("docs/index.md", WRONG)
    with caplog.at_level(logging.WARNING), pytest.raises(Abort, match="5 warnings in strict mode"):
        made.build()
    assert messages(caplog) == sorted(FAULTS)
    home = made.html("index.html")
    assert "<a>a</a>, <a>b</a>" in home
    assert "lurk-fault" not in home


def test_a_preview_shows_faults_in_their_places(tmp_path: Path) -> None:
    made = project(tmp_path)
    made.write("docs/index.md", WRONG)
    config = load_config(str(made.config), strict=False)
    config.plugins.on_startup(command="serve", dirty=False)
    build(config)
    home = BeautifulSoup(made.html("index.html"), "html.parser")
    box = home.select_one("div.lurk-fault")
    assert box is not None
    assert box.get_text() == FAULTS[3]
    assert [link["title"] for link in home.select("a.lurk-fault, img.lurk-fault")] == [FAULTS[0], FAULTS[2], FAULTS[1]]


def test_links_of_every_form_and_single_pictures_are_resolved(tmp_path: Path) -> None:
    nav = [
        {"Start": "index.md"},
        {"First": [{"Layer": "lurk:small/features.0"}, "lurk:small", {"Wheels": "lurk:small/features.3#3"}]},
    ]
    made = project(tmp_path, theme=MATERIAL, nav=nav)
    made.write(
        "docs/index.md",
        "# Home\n\n[a][r] <lurk:small> <a href='lurk:small/features.3#3'>c</a>\n\n[r]: lurk:small/features.0\n\n"
        "![d](lurk:small/features.3#3/crop.0)\n",
    )
    made.build()
    assert broken_addresses(made.site) == []
    home = BeautifulSoup(made.html("index.html"), "html.parser")
    content = home.select_one("article")
    assert content is not None
    assert [(str(link["href"]), link.get_text()) for link in content.select("p a")] == [
        ("models/small/features.0/", "a"), ("models/small/", "A small network"),
        ("models/small/features.3/#filter-3", "c"),
    ]  # fmt: skip
    assert (made.site / "models/small/features.3/filter-3-crop-0.webp").is_file()
    deep = BeautifulSoup(made.html("models/small/features.3/index.html"), "html.parser")
    links = {" ".join(link.get_text().split()): link["href"] for link in deep.select("nav.md-nav--primary a")}
    assert links["Layer"] == "../features.0/"
    assert links["Wheels"] == "#filter-3" or str(links["Wheels"]).endswith("#filter-3")
    assert "features.0" not in links
    for path in made.site.rglob("*.html"):
        assert 'href="lurk' not in path.read_text("utf-8")
    assert "/models/small/features.3/#filter-3" in made.html("404.html")


def test_figures_stand_in_headings_titles_and_what_is_searched(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = project(tmp_path, theme=MATERIAL)
    made.write(
        "docs/page.md",
        "# Right: `lurk small accuracy`\n\n## Of `lurk small pictures photos`\n\n`lurk small acuracy` ``lurk small``\n",
    )
    with caplog.at_level(logging.WARNING), pytest.raises(Abort):
        made.build()
    assert messages(caplog) == [
        "page.md, line 5: lurk small acuracy: there is no figure 'acuracy' of a model; did you mean 'accuracy'?"
    ]
    page = BeautifulSoup(made.html("page/index.html"), "html.parser")
    assert page.title is not None
    assert page.title.get_text() == "Right: 60 % - Test"
    toc = {" ".join(link.get_text().split()) for link in page.select("nav.md-nav--secondary a")}
    assert toc == {"Of 5 photos"}
    assert [code.get_text() for code in page.select("article code")] == ["lurk small"]
    assert "Right: 60 %" in made.html("search/search_index.json")


def test_a_wrong_entry_of_the_navigation_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = project(tmp_path, nav=["index.md", {"Gone": "lurk:smal"}])
    with caplog.at_level(logging.WARNING), pytest.raises(Abort):
        made.build()
    (line,) = messages(caplog)
    assert line.startswith("mkdocs.yml, line ")
    assert line.endswith(": there is no lurk:smal to link to; did you mean 'small'?")
    assert "Gone" not in made.html("index.html")


@pytest.mark.parametrize("directory_urls", [True, False])
def test_an_excerpt_of_a_blog_has_addresses_of_the_page_where_it_is_shown(tmp_path: Path, directory_urls: bool) -> None:
    made = project(tmp_path, theme=MATERIAL, plugins=["blog"], use_directory_urls=directory_urls)
    made.write(
        "docs/blog/posts/one.md",
        "---\ndate: 2026-01-02\n---\n# One\n\n[it](lurk:small)\n\n"
        f"{FENCE}\n![c](lurk:small/features.3#3/crop.0)\n\n<!-- more -->\n\nRest.\n",
    )
    made.build()
    shown = made.site / "blog" / "index.html"
    if not directory_urls:
        shown = made.site / "blog.html" if (made.site / "blog.html").is_file() else shown
    _check_pictures(made, shown)
    (post,) = made.site.glob("blog/2026/01/02/**/*.html")
    _check_pictures(made, post)


def _check_pictures(made: Project, page: Path) -> None:
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    images = [str(image["xlink:href"]) for image in soup.select("figure.lurk-embed image")]
    images += [str(image["src"]) for image in soup.select("article img")]
    assert len(images) == 6
    for address in images:
        assert (page.parent / address).resolve().is_relative_to(made.site.resolve()), address
        assert (page.parent / address).is_file(), address


def test_what_other_plugins_write_into_the_site_is_resolved(tmp_path: Path) -> None:
    made = project(tmp_path, hooks=["hook.py"])
    made.write("hook.py", (
        "from pathlib import Path\n"
        "def on_post_build(config):\n"
        "    path = Path(config.site_dir, 'print', 'all.html')\n"
        "    path.parent.mkdir()\n"
        "    path.write_text('<a href=\"lurk:small/features.0#1\">x</a>', 'utf-8')\n"
    ))  # fmt: skip
    made.build()
    assert made.html("print/all.html") == '<a href="../models/small/features.0/#filter-1">x</a>'


def test_a_card_cannot_leave_its_fence(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text("", "utf-8")
    made = project(tmp_path, model={"card": "card.md"})
    made.write("card.md", "Words.\n\n~~~~lurk\n```\n\n<script>alert(1)</script>\n\n```\n~~~~\n")
    with pytest.raises(Abort):
        made.build()
    assert "alert(1)" not in made.html("models/small/index.html")
