"""A model card's metadata becomes rows; its title is dropped, its text stays."""

from __future__ import annotations

import pytest

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.card import parse_card

FILE = "card.md"


def test_a_card_without_metadata_is_all_text() -> None:
    card = parse_card("Just words.\n", FILE, "small")
    assert (card.lead, card.rest) == ("<p>Just words.</p>", "")
    assert card.rows == ()


@pytest.mark.parametrize("title", ["# Title\n", "Title\n=====\n"])
def test_the_title_is_dropped_since_the_page_has_one(title: str) -> None:
    card = parse_card(f"---\nlicense: mit\n---\n\n{title}\nlead\n\n```\n# code\n```\n\n## Part\n\ntext", FILE, "small")
    assert card.lead == "<p>lead</p>\n\n<pre><code>&#35; code&#10;</code></pre>"
    assert card.rest == "## Part\n\n<p>text</p>"


def test_an_underlined_heading_ends_the_lead_too() -> None:
    card = parse_card("Words.\n\nPart\n----\ntext", FILE, "small")
    assert (card.lead, card.rest) == ("<p>Words.</p>", "## Part\n\n<p>text</p>")


def test_metadata_becomes_rows_in_its_order() -> None:
    text = """---
license: mit
tags: [a, b]
library_name: pytorch
some-thing_else: true
widget: [{text: no}]
empty:
model-index:
- name: x
  results:
  - dataset: {name: CIFAR-10}
    metrics:
    - {type: accuracy, value: 0.91}
    - {name: Top-5, value: 0.99}
---
"""
    anonymous = (("Licence", "mit"), ("Library", "pytorch"), ("Accuracy", "0.91"), ("Top-5", "0.99"))
    assert parse_card(text, FILE, "small", anonymous=True).rows == anonymous
    assert parse_card(text, FILE, "small").rows == (
        ("Licence", "mit"),
        ("Tags", "a, b"),
        ("Library", "pytorch"),
        ("Some thing else", "yes"),
        ("Accuracy on CIFAR-10", "0.91"),
        ("Top-5 on CIFAR-10", "0.99"),
    )


@pytest.mark.parametrize("index", ["model-index: 3", "model-index: [3]", "model-index: [{results: [3]}]"])
def test_malformed_model_index_is_ignored(index: str) -> None:
    assert parse_card(f"---\n{index}\n---\n", FILE, "small").rows == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [("---\na: [\n---\n", r"card\.md, line 3: the metadata is no YAML"), ("---\n- a\n---\n", "is no mapping")],
)
def test_metadata_that_cannot_be_read_is_one_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        parse_card(text, FILE, "small")
    assert "\n" not in str(caught.value)


def test_windows_line_ends_are_read() -> None:
    card = parse_card("---\r\nlicense: mit\r\n---\r\nwords\r\n", FILE, "small")
    assert card.rows == (("Licence", "mit"),)
    assert card.lead == "<p>words</p>"
