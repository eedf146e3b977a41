"""An address of ours leads to a page, a filter or a picture of it, or is refused with the near match."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.pages.writing.single_pictures import LEAST_PX
from mkdocs_lurk.pages.writing.targets import follow
from tests.pages.conftest import Built


@pytest.mark.parametrize(
    ("address", "uri", "fragment", "text"),
    [
        ("", "models/index.md", "", "Models"),
        ("small", "models/small/index.md", "", "A small network"),
        ("small/#layers", "models/small/index.md", "layers", "A small network"),
        ("small/features.0", "models/small/features.0/index.md", "", "Convolution 1"),
        ("small/features.0#filter-2", "models/small/features.0/index.md", "filter-2", "filter 2 of Convolution 1"),
        ("small/features%2E0#2", "models/small/features.0/index.md", "filter-2", "filter 2 of Convolution 1"),
        ("small/evaluation", "models/small/evaluation/index.md", "", "Evaluation"),
    ],
)
def test_an_address_leads_to_a_page(built: Built, address: str, uri: str, fragment: str, text: str) -> None:
    link = follow(address, built.site)
    assert (link.uri, link.fragment, link.text) == (uri, fragment, text)


def test_an_address_of_a_model_without_results_leads_to_its_page(built: Built) -> None:
    link = follow("waiting/features.0#3", built.site)
    assert (link.uri, link.missing) == ("models/waiting/index.md", "it was not analysed yet.")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("smal", "there is no lurk:smal to link to; did you mean 'small'?"),
        ("small/features.1", "there is no lurk:small/features.1 to link to; did you mean 'small/features.3'"),
        (
            "small/features.0#99",
            "filter 99 of small/features.0 was not analysed, or does not exist; it has 5, from 0 to 4",
        ),
        ("small/features.0#filter-x", "'filter-x' is no filter; give its number, such as #12"),
        ("small#3", "a filter is one of a layer; give lurk:MODEL/LAYER#3"),
        ("small/features.0#1/crops.0", "picture 'crops.0' of a filter is not known; did you mean 'crop'?"),
        ("small/features.0#1/crop", "picture 'crop' of a filter is not known"),
        ("small/features.0#1/crop.77", "filter 1 has no picture 'crop.77' that is published"),
    ],
)
def test_a_wrong_address_is_refused_in_one_line(built: Built, address: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        follow(address, built.site)


@pytest.mark.parametrize(
    "name", ["crop.0", "photo.1", "gradient.0", "crop-gradient.0", "mean-photo.0", "mean-gradient.1", "synthesis"]
)
def test_a_single_picture_is_the_rectangle_of_its_sheet(built: Built, tmp_path: Path, name: str) -> None:
    picture = follow(f"small/features.3#0/{name}", built.site).picture
    assert picture is not None
    assert picture.uri == f"models/small/features.3/filter-0-{name.replace('.', '-')}.webp"
    picture.write(tmp_path / "a" / "b.webp")
    x, y, width, height = picture.rect
    sheet = decode_picture(picture.sheet.read_bytes())
    written, times = decode_picture((tmp_path / "a" / "b.webp").read_bytes()), max(1, LEAST_PX // max(width, height))
    np.testing.assert_array_equal(written[::times, ::times], sheet[y : y + height, x : x + width])
    assert written.shape[:2] == (times * height, times * width)
    assert max(written.shape) > LEAST_PX / 2, "a few pixels would be a dot on a page"
