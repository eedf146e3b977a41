"""Pictures that the author holds back are in no file of a site or a bundle: no pixel, name or digest of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from mkdocs_lurk.images.webp import decode_picture, encode_picture
from mkdocs_lurk.store import ModelReader, Store, StoredUnit
from tests.plugin.private_site import (
    ALWAYS,
    N_IMAGES,
    OF_DOGS,
    OF_PATIENTS,
    SIDE,
    analysed_site,
    built,
    command,
    declare,
    detailed,
    found_in,
    name_of,
    packed,
    private_site,
    store_of,
)
from tests.plugin.sites import build_error

SEEN = {f"{what} of {label}" for what in ("photo", "name", "digest") for label in ("dogs", "patients")}
ORIGIN = {"source", "digest"}
FILES = {"weights", "author"}


@pytest.mark.parametrize(
    ("pictures", "left"),
    [
        ("full", OF_PATIENTS | OF_DOGS),
        ("none", set()),
        ({"label:patients": "none"}, OF_DOGS),
        ({"kennel/*": "full", "*": "none"}, OF_DOGS),
        ({"ward/*": {"thumbnails": 4}, "*": "none"}, OF_PATIENTS),
    ],
)
def test_hidden_pictures_are_in_no_file_of_the_site_and_of_the_bundle(
    tmp_path: Path, pictures: Any, left: set[str]
) -> None:
    made = private_site(tmp_path, pictures=pictures)
    assert built(made) == left | ALWAYS | ORIGIN | FILES
    digests = {"digest of dogs", "digest of patients"} if pictures == "full" else set()
    assert found_in(packed(made)) == left | ALWAYS | ORIGIN - {"source"} | {"source", "weights"} | digests


@pytest.mark.parametrize(("images", "pattern"), [("photos", "ward/*"), ("net.py:Pictures", "label:patients")])
def test_real_results_are_held_back_as_well(tmp_path: Path, images: str, pattern: str) -> None:
    made = analysed_site(tmp_path, images, pictures={pattern: "none"})
    site, bundle = built(made), found_in(packed(made))
    names = {"name of dogs"} if images == "photos" else set()
    assert site & SEEN == {"photo of dogs"} | names
    assert bundle & SEEN == {"photo of dogs"} | names
    assert found_in(made.cache) & SEEN == SEEN


def test_hidden_pictures_are_told_by_number_and_label(tmp_path: Path) -> None:
    made = private_site(tmp_path, pictures="none")
    made.build()
    images = made.results("models/small/results.json")["images"]
    assert images[3] == {
        "id": 3, "path": "picture 3", "label": "patients", "width": SIDE, "height": SIDE, "shown": "none",
        "predictions": [["cat", 0.75], ["fish", 0.2], ["bird", 0.05]], "picture": None,
    }  # fmt: skip
    layer = made.results("models/small/features.0/results.json")
    maximum = layer["filters"][0]["top_max"][0]
    assert maximum["grad"] == {"skipped": "the author does not publish this picture"}
    assert "crop" not in maximum
    assert {"score", "box", "position"} <= maximum.keys()
    assert layer["filters"][0]["max_activ"]["picture"]["src"]
    page = made.html("models/small/index.html")
    assert "Not shown, as the author wishes: 5 of 6 pictures." in page  # one cannot be read
    assert "picture 4" in page


def test_no_blob_of_a_hidden_picture_is_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = private_site(tmp_path, pictures="none")
    read: list[str] = []
    whole = StoredUnit.blob
    monkeypatch.setattr(StoredUnit, "blob", lambda unit, name: read.append(name) or whole(unit, name))
    made.build()
    assert read
    assert {name.partition("/")[2] for name in read} <= {"synthesis", "kernel"}


def test_the_key_changes_no_result(tmp_path: Path) -> None:
    made = private_site(tmp_path)
    _, key = store_of(made)
    for choice in ({"pictures": "none"}, {"pictures": "thumbnails", "anonymous": True}):
        declare(made, **choice)
        assert store_of(made)[1] == key


def test_pages_change_with_the_key(tmp_path: Path) -> None:
    made = private_site(tmp_path)
    assert built(made) >= OF_PATIENTS
    declare(made, pictures="none")
    assert not built(made) & (OF_PATIENTS | OF_DOGS)


@pytest.mark.parametrize("side", [32, 160])
def test_nothing_of_a_thumbnail_has_more_pixels_than_it(tmp_path: Path, side: int) -> None:
    made, px = private_site(tmp_path, side, pictures={"thumbnails": 12}), 12
    store, key = store_of(made)
    unit = ModelReader(store, key).record["images"][0]["picture"]["unit"]
    names = store.get(unit).names  # type: ignore[union-attr]
    store.put(unit, {}, {name: encode_picture(detailed(int(name), side)) for name in names})
    made.build()
    folder = made.site / "models" / "small"
    results = json.loads((folder / "results.json").read_text())
    assert results["pictures_exact"] is False
    regions = {}
    for image in results["images"]:
        if image["picture"] is None:
            continue
        assert image["shown"] == "thumbnails"
        shown = cut(folder, image["picture"])
        expected = Image.fromarray(detailed(image["id"], side)).resize((px, px), Image.Resampling.LANCZOS)
        assert np.array_equal(shown, np.asarray(expected))
        regions[image["id"]] = image["picture"]
    for item in json.loads((folder / "features.3" / "results.json").read_text())["filters"]:
        for ranked in (*item["top_avg"], *item["top_max"]):
            assert max(ranked["grad"]["rect"][2:]) <= px
        for maximum in item["top_max"]:
            photo, (x, y, width, height) = regions[maximum["image"]], maximum["crop"]["rect"]
            assert maximum["crop"]["src"] == f"../{photo['src']}"
            top, left, bottom, right = (edge * px / side for edge in maximum["box"])
            x0, y0 = x - photo["rect"][0], y - photo["rect"][1]
            assert (x0, y0) == (int(left), int(top))
            assert 0 <= x0 + width - right < 1
            assert 0 <= y0 + height - bottom < 1
            gx, gy, gw, gh = maximum["crop_grad"]["rect"]
            fx, fy, fw, fh = maximum["grad"]["rect"]
            assert fx <= gx < gx + gw <= fx + fw
            assert fy <= gy < gy + gh <= fy + fh


def cut(folder: Path, picture: Any) -> Any:
    x, y, width, height = picture["rect"]
    return decode_picture((folder / picture["src"]).read_bytes())[y : y + height, x : x + width]


MOST = "what it responds to most in photos"
MADE = "a picture made to raise its response"


@pytest.mark.parametrize(
    ("pictures", "show", "text"),
    [
        ("none", "all", f": {MADE}; the author does not publish the photos."),
        ("none", "crops", "is not shown: the author does not publish the photos that it responds to most"),
        ("none", "synthesis", f": {MADE}."),
        ({"label:patients": "none"}, "all", f": {MOST}, as far as the author publishes them, and {MADE}."),
        ({"label:patients": "none"}, "crops", f": {MOST}, as far as the author publishes them."),
        ({"thumbnails": 8}, "crops", f": {MOST}."),
        ("full", "all", f": {MOST}, and {MADE}."),
    ],
)
def test_a_filter_in_an_authors_page_has_no_hidden_crop(tmp_path: Path, pictures: Any, show: str, text: str) -> None:
    made = private_site(tmp_path, pictures=pictures)
    made.write("docs/index.md", f"```lurk\nmodel: small\nlayer: features.3\nfilter: 3\nshow: {show}\n```\n")
    found = built(made)
    assert pictures != "none" or not found & (OF_PATIENTS | OF_DOGS)
    caption = BeautifulSoup(made.html("index.html"), "html.parser").find("figcaption")
    assert caption is not None
    assert caption.get_text().endswith(text)


def test_exported_pages_hold_back_the_same(tmp_path: Path) -> None:
    made = private_site(tmp_path, pictures="none")
    command("export", "-f", str(made.config), "--out", str(tmp_path / "out"))
    assert found_in(tmp_path / "out") == ALWAYS | ORIGIN | FILES


def test_a_page_without_results_names_no_hidden_picture(tmp_path: Path) -> None:
    made = private_site(tmp_path)
    (tmp_path / "photos" / name_of(1)).write_bytes((tmp_path / "photos" / name_of(0)).read_bytes())
    declare(made, "placeholder")
    assert "name of patients" in built(made)
    declare(made, "placeholder", pictures="none")
    assert not built(made) & (OF_PATIENTS | OF_DOGS | {"digest of patients"})
    assert "something that they were made from has changed" in made.html("models/small/index.html")


def test_a_pattern_that_fits_no_picture_stops_the_build(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = private_site(tmp_path, pictures={"label:patient": "none"})
    assert build_error(made, caplog) == (
        "lurk: plugins.lurk.models[0].pictures['label:patient']: no picture has such a label; did you mean 'patients'?"
    )


def test_there_are_as_many_pictures_as_before(tmp_path: Path) -> None:
    made = private_site(tmp_path, pictures="none")
    made.build()
    assert len(made.results("models/small/results.json")["images"]) == N_IMAGES
    assert isinstance(store_of(made)[0], Store)
