"""An embedded filter shows pictures from the site's own files, and says why if there are none."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.fences import render_fence
from mkdocs_lurk.pages.render import Templates
from tests.pages.conftest import Built

FENCE = "model: small\nlayer: features.3\nfilter: 0\n"


def render(built: Built, declared: str) -> BeautifulSoup:
    html = render_fence(declared, built.site, Templates(), lambda uri: f"../{uri}")
    return BeautifulSoup(html, "html.parser")


def test_an_embedded_filter_shows_crops_and_synthesis_and_links_to_its_place(built: Built) -> None:
    found = render(built, FENCE)
    assert len(found.select("svg")) == 5
    assert found.a is not None
    assert found.a["href"] == "../models/small/features.3/index.md#filter-0"
    assert "Filter 0 of features.3 in A small network" in " ".join(found.get_text().split())
    for image in found.select("svg image"):
        uri = str(image["xlink:href"]).removeprefix("../")
        assert built.site.path(uri).is_file()


@pytest.mark.parametrize(("show", "pictures"), [("crops", 4), ("synthesis", 1), ("all", 5)])
def test_show_selects_the_pictures(built: Built, show: str, pictures: int) -> None:
    assert len(render(built, f"{FENCE}show: {show}\n").select("svg")) == pictures


def test_the_authors_caption_is_shown_as_text(built: Built) -> None:
    assert "Stripes & <b>dots" in render(built, f'{FENCE}caption: "Stripes & <b>dots"\n').get_text()


def test_a_model_without_results_says_why(built: Built) -> None:
    found = render(built, "model: waiting\nlayer: conv\nfilter: 3\n")
    assert found.svg is None
    assert "Filter 3 of conv in Not *yet* is not shown: it was not analysed yet." in found.get_text()


def test_a_filter_without_the_wanted_picture_says_so(built: Built) -> None:
    found = render(built, "model: small\nlayer: features.3\nfilter: 2\nshow: synthesis\n")
    assert "there is no such picture" in found.get_text()


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("model: smal\nlayer: features.0\nfilter: 0", "no model 'smal'; did you mean 'small'?"),
        ("model: small\nlayer: features.1\nfilter: 0", "small has no layer 'features.1'; did you mean 'features.3' or"),
        ("model: small\nlayer: features.0\nfilter: 99", "filter 99 of small/features.0 was not analysed"),
        ("model: small\nlayer: features.0", "'filter' is missing"),
        ("model: small\nlayer: features.0\nfilter: x", "'x' is no number"),
        ("model: small\nlayers: features.0\nfilter: 1", "'layers' is not known; did you mean 'layer'?"),
        (f"{FENCE}show: everything", "'everything' is not known; give all, crops, synthesis, story or network"),
        ("a: [", "this is no YAML"),
        ("words", "give model, layer and filter"),
    ],
)
def test_a_wrong_fence_is_one_line(built: Built, declared: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        render(built, declared)
    assert "\n" not in str(caught.value)
