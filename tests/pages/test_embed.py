"""A filter in an author's page: static pictures from the site's own files, and clear words where there are none."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.embed import draw_filter
from mkdocs_lurk.pages.render import Templates
from tests.pages.conftest import Built

SAID = "model: small\nlayer: features.3\nfilter: 0\n"


def draw(built: Built, declared: str) -> BeautifulSoup:
    html = draw_filter(declared, built.site, Templates(), lambda uri: f"../{uri}")
    return BeautifulSoup(html, "html.parser")


def test_it_shows_crops_and_synthesis_and_leads_to_the_filter(built: Built) -> None:
    found = draw(built, SAID)
    assert len(found.select("svg")) == 5
    assert found.a is not None
    assert found.a["href"] == "../models/small/features.3/index.md#filter-0"
    assert "Filter 0 of features.3 in A small network" in " ".join(found.get_text().split())
    for image in found.select("svg image"):
        uri = str(image["xlink:href"]).removeprefix("../")
        assert built.site.path(uri).is_file()


@pytest.mark.parametrize(("show", "pictures"), [("crops", 4), ("synthesis", 1), ("all", 5)])
def test_the_author_chooses(built: Built, show: str, pictures: int) -> None:
    assert len(draw(built, f"{SAID}show: {show}\n").select("svg")) == pictures


def test_the_caption_is_the_authors(built: Built) -> None:
    assert "Stripes & <b>dots" in draw(built, f'{SAID}caption: "Stripes & <b>dots"\n').get_text()


def test_a_model_without_results_is_said(built: Built) -> None:
    found = draw(built, "model: waiting\nlayer: conv\nfilter: 3\n")
    assert found.svg is None
    assert "Filter 3 of conv in Not *yet* is not shown: it was not analysed yet." in found.get_text()


def test_a_filter_without_the_picture_is_said(built: Built) -> None:
    found = draw(built, "model: small\nlayer: features.3\nfilter: 2\nshow: synthesis\n")
    assert "there is no such picture" in found.get_text()


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("model: smal\nlayer: features.0\nfilter: 0", "no model 'smal'; did you mean 'small'?"),
        ("model: small\nlayer: features.1\nfilter: 0", "small has no layer 'features.1'; did you mean 'features.3' or"),
        ("model: small\nlayer: features.0\nfilter: 99", "filter 99 of small/features.0 was not looked at"),
        ("model: small\nlayer: features.0", "'filter' is missing"),
        ("model: small\nlayer: features.0\nfilter: x", "'x' is no number"),
        ("model: small\nlayers: features.0\nfilter: 1", "'layers' is not known; did you mean 'layer'?"),
        (f"{SAID}show: everything", "'everything' is not known; give all, crops or synthesis"),
        ("a: [", "this is no YAML"),
        ("words", "give model, layer and filter"),
    ],
)
def test_a_wrong_fence_is_one_line(built: Built, declared: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        draw(built, declared)
    assert "\n" not in str(caught.value)
