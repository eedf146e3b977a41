"""What is wrong in a card's metadata, line by line, and which sections of the usual template say something."""

from __future__ import annotations

import pytest

from mkdocs_lurk.pages.card import parse_card
from mkdocs_lurk.pages.card_check import check_card

RIGHT = """---
license: mit
language: [en, "no"]
tags:
  - small
datasets: imagenet-1k
own key: whatever
link: mine
model_type: mine
co2_eq_emissions:
base_model:
model-index:
  - name: Small
    results:
      - task: {type: image-classification}
        dataset: {type: imagefolder, name: Mine}
        metrics:
          - {type: accuracy, value: 0.5}
---
Words.
"""


def faults(text: str) -> list[str]:
    return [str(fault) for fault in check_card(text)]


@pytest.mark.parametrize("text", [RIGHT, "Words.\n", "---\n---\n", "---\n- a list\n---\n", "---\na: [\n---\n", ""])
def test_nothing_is_said_of_a_right_card_or_of_one_without_metadata(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("license: mit", "license: 3", "line 2: license holds a number; it should be a text, or a list of texts; put"),
        ("license: mit", "license: other", "line 2: license: other needs a license_name"),
        ('"no"', "no", "line 3: language holds true or false; it should be a text, or a list of texts; put it in"),
        ("  - small", "  - {a: b}", "line 5: tags holds a mapping; it should be a text, or a list of texts"),
        ("license: mit", "licence: mit", "line 2: there is no key 'licence'; did you mean 'license'"),
        ("own key: whatever", "pipeline_tag: [a]", "line 7: pipeline_tag is a list; it should be a text"),
        ("  - name: Small\n    results", "  - results", "line 13: the model in model-index has no name"),
        ("{type: image-classification}", "", "line 15: a result in model-index has no task with a type"),
        ("type: imagefolder, ", "", "line 16: the dataset of a result has no type"),
        ("name: Mine", "name: ", "line 16: the dataset of a result has no name"),
        (", value: 0.5", "", "line 18: a metric has no value"),
        ("          - {type", "          {type", "line 18: a part of model-index is a mapping; it should be a list"),
        ("{type: accuracy, value: 0.5}", "accuracy", "line 18: a part of model-index holds something else"),
    ],
)
def test_a_fault_has_its_line(before: str, after: str, message: str) -> None:
    assert before in RIGHT
    (fault,) = faults(RIGHT.replace(before, after, 1))
    assert fault.startswith(message)


def test_faults_come_by_their_lines() -> None:
    text = "---\nmodel-index: 3\nlicense: 4\nmetrics: [5, b, 2020-01-01]\nlibrary_name: [a]\n---\n"
    assert [fault.partition(":")[0] for fault in faults(text)] == ["line 2", "line 3", "line 4", "line 4", "line 5"]
    no_results = "---\nmodel-index: [{name: a}]\n---\n"
    assert faults(no_results) == ["line 2: the model in model-index has no results"]
    no_metrics = "---\nmodel-index: [{name: a, results: [{task: {type: b}, dataset: {type: c, name: d}}]}]\n---\n"
    assert faults(no_metrics) == ["line 2: a result in model-index has no metrics"]


def test_a_card_of_many_thousand_keys_takes_no_time() -> None:
    assert len(faults("---\n" + "".join(f"licens{n}: a\n" for n in range(20_000)) + "---\n")) <= 200


def missing(body: str) -> tuple[str, ...]:
    return parse_card(body, "card.md", "small").missing


def test_a_section_counts_if_there_is_text_below_its_heading() -> None:
    whole = "intended use", "limitations", "training data", "evaluation", "ethics", "citation"
    assert missing("Words about its use.\n") == whole
    assert missing("## Intended use\n\n<!-- what for? -->\n\n## Citation\n\nThus.\n") == whole[:5]
    assert missing("## Uses\n\n### Direct use\n\nHere.\n") == whole[1:]
    assert missing("## Uses\n\n## Bias, Risks, and Limitations\n\nMany.\n") == (
        "intended use",
        "training data",
        "evaluation",
        "citation",
    )
    assert missing("## Causes\n\nText.\n\n## Excited\n\nText.\n\n## Constraints\n\nText.\n") == whole


def test_headings_may_be_german_or_french() -> None:
    assert missing("## Verwendung\n\na\n\n## Grenzen\n\na\n\n## Ergebnisse\n\na\n\n## Zitieren\n\na") == (
        "training data",
        "ethics",
    )
    assert "limitations" not in missing("## Limites\n\na")
