"""The page of an evaluation: what it says, what it leaves out, and what it holds back."""

from __future__ import annotations

import copy
import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mkdocs_lurk.analysis.evaluation import count_confusions, evaluate_classes, order_by_confusion
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.pictures.evaluation_charts import SHOWN_CLASSES, confusion_chart, coverage_line, matrix_data
from mkdocs_lurk.pages.site import build_site
from mkdocs_lurk.records.evaluation_check import check_evaluation
from mkdocs_lurk.store import Store
from tests.pages.conftest import Built
from tests.pages.fake import FakeStatus, fake_config, fake_model

PAGE = "models/small/evaluation/index.md"


def built_page(folder: Path, change: Callable[[Any], None] = lambda record: None, **declared: Any) -> dict[str, str]:
    """The pages of the small model by their addresses, after a change of its record."""
    store = Store(folder / "cache")
    unit = store.get(fake_model(store))
    assert unit is not None
    record = copy.deepcopy(unit.record)
    change(record)
    store.put("0" * 40, record)
    site = build_site([FakeStatus(fake_config(folder, **declared), "0" * 40)], store, folder / "cache")
    return {file.uri: file.path.read_text("utf-8") for file in site.files if file.uri.endswith(".md")}


def test_every_square_leads_to_its_pictures(built: Built) -> None:
    page = built.text(PAGE)
    for right, guess in ((0, 0), (1, 1), (2, 0)):
        assert f'<a xlink:href="#pair-{right}-{guess}"' in page
        pair = page.partition(f'id="pair-{right}-{guess}"')[2].partition("</section>")[0]
        assert pair.count("<li") == (1 if right == 1 else 2)
    assert "style=" not in page
    assert re.findall(r'<section class="lurk-pair" id="[^"]+" aria-label="([^"]+)"', page) == [
        "cat named right", "dog named right", "zebra taken for cat",
    ]  # fmt: skip


def test_mistakes_come_with_the_filters_that_rank_them(built: Built) -> None:
    mistakes = built.text(PAGE).partition("## Most confident mistakes")[2].partition("\n## ")[0]
    assert mistakes.index("75 % sure") < mistakes.index("55 % sure")
    assert '<a href="../features.3/index.html#filter-' in mistakes


def test_the_models_page_leads_to_it_and_so_does_the_navigation(built: Built) -> None:
    assert "](lurk:small/evaluation)" in built.text("models/small/index.md")
    (model,) = [item for item in built.site.nav.children if item.title == "A small network"]
    assert [(item.title, item.uri) for item in model.children][1] == ("Evaluation", PAGE)


def test_without_an_evaluation_the_models_page_says_why(tmp_path: Path) -> None:
    pages = built_page(tmp_path, lambda record: record.update(evaluation={"skipped": "the pictures have no classes"}))
    assert PAGE not in pages
    assert "Not evaluated: the pictures have no classes." in pages["models/small/index.md"]


def test_what_cannot_be_told_is_said(tmp_path: Path) -> None:
    def independent(record: Any) -> None:
        record["evaluation"].update(outputs="independent", calibration=None, coverage=None, not_finite=1)
        record["evaluation"]["labels"].append([None, None, 4])

    page = built_page(tmp_path, independent)[PAGE]
    assert "do not add up to 1" in page
    assert " sure</span>" not in page
    assert "hold NaN or infinity" in page
    assert "none&#58; left out" in page or "none: left out" in page
    assert "Most confident mistakes" not in page
    few = built_page(tmp_path / "few", lambda record: record["evaluation"].update(calibration=None))[PAGE]
    assert "5 pictures are too few to tell" in few
    assert "<circle" not in few


def test_hidden_pictures_have_a_number_and_no_picture(tmp_path: Path) -> None:
    page = built_page(tmp_path, pictures={"label:zebra": "none"})[PAGE]
    assert "picture 2 is not shown" in page
    assert "0002.jpg" not in page
    assert "cat/0000.jpg" in page


def many_classes(n: int) -> Any:
    """An evaluation of ``n`` classes: the last ones are taken for each other."""
    targets = np.arange(n).repeat(2)
    predicted = targets.copy()
    predicted[-10:] = np.roll(targets[-10:], 2)
    classes, confusions = (
        evaluate_classes(targets, predicted, list(map(str, range(n)))),
        count_confusions(targets, predicted),
    )
    return {"classes": classes, "confusions": confusions, "order": order_by_confusion(confusions, n)}


