"""The page that compares two models: what it shows, where it leads, and what it holds back."""

from __future__ import annotations

import copy
import csv
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mkdocs_lurk import read, read_comparison
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.comparison_folder import Comparisons, check_comparison
from mkdocs_lurk.pages.export import export
from mkdocs_lurk.pages.pictures.comparison_charts import SHOWN_LAYERS, cka_chart
from mkdocs_lurk.pages.site import Site, build_site
from mkdocs_lurk.records.comparison_record import ComparisonRecord
from mkdocs_lurk.records.record_check import check_record
from mkdocs_lurk.store import Store
from tests import results_schema
from tests.pages.fake import FakeStatus, fake_config, fake_model
from tests.pages.fake_comparison import RECORD, layer

PAGE = "models/compare-small-tuned/index.md"


def site_of(folder: Path, record: Any = RECORD, **declared: Any) -> Site:
    store = Store(folder / "cache")
    check_record(record, ComparisonRecord, "the fake")
    models = [
        FakeStatus(fake_config(folder), fake_model(store)),
        FakeStatus(fake_config(folder, "tuned", title="Tuned *twin*", **declared), fake_model(store, "tuned")),
    ]
    made = copy.deepcopy(record)
    return build_site(models, store, folder / "cache", None, Comparisons([("small", "tuned")], lambda _a, _b: made))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return site_of(tmp_path_factory.mktemp("compared"))


def text(site: Site, uri: str = PAGE) -> str:
    return site.path(uri).read_text("utf-8")


def test_accuracies_and_pictures_gained_and_lost_are_shown(site: Site) -> None:
    page = text(site)
    assert "A small network names 40 % right, and Tuned &#42;twin&#42; 80 %. Gained: 3," in page
    assert "with a probability of 0.62 (McNemar" in page
    gained = page.partition("### Gained")[2].partition("### Lost")[0]
    assert gained.count("<li") == 3
    assert '<a href="../tuned/pictures/index.html#photo-0"><svg' in gained
    assert "<b>zebra</b>" in page.partition("### Lost")[2]
    assert "style=" not in page


def test_filters_that_changed_stand_side_by_side_and_lead_to_their_pages(site: Site) -> None:
    page = text(site).partition("### Of A small network")[2].partition("### Of Tuned")[0]
    assert '<a href="../small/features.3/index.html#filter-2">Convolution 2, filter 2</a>' in page
    assert "<span>Convolution 2, filter 15</span>" in page  # which was not analysed
    assert "not analysed" in page
    assert page.count("<image") == 2
    assert "r = 0.31" in page


def test_the_map_has_a_square_for_each_pair_of_layers(site: Site) -> None:
    page = text(site)
    assert page.count('<rect class="lurk-hit"') == 4
    assert '<rect class="lurk-hit" x="14" y="0" width="14" height="14" fill-opacity="0.2">' in page
    assert "<title>features.3 and features.3: constant</title>" in page
    assert "Most alike are the two features.0 (1.00)." in page
    many = [[layer(f"a{n}", 1) for n in range(100)], [layer("b", 1)]]
    chart = cka_chart(many, [[0.5]] * 100)  # type: ignore[arg-type]
    assert (len(chart.cells), chart.left_out) == (SHOWN_LAYERS, (60, 0))
    assert [chart.cells[0].text, chart.cells[-1].text] == ["a0 and b: 0.50", "a99 and b: 0.50"]


def test_layers_and_matches_are_listed(site: Site) -> None:
    page = text(site)
    assert "2 filters of each model match" in page
    assert "9.52 % of the 21 of A small network" in page
    assert "| [features.3](lurk:tuned/features.3) | 16 | 50 % | 0.75 | &#45; |" in page
    assert "Convolution 1, filter 3</a>, r = 1.00" in page


