"""A card's text is rendered within a time, a memory and a size, whatever it is; usual cards are what they were."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages import card_process
from mkdocs_lurk.pages.card import parse_card
from mkdocs_lurk.pages.card_limits import excess
from mkdocs_lurk.pages.card_process import read_card

BRACKETS = "[" * 20_000
"""Takes Python-Markdown about a minute."""
TOO_MUCH = {
    "quotes": (">" * 3000 + "a", "elements inside each other where 100 are the most"),
    "elements": ("<div>" * 300, "elements inside each other where 100 are the most"),
    "items": ("1. " * 3000, "too deep inside each other"),
    "headings": ("# a\n\n" * 501, "501 headings where 500 are the most"),
    "paragraphs": ("a\n\n" * 5001, "5,001 paragraphs, lists and the like"),
}


def test_a_text_without_an_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_process, "MOST_CARD_SECONDS", 2)
    began = time.perf_counter()
    with pytest.raises(ConfigError, match=r"^card\.md: it takes more than 2 s of a processor to render; "):
        read_card(BRACKETS, Path("card.md"), "net")
    assert time.perf_counter() - began < card_process.MOST_CARD_WAIT, "the processor's time ended it, not the clock"


def test_a_child_that_waits_is_stopped_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_process, "MOST_CARD_WAIT", 0.5)
    monkeypatch.setattr(card_process, "_CHILD", "import time; time.sleep(60)")
    with pytest.raises(ConfigError, match=r"^card\.md: it takes more than 6 s of a processor to render; "):
        read_card("words", Path("card.md"), "net")


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_text_that_makes_too_much_is_refused(name: str) -> None:
    text, reason = TOO_MUCH[name]
    with pytest.raises(ConfigError, match=f"^card\\.md: .*{reason}.*; make it simpler$") as caught:
        read_card(text, Path("card.md"), "net")
    assert "\n" not in str(caught.value)


def test_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resource")
    limit = "import mkdocs_lurk.pages.card_process as child\nchild.MOST_CARD_MEMORY = 1000\nmain()"
    child = card_process._CHILD.replace("main()", limit)
    monkeypatch.setattr(card_process, "_CHILD", child)
    with pytest.raises(ConfigError, match=r"^card\.md: "):
        read_card("words *and* words\n\n" * 4000, Path("card.md"), "net")


def test_a_child_that_dies_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_process, "_CHILD", "import os; os.abort()")
    with pytest.raises(ConfigError, match=r"^card\.md: it cannot be rendered \(exit code -6\); make it"):
        read_card("words", Path("card.md"), "net")


@pytest.mark.parametrize("text", ["", "Words.\n", "# T\n\n*a* [b](c.md)\n\n- é\n- \0\x1b\n\n```lurk\nlayer: a\n```\n"])
def test_the_blocks_are_those_of_the_same_process(text: str) -> None:
    assert read_card(text, Path("card.md"), "net") == parse_card(text, "card.md", "net")


def test_a_page_of_the_largest_size_is_kept() -> None:
    assert not excess(["# a"] * 500 + ["<p>a</p>"] * 4500, [("a", "b")] * 5000)
    assert not excess(["<div>" * 100 + "<br>" + "</div>" * 100], [])
    assert excess(["x" * 4_000_001], []) == "4,000,001 characters of HTML where 4,000,000"
    assert excess([], [("a", "b")] * 5001) == "5,001 rows of metadata where 5,000"


@pytest.mark.parametrize(
    "metadata",
    [
        "model-index: [{results: [{dataset: cifar, metrics: [{value: 1}]}]}]",
        "model-index: [{results: [{dataset: [a], metrics: [{value: 1}]}]}]",
        "model-index: [{results: [{metrics: [3, {name: [a], value: {b: c}}]}]}, {results: 3}, {results: null}]",
        "1: 2\nnull: 3\n2020-01-02: .nan\ntrue: !!binary YWJj\na: !!set {b, c}",
        "a: 0x" + "f" * 5000,
    ],
)
def test_any_metadata_becomes_rows(metadata: str) -> None:
    rows = parse_card(f"---\n{metadata}\n---\n", "card.md", "net").rows
    assert rows
    assert all(isinstance(text, str) and len(text) < 100 for row in rows for text in row)