def test_of_many_classes_those_with_the_most_mistakes_are_drawn() -> None:
    chart = confusion_chart(many_classes(60))
    assert len(chart.columns) == SHOWN_CLASSES
    assert chart.left_out == 20
    assert {name.whole for name in chart.rows} >= {"55", "56", "57", "58", "59"}
    assert chart.width == chart.margin + chart.side * SHOWN_CLASSES + 4


def test_the_matrix_of_the_script_has_more_classes_in_the_order_of_the_outputs() -> None:
    data = matrix_data(many_classes(60))
    assert data["names"] == list(map(str, range(60)))
    assert (data["left_out"], len(data["order"])) == (0, 60)
    squares = np.reshape(data["squares"], (-1, 3))
    assert squares[:, 2].sum() == 120
    assert [55, 59, 2] in squares.tolist()
    some = matrix_data(many_classes(230))
    assert (len(some["names"]), some["left_out"]) == (200, 30)
    assert some["places"][-5:] == [225, 226, 227, 228, 229]
    assert sorted(some["order"]) == list(range(200))
    assert max(some["squares"]) == 199


def test_the_page_holds_the_matrix_for_the_script_around_the_static_one(tmp_path: Path) -> None:
    def hostile(record: Any) -> None:
        record["evaluation"]["classes"][0]["name"] = """c'"><b>\n[x](y)"""

    page = built_page(tmp_path, hostile)[PAGE]
    element = page.partition("<lurk-matrix data-matrix=")[2].partition("</lurk-matrix>")[0]
    opened, _, static = element.partition(">")
    assert "<svg class=" in static
    data = json.loads(html.unescape(opened.strip('"')))
    assert data["names"][0] == """c'"><b>\n[x](y)"""
    assert data["squares"] == [0, 0, 2, 1, 1, 1, 2, 0, 2]


def test_a_class_without_pictures_has_a_column_and_no_row() -> None:
    targets, predicted = np.array([0, 0, 1]), np.array([0, 2, 1])
    classes, confusions = evaluate_classes(targets, predicted, "abc"), count_confusions(targets, predicted)
    record: Any = {"classes": classes, "confusions": confusions, "order": order_by_confusion(confusions, 3)}
    chart = confusion_chart(record)
    assert sorted(name.name for name in chart.columns) == ["a", "b", "c"]
    assert sorted(name.name for name in chart.rows) == ["a", "b"]
    shades = {cell.href: cell.shade for cell in chart.cells}
    assert shades == {"pair-0-0": 0.5, "pair-0-2": 0.5, "pair-1-1": 1.0}


def test_the_axis_of_the_risk_ends_above_the_highest() -> None:
    assert coverage_line([(0.5, 0.11), (1.0, 0.2)], "").top == 0.2
    line = coverage_line([(0.5, 0.0), (1.0, 0.04)], "")
    assert (line.top, line.path) == (0.05, "M120.0,240.0L240.0,48.0")


WRONG: dict[str, tuple[Callable[[Any], object], str]] = {
    "an order with a class twice": (lambda one: one["order"].__setitem__(0, one["order"][1]), "order"),
    "a class that there is not": (lambda one: one["confusions"].append([0, 9, 1]), "confusions[3]"),
    "another size of a class": (lambda one: one["classes"][0].update(n=9), "classes[0].n is 9"),
    "a picture that there is not": (lambda one: one["pictures"][0].__setitem__(0, 99), "pictures[0]"),
    "a confidence above 1": (lambda one: one["pictures"][0].__setitem__(3, 2.0), "pictures[0]"),
    "a picture of another pair": (lambda one: one["pictures"][0].__setitem__(2, 2), "pictures does not hold"),
    "another number of pictures": (lambda one: one.update(n=4), "n is 4"),
    "a share above 1": (lambda one: one.update(top1=1.5), "outside 0 to 1"),
    "a dot outside the axes": (lambda one: one["calibration"]["bins"][0].update(right=-1.0), "outside 0 to 1"),
    "no dots": (lambda one: one["calibration"].update(bins=[]), "curve without points"),
    "a line outside the axes": (lambda one: one["coverage"]["points"].append([3.0, 0.5]), "outside 0 to 1"),
    "an interval of one end": (lambda one: one.update(top1_interval=[0.5]), "two ends"),
    "half of the first five": (lambda one: one.pop("top5_interval"), "only one of top5"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_evaluation_from_outside_whose_numbers_do_not_fit_is_refused(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path)
    unit = store.get(fake_model(store))
    assert unit is not None
    evaluation: Any = copy.deepcopy(unit.record["evaluation"])
    check_evaluation(evaluation, 6, "evaluation")
    change, message = WRONG[name]
    change(evaluation)
    with pytest.raises(StoreError) as caught:
        check_evaluation(evaluation, 6, "evaluation")
    assert message in str(caught.value)
