"""A code span shows a figure of the results, as the pages format it or as the author wishes."""

from __future__ import annotations

import re

import pytest

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.formatting import TIMES
from mkdocs_lurk.pages.writing.figures import show_figure
from tests.pages.conftest import Built


def shown(built: Built, words: str) -> str:
    figure = show_figure(f"lurk {words}", built.site)
    assert figure is not None
    return figure.text.replace("\N{NO-BREAK SPACE}", "~")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("small accuracy", "60 %"),
        ("small accuracy .1%", "60.0~%"),
        ("small accuracy .3f", "0.600"),
        ("small top5", "100 %"),
        ("small evaluated", "5"),
        ("small pictures", "5"),
        ("small pictures photos taken", "5~photos taken"),
        ("small parameters", "1.24 million"),
        ("small parameters ,d weights", "1,235,496~weights"),
        ("small layers", "2"),
        ("small filters", "13"),
        ("small dead", "2"),
        ("small/features.3 filters", "16"),
        ("small/features.3 analysed", "8"),
        ("small/features.3 dead .0f", "1"),
        ("small/features.3 receptive-field", f"9 {TIMES} 9 px"),
        ("small/features.3#0 ratio", "2.20"),
        ("small/features.3#0 ratio .2f times", "2.20~times"),
        ("small/features.3#filter-3 selectivity", "0.55"),
        ("small/features.3#3 positive", "50 %"),
    ],
)
def test_a_figure_is_that_of_the_results(built: Built, words: str, text: str) -> None:
    assert shown(built, words) == text


def test_labels_and_classes_are_words(built: Built) -> None:
    labels = {shown(built, f"small/features.3#{index} label") for index in range(8)}
    assert "no label above chance" in labels
    assert any(" or " in label for label in labels)
    assert "no clear class preference" in {shown(built, f"small/features.3#{index} class") for index in range(8)}


def test_a_model_without_results_shows_a_dash_and_says_why(built: Built) -> None:
    figure = show_figure("lurk waiting accuracy", built.site)
    assert figure is not None
    assert figure.text == "\N{EN DASH}"
    assert "it was not analysed yet" in figure.attributes["title"]


@pytest.mark.parametrize("code", ["lurk", "lurk small", "lurking small accuracy", "x lurk small accuracy", ""])
def test_other_code_is_no_figure(built: Built, code: str) -> None:
    assert show_figure(code, built.site) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("smal accuracy", "lurk smal accuracy: there is no model 'smal'; did you mean 'small'?"),
        ("small acuracy", "there is no figure 'acuracy' of a model; did you mean 'accuracy'?"),
        ("small ratio-x", "there is no figure 'ratio-x' of a model; there are accuracy, top5"),
        ("small/features.1 dead", "small has no layer 'features.1'; did you mean 'features.3'"),
        ("small/features.3#88 ratio", "filter 88 of small/features.3 was not analysed"),
        ("small/features.3#x ratio", "'x' names no filter of a layer; give MODEL/LAYER#12"),
        ("small accuracy .1z", "'.1z' is no format; give one such as .2f"),
        ("small/features.3#0 class .2f", "it is no number; leave out the format '.2f'"),
        ("small/features.3#1 ratio", "this was not computed, or is not published; see the page of the filter"),
    ],
)
def test_a_wrong_figure_is_refused_in_one_line(built: Built, words: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        show_figure(f"lurk {words}", built.site)
