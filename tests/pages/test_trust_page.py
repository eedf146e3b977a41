"""The page that compares a model with chance: what it shows, what it says does not differ, and what it holds back."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.trust_page import trust_page
from mkdocs_lurk.records.twin_check import check_twin
from tests.pages.conftest import Built
from tests.pages.fake import TWIN
from tests.pages.test_evaluation import built_page

PAGE = "models/small/trust/index.md"


def test_it_shows_the_twin_beside_the_trained_network_and_says_where_they_do_not_differ(built: Built) -> None:
    page = built.text(PAGE)
    assert "The same 5 pictures" not in page
    assert "So the same 5 pictures went through a twin" in page
    assert ">Selectivity</a>. The trained network differs from chance in the one layer." in page
    assert ">Depends on colour</a>. The trained network cannot be told from chance in any layer." in page
    row = page.partition('aria-label="features.3: 0.5 in the middle')[2].partition("</svg>")[0]
    assert 'x="11.1%" y="2" width="22.2%"' in row  # the twin's 0.1 to 0.3 on an axis that ends at 0.9
    assert 'cx="55.6%"' in row
    assert page.count("lurk-trust-row lurk-trust-same") == 3
    assert "| 75 % | 12.5 % |" in page
    assert "There they show the picture rather than what the filter has learnt." in page
    assert "style=" not in page
    assert 'aria-label="features.3: syntheses and photos of one filter correlate by 0.31' in page
    assert "less as to photos of the same filter than as to photos of other filters: features.3." in page
    band = page.partition("features.3: syntheses and photos")[2].partition("</svg>")[0]
    assert 'x="40.0%" y="2" width="40.0%"' in band
    assert 'cx="31.0%"' in band


def test_the_models_page_and_the_navigation_lead_to_it(built: Built) -> None:
    assert "](lurk:small/trust)" in built.text("models/small/index.md")
    (model,) = [item for item in built.site.nav.children if item.title == "A small network"]
    assert PAGE in [item.uri for item in model.children]
    assert '"twin":{"pictures":5' in built.text("models/small/results.json")


def test_without_a_comparison_there_is_no_page_and_the_models_page_says_why(tmp_path: Path) -> None:
    why = {"skipped": "the network with shuffled weights: RuntimeError: see cat/0000.jpg"}
    pages = built_page(tmp_path, lambda record: record.update(twin=why), pictures="none")
    assert PAGE not in pages
    assert "Not compared with chance" in pages["models/small/index.md"]
    assert "cat/0000.jpg" not in pages["models/small/index.md"]


def test_where_all_layers_differ_no_layer_is_named(built: Built) -> None:
    assert built
    twin: Any = copy.deepcopy(TWIN)
    twin["layers"][1]["gradients"]["differs"] = True
    record: Any = {"layers": [{"name": name, "slug": name} for name in ("features.0", "features.3")]}
    page = trust_page(None, {**record, "gradient": "saliency"}, twin)  # type: ignore[arg-type]
    assert page.gradients is not None
    assert page.gradients.verdict.startswith("In the one layer, those of the twin are unlike")
    del twin["layers"][1]["gradients"]
    assert trust_page(None, {**record, "gradient": "saliency"}, twin).gradients is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda twin: twin["layers"][0].update(name="nowhere"), "is no layer of the model"),
        (lambda twin: twin["layers"][1]["figures"][0].update(twin=[0.1, 0.2]), "three rising numbers"),
        (lambda twin: twin["layers"][1]["figures"][0].update(trained=[0.3, 0.2, 0.4]), "three rising numbers"),
        (lambda twin: twin["layers"][1]["figures"][0].update(above=1.5), "outside 0 to 1"),
        (lambda twin: twin["layers"][1]["gradients"].update(other=-2.0), "outside -1 to 1"),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(change: Any, message: str) -> None:
    twin: Any = copy.deepcopy(TWIN)
    change(twin)
    with pytest.raises(StoreError, match=message):
        check_twin(twin, {"features.0", "features.3"}, "twin")
    check_twin(TWIN, {"features.0", "features.3"}, "twin")