def test_results_json_has_the_titles_that_the_author_declares(site: Site) -> None:
    told = json.loads(text(site, "models/compare-small-tuned/results.json"))
    assert [one["title"] for one in told["models"]] == ["A small network", "Tuned *twin*"]
    assert told["matches"][0] == ["features.0", 1, "features.0", 3, 0.998]


def test_the_navigation_and_links_lead_to_it(site: Site) -> None:
    assert (site.nav.children[-1].title, site.nav.children[-1].uri) == ("A small network and Tuned *twin*", PAGE)
    assert site.links["compare-small-tuned"] == PAGE
    assert site.not_compared == {}


def test_a_hidden_picture_is_not_shown_and_an_anonymous_model_keeps_its_weights_digest(tmp_path: Path) -> None:
    made = site_of(tmp_path, pictures={"label:cat": "none", "*": "full"}, anonymous=True)
    page = text(made)
    gained = page.partition("### Gained")[2].partition("### Lost")[0]
    assert gained.count("is not shown") == 2  # the two cats
    assert "cat/0000.jpg" not in page
    told = json.loads(text(made, "models/compare-small-tuned/results.json"))
    assert told["models"][1]["weights_digest"] == ""


def test_what_cannot_be_compared_says_why(tmp_path: Path) -> None:
    record = copy.deepcopy(RECORD)
    record["accuracy"] = {"skipped": "tuned is not evaluated"}
    record["cka"] = {"skipped": "it takes 8 pictures, and there are 5"}
    page = text(site_of(tmp_path / "parts", record))
    assert "Not compared: tuned is not evaluated." in page
    assert "There is no map: it takes 8 pictures" in page
    store = Store(tmp_path / "cache")
    models = [FakeStatus(fake_config(tmp_path, name), fake_model(store, name)) for name in ("small", "tuned")]
    nothing = Comparisons([("small", "tuned")], lambda _a, _b: {"skipped": "the pictures differ"})
    made = build_site(models, store, tmp_path / "cache", None, nothing)
    assert made.not_compared == {("small", "tuned"): "the pictures differ"}
    assert "are not compared: the pictures differ." in text(made)


def test_a_model_without_results_has_no_comparison(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    models = [
        FakeStatus(fake_config(tmp_path), fake_model(store)),
        FakeStatus(fake_config(tmp_path, "tuned"), None, "it was not analysed yet"),
    ]
    pairs = Comparisons([("small", "tuned")], lambda _a, _b: RECORD)
    assert PAGE not in [file.uri for file in build_site(models, store, tmp_path / "cache", None, pairs).files]


@pytest.mark.parametrize(
    ("names", "summary", "message"),
    [
        (["index.md"], {"missing": None}, "it has no index.body"),
        (["index.md", "index.body", "evil.js"], {"missing": None}, "'evil.js'"),
        (["index.md", "index.body"], {"missing": 3}, "missing"),
    ],
)
def test_a_folder_of_the_cache_that_is_none_of_ours_is_refused(names: list[str], summary: Any, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        check_comparison(names, summary)


def test_an_export_has_it_as_a_table_and_the_reader_reads_it(site: Site, tmp_path: Path) -> None:
    export(site, tmp_path, tables=True)
    folder = tmp_path / "models" / "compare-small-tuned"
    found = read_comparison(folder)
    assert [tuple(pair) for pair in found["matches"]] == RECORD["matches"]
    jsonschema.Draft202012Validator(json.loads(results_schema.FILE.read_text("utf-8"))).validate(found)
    with (folder / "matches.csv").open(newline="", encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    assert list(first.values()) == ["small", "features.0", "1", "tuned", "features.0", "3", "0.998"]
    with pytest.raises(StoreError, match="read it with read_comparison"):
        read(folder)
    with pytest.raises(StoreError, match=r"read it with read$"):
        read_comparison(tmp_path / "models" / "small")
    (folder / "results.json").write_text('{"schema": "other"}')
    with pytest.raises(StoreError, match="name a folder of results"):
        read_comparison(folder)
