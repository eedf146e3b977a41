"""What may be shown of pictures: the forms of the key, which rule counts, and one line for every slip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.config.pictures import THUMBNAIL_PX, PictureRule, PictureRules
from mkdocs_lurk.errors import ConfigError
from tests.config.declarations import plugin_options, read_model

PICTURES = [("private/a.png", "patients"), ("public/b.png", "dogs"), ("c.png", None)]


@pytest.mark.parametrize(
    ("declared", "modes"),
    [
        ("full", ["full", "full", "full"]),
        ("none", ["none", "none", "none"]),
        ("thumbnails", ["thumbnails", "thumbnails", "thumbnails"]),
        ({"thumbnails": 32}, ["thumbnails", "thumbnails", "thumbnails"]),
        ({"private/*": "none"}, ["none", "full", "full"]),
        ({"*/*": "none", "*": {"thumbnails": 32}}, ["none", "none", "thumbnails"]),
        ({"label:d*": "full", "*": "none"}, ["none", "full", "none"]),
        ({"label:*": "none"}, ["none", "none", "full"]),
        ({"private/*": "full", "label:patients": "none", "*": "thumbnails"}, ["full", "thumbnails", "thumbnails"]),
    ],
)
def test_the_first_pattern_that_fits_counts(site: Path, declared: Any, modes: list[str]) -> None:
    rules = read_model(site, pictures=declared).pictures
    assert [rules.rule_of(*picture).mode for picture in PICTURES] == modes
    rules.check(PICTURES, "pictures")
    assert rules.hide_anything == (declared != "full")


def test_all_pictures_are_shown_unless_the_author_says_otherwise(site: Path) -> None:
    assert not read_model(site).pictures.hide_anything
    assert read_model(site).anonymous is False


@pytest.mark.parametrize(
    ("declared", "px"),
    [("thumbnails", THUMBNAIL_PX), ({"thumbnails": 32}, 32), ({"*": {"thumbnails": 7}}, 7), ({"*": "thumbnails"}, 64)],
)
def test_the_author_sets_the_size_of_thumbnails(site: Path, declared: Any, px: int) -> None:
    assert read_model(site, pictures=declared).pictures.rules == (PictureRule("*", "thumbnails", px),)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (None, "pictures: None is not known; give full, thumbnails, "),
        (False, "pictures: False is not known; give "),
        ("hidden", "pictures: 'hidden' is not known; give "),
        ("thumbnail", "pictures: 'thumbnail' is not known; did you mean 'thumbnails'?"),
        ([], "pictures: [] is not known; give "),
        ({}, "pictures: the mapping is empty; give "),
        ({"thumbnails": 0}, "pictures.thumbnails: 0 is too small; give the longer side of a thumbnail, 1 to 1024 px"),
        ({"thumbnails": 4096}, "pictures.thumbnails: 4096 is too large; give "),
        ({"thumbnails": "none"}, "pictures.thumbnails: 'none' is no whole number; give "),
        ({"private/*": None}, "pictures['private/*']: None is not known; give "),
        ({"private/*": {"px": 3}}, "pictures['private/*']: {'px': 3} is not known; give "),
        ({12: "none"}, "pictures: 12 is no pattern; give a glob in quotes"),
        ({"label:": "none"}, "pictures: 'label:' is no pattern; give a glob in quotes"),
        ({"*": "full", "private/*": "none"}, "pictures: what comes after '*' never counts"),
    ],
)
def test_a_slip_is_one_line(site: Path, declared: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_model(site, pictures=declared)
    assert str(caught.value).startswith(f"plugins.lurk.models[0].{message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("elsewhere/*", "p['elsewhere/*']: no picture has such a path; give a glob over the pictures' paths"),
        ("private/b.png", "p['private/b.png']: no picture has such a path; did you mean 'private/a.png'"),
        ("label:patient", "p['label:patient']: no picture has such a label; did you mean 'patients'?"),
        ("label:cat", "p['label:cat']: no picture has such a label; give a glob over the pictures' labels"),
    ],
)
def test_a_pattern_that_fits_no_picture_is_an_error(pattern: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        PictureRules((PictureRule(pattern, "none"),)).check(PICTURES, "p")
    assert str(caught.value).startswith(message)


def test_letters_with_accents_are_the_same_in_every_encoding() -> None:
    assert PictureRule("priv\u00e9/*", "none").fits("prive\u0301/a.png", None)
    assert PictureRule("label:prive\u0301", "none").fits("a.png", "priv\u00e9")


def test_a_path_that_a_bundle_left_out_is_judged_only_by_what_can_be_known() -> None:
    by_path = PictureRule("public/*", "full")
    rest, by_label = PictureRule("*", "none"), PictureRule("label:patients", "none")
    assert PictureRules((by_path, rest)).rule_of(None, "dogs").mode == "full"
    assert PictureRules((by_label, by_path, rest)).rule_of(None, "patients").mode == "none"
    assert PictureRules((rest,)).rule_of(None, "dogs").mode == "none"


def test_defaults_hold_for_every_model(site: Path) -> None:
    options = plugin_options() | {"defaults": {"pictures": "none", "anonymous": True}}
    model = from_mapping(options, site).models[0]
    assert model.anonymous
    assert model.pictures.hide_anything
