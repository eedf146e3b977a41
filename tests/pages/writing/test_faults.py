"""A fault is told once, with its page and line; a published site never shows it."""

from __future__ import annotations

import logging

import pytest

from mkdocs_lurk.pages.writing.faults import Faults, Source, lines_of_fence, lines_with

PAGE = Source(
    "page.md", "---\ntitle: x\n---\n[a](lurk:net) [b](lurk:nets)\n\n[a](lurk:net)\n\n> ```lurk\n> filter: 1\n> ```\n"
)


def test_each_place_of_a_fault_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    faults = Faults()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            faults.report("no lurk:net", "page.md", [PAGE], lines_with("lurk:net"))
        faults.repeat("no lurk:net", "other.md")
    assert caplog.messages == ["page.md, line 4: no lurk:net", "page.md, line 6: no lurk:net"]


def test_a_fault_without_a_line_names_the_page(caplog: pytest.LogCaptureFixture) -> None:
    faults = Faults()
    with caplog.at_level(logging.WARNING):
        assert faults.report("no lurk:x", "page.md", [PAGE], lines_with("lurk:x")) == "page.md: no lurk:x"
        faults.repeat("no lurk:y", "404.html")
    assert caplog.messages == ["page.md: no lurk:x", "404.html: no lurk:y"]


def test_a_fence_is_found_in_a_quotation() -> None:
    assert lines_of_fence("filter: 1\n")(PAGE.text) == [8]


def test_only_a_preview_shows_faults() -> None:
    told = 'page.md: no <model> "x"'
    assert Faults().box(told) == Faults().attributes(told) == ""
    assert Faults().figure(told).attributes == {}
    shown = Faults(shown=True)
    assert "no &lt;model&gt; &quot;x&quot;</div>" in shown.box(told)
    assert shown.attributes(told) == 'class="lurk-fault" title="page.md: no &lt;model&gt; &quot;x&quot;"'
    assert shown.figure(told).text == "?"
