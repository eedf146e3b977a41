"""Cells of a notebook, which another renderer made HTML of."""

from __future__ import annotations

from mkdocs_lurk.pages.markdown import Segment
from mkdocs_lurk.pages.writing.captions import Captions
from mkdocs_lurk.pages.writing.faults import ShownFigure
from mkdocs_lurk.pages.writing.notebook_cells import render_cells


def test_fences_and_figures_are_rendered_and_other_code_stays() -> None:
    def embed(fence: Segment, captions: Captions) -> str:
        assert fence.embed is not None
        assert captions.are_text
        return f"<figure>{fence.contents.strip()}</figure>"

    def figure(expression: str) -> ShownFigure | None:
        return ShownFigure("<5>", {"class": "lurk-figure"}) if expression == "lurk a pictures" else None

    text = (
        '<pre><code class="language-lurk">lurk\nmodel: a\ncaption: R &amp; D\n</code></pre>'
        "<p><code>lurk a pictures</code> <code>lurk clean</code></p><pre><code>lurk a pictures</code></pre>"
    )
    assert render_cells(text, embed, figure) == (
        "<figure>model: a\ncaption: R & D</figure>"
        '<p><span class="lurk-figure">&lt;5&gt;</span> <code>lurk clean</code></p>'
        "<pre><code>lurk a pictures</code></pre>"
    )
