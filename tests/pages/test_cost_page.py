"""The page about a model's cost: what it draws, what it says, and what an anonymous model keeps to itself."""

from __future__ import annotations

import json
from pathlib import Path

from mkdocs_lurk.pages.site import build_site
from mkdocs_lurk.store import Store
from tests.pages.conftest import Built
from tests.pages.fake import FakeStatus, fake_config, fake_model
from tests.pages.test_evaluation import built_page

PAGE = "models/small/cost/index.md"


def test_it_draws_every_layer_and_names_the_one_with_the_most(built: Built) -> None:
    page = built.text(PAGE)
    assert page.count('<svg role="img"') == 3
    assert 'aria-label="Multiply-adds, from the input to the output. Most: Convolution 2, 300,000 (60 %)"' in page
    assert page.count("lurk-cost-bar") == 3 * 3
    assert '<title>Convolution 1: 150,000, 30 %</title><rect class="lurk-cost-place" x="0"' in page
    assert 'x="0" y="50.0" width="8" height="50.0"' in page
    assert '| [Convolution 1](lurk:small/features.0) <span class="lurk-soft">features.0</span> | convolution |' in page
    assert "| classifier | linear |" in page
    assert "| everything else |  | 12 | 50,000 | 9.09 % |  |" in page
    assert "style=" not in page


def test_the_time_is_told_with_the_processor(built: Built) -> None:
    page = built.text(PAGE)
    assert "A pass of one picture took 12.5 ms in the median of 160, and from 11.9 ms to 1.2 s in eight of ten" in page
    assert "AMD EPYC 7B13, 2 threads" in page


def test_the_models_page_and_the_navigation_lead_to_it(built: Built) -> None:
    page = built.text("models/small/index.md")
    assert "](lurk:small/cost)" in page
    assert "<dt>Multiply-adds</dt><dd>550,000</dd>" in page
    (model,) = [item for item in built.site.nav.children if item.title == "A small network"]
    assert PAGE in [item.uri for item in model.children]


def test_results_of_an_earlier_version_have_no_such_page(tmp_path: Path) -> None:
    pages = built_page(tmp_path, lambda record: record.pop("cost"))
    assert PAGE not in pages
    assert "/cost)" not in pages["models/small/index.md"]


def test_an_anonymous_model_tells_no_processor(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    status = FakeStatus(fake_config(tmp_path, anonymous=True), fake_model(store))
    site = build_site([status], store, tmp_path / "cache")
    page, results = (site.path(f"models/small/{name}").read_text("utf-8") for name in ("cost/index.md", "results.json"))
    assert "EPYC" not in page + results
    assert "550,000" in page
    assert "latency" not in json.loads(results)["cost"]
