"""The figures of the article about the demonstration, counted again from the results of the site that was built."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk import read

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "site" / "models" / "squeezenet"
ARTICLE = " ".join((ROOT / "docs" / "panda.md").read_text("utf-8").split())
LAYER = "classifier.1"


@pytest.fixture(scope="module")
def results() -> Any:
    if not (BUILT / "results.json").is_file():
        pytest.skip("the site is not built: make site")
    return read(BUILT)


def test_the_highest_maximum_is_rarely_of_the_filters_class_and_the_highest_mean_often(results: Any) -> None:
    evaluation, images = results.model["evaluation"], results.model["images"]
    names = [one["name"] for one in evaluation["classes"]]
    shown = {image: names[own] for image, own, *_ in evaluation["pictures"]}
    filters = [one for one in results.layer(LAYER)["filters"] if one.get("output_class") in shown.values()]
    n = len(filters)
    best = {ranking: [one[ranking][0]["image"] for one in filters] for ranking in ("top_max", "top_avg")}
    right = {
        ranking: sum(shown.get(image) == one["output_class"] for image, one in zip(own, filters, strict=True))
        for ranking, own in best.items()
    }
    (image, n_duck), *_ = Counter(best["top_max"]).most_common()
    assert images[image]["path"] == "animal/duck.jpg"
    for sentence in (
        f"{n} of these filters belong to classes that the photographs show.",
        f"It does for {right['top_max']} of the {n}. Then",
        f"now it does for {right['top_avg']} of the {n}.",
        f"The same white duck holds the highest maximum of {n_duck} of the {n} filters.",
        f"Of all {len(images)} photographs",
    ):
        assert sentence in ARTICLE
    height, width = results.layer(LAYER)["layer"]["output"][1:]
    assert f"here {height} \N{MULTIPLICATION SIGN} {width} numbers" in ARTICLE
    assert f"all {height * width} places" in ARTICLE


@pytest.mark.parametrize(
    ("index", "maximum", "mean"), [(388, "duck", "panda"), (105, "moose", "koala")], ids=["giant panda", "koala"]
)
def test_the_photos_are_those_that_the_article_shows(results: Any, index: int, maximum: str, mean: str) -> None:
    one = next(item for item in results.layer(LAYER)["filters"] if item["index"] == index)
    paths = [results.model["images"][one[ranking][0]["image"]]["path"] for ranking in ("top_max", "top_avg")]
    assert paths == [f"animal/{maximum}.jpg", f"animal/{mean}.jpg"]
    assert one["top_avg"][0]["score"] > 1.5 * one["top_avg"][1]["score"], "by far"
