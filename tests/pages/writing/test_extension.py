"""Fences, figures and links of ours are rendered wherever the parser meets them, and never in code."""

from __future__ import annotations

import re

import pytest
from markdown import Markdown

from mkdocs_lurk.pages.markdown import Segment
from mkdocs_lurk.pages.writing.captions import Captions
from mkdocs_lurk.pages.writing.extension import LurkExtension
from mkdocs_lurk.pages.writing.faults import ShownFigure

FENCE = "```lurk\nfilter: 1\n```\n"
SHOWN = "<figure>filter: 1</figure>"


def embed(fence: Segment, captions: Captions) -> str:
    words = fence.contents.strip()
    if words.startswith("caption: "):
        return f"<figure>{captions.keep(words.removeprefix('caption: '))}</figure>"
    return f"<figure>{words}</figure>"


def figure(expression: str) -> ShownFigure | None:
    return ShownFigure("57 %", {"class": "lurk-number"}) if expression == "lurk net accuracy" else None


def convert(text: str, *extensions: str) -> str:
    md = Markdown(extensions=[LurkExtension(embed, figure, lambda target: f"the {target}"), *extensions])
    return re.sub(r"\n+", "\n", md.convert(text))


def inside(prefix: str, text: str = FENCE) -> str:
    return "".join(f"{prefix}{line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a\n{FENCE}b", f"<p>a</p>\n{SHOWN}\n<p>b</p>"),
        (f"a\n\n{FENCE}\nb", f"<p>a</p>\n{SHOWN}\n<p>b</p>"),
        ("~~~ lurk\nfilter: 1\n~~~\n", SHOWN),
        (f"> a\n{inside('> ')}> b\n", f"<blockquote>\n<p>a</p>\n{SHOWN}\n<p>b</p>\n</blockquote>"),
        (f"!!! note\n    a\n\n{inside('    ')}", f'<p>a</p>\n{SHOWN}\n</div>'),
        (f"- a\n\n{inside('    ')}\n    b\n", f"<li>\n<p>a</p>\n{SHOWN}\n<p>b</p>\n</li>"),
        (f"> - a\n>\n{inside('>     ')}", f"<p>a</p>\n{SHOWN}\n</li>"),
        ('```lurk title="My *wheels*"\nfilter: 1\n```\n',
         f'<div class="lurk-framed"><strong>My <em>wheels</em></strong> {SHOWN}</div>'),
        ("```{ .lurk .wide #w }\nfilter: 1\n```\n", f'<div class="lurk-framed wide" id="w">{SHOWN}</div>'),
        ("```lurk\ncaption: see *this* <b>one</b>\n```\n",
         "<div><figure>see <em>this</em> <b>one</b></figure></div>"),
    ],
)  # fmt: skip
def test_a_fence_is_rendered_where_it_stands(text: str, expected: str) -> None:
    assert expected in convert(text, "admonition", "fenced_code")


@pytest.mark.parametrize("extensions", [(), ("fenced_code",), ("pymdownx.superfences", "pymdownx.highlight")])
@pytest.mark.parametrize(
    "text",
    [
        f"a\n\n    before\n{inside('    ')}    after\n\nb",
        f"- a\n\n        before\n{inside('        ')}        after\n",
        f"a\n\n    before\n\n{inside('    ')}\n    after\n",
    ],
)
def test_indented_code_shows_the_fence_as_it_was_written(text: str, extensions: tuple[str, ...]) -> None:
    found = re.sub(r"</?(?:span|div)[^>]*>", "", convert(text, *extensions))
    assert "before\n```lurk\nfilter: 1\n```\nafter\n</code></pre>" in found
    assert "figure" not in found


def test_indented_code_that_is_a_fence_alone_stays_code() -> None:
    assert convert(f"a\n\n{inside('    ')}\nb\n") == (
        "<p>a</p>\n<pre><code>```lurk\nfilter: 1\n```\n</code></pre>\n<p>b</p>"
    )


@pytest.mark.parametrize("text", [f"````md\n{FENCE}````\n", "```lurking\nfilter: 1\n```\n"])
def test_other_fences_stay_what_they_are(text: str) -> None:
    found = convert(text, "fenced_code")
    assert "figure" not in found
    assert "filter: 1" in found


@pytest.mark.parametrize(
    ("text", "is_rendered"),
    [
        (f"<div>\n{FENCE}</div>\n", True),
        (f"<div><b>\n\n<p>word</p>\n\n{FENCE}\nlast</b></div>\n", True),
        (f"<pre>\n{FENCE}</pre>\n", False),
        (f"<div><code>\n{FENCE}</code></div>\n", False),
        (f"<!--\n{FENCE}-->\n", False),
        (f"<textarea>\n{FENCE}</textarea>\n", False),
    ],
)
def test_a_fence_in_raw_html_is_rendered_between_elements_alone(text: str, is_rendered: bool) -> None:
    found = convert(text)
    assert ("<figure" in found) == is_rendered
    assert ("```lurk" in found) != is_rendered


def test_a_fence_ends_with_what_it_stands_in() -> None:
    found = convert("> ```lurk\n> filter: 1\n\nafter\n\n- a\n\n    ```lurk\n    filter: 1\n\nmore\n")
    assert found.count(SHOWN) == 2
    assert "<p>after</p>" in found
    assert "<p>more</p>" in found


def test_captions_of_a_card_are_text() -> None:
    kept: list[object] = []

    def note(fence: Segment, captions: Captions) -> str:
        kept.append(captions.keep("<b>x</b>"))
        return ""

    Markdown(extensions=[LurkExtension(note, figure, str)]).convert("```lurk-card\nfilter: 1\n```\n")
    assert [(type(one), one) for one in kept] == [(str, "<b>x</b>")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is `lurk net accuracy`.", '<p>is <span class="lurk-number">57 %</span>.</p>'),
        ("# It is `lurk net accuracy`", '<h1>It is <span class="lurk-number">57 %</span></h1>'),
        ("``lurk net`` `lurk`", "<p><code>lurk net</code> <code>lurk</code></p>"),
        ("    lurk net accuracy\n", "<pre><code>lurk net accuracy\n</code></pre>"),
        ("<lurk:net/a_b_#1>", '<p><a href="lurk:net/a_b_#1">the net/a_b_#1</a></p>'),
        ("`<lurk:net>`", "<p><code>&lt;lurk:net&gt;</code></p>"),
        ("[a][r]\n\n[r]: lurk:net/x#1", '<p><a href="lurk:net/x#1">a</a></p>'),
    ],
)
def test_figures_and_links_stand_in_lines(text: str, expected: str) -> None:
    assert convert(text) == expected


BODY = (
    "## Layers\n\n<div>\n<p>gallery</p>\n</div>\n\n- item\n\n```lurk-card\nfilter: 1\n```\n\n~~~\ncode\n~~~\n\nlast\n"
)


def with_body(text: str, *extensions: str) -> str:
    ours = LurkExtension(embed, figure, str)
    md = Markdown(extensions=["toc", "fenced_code", "admonition", ours, *extensions])
    ours.body = BODY
    found = re.sub(r"\n+", "\n", md.convert(text))
    assert found.count("gallery") == 1
    assert '<h2 id="layers">Layers</h2>' in found
    assert "<div>\n<p>gallery</p>\n</div>\n<ul>\n<li>item</li>" in found
    assert SHOWN in found
    assert "<pre><code>code\n</code></pre>" in found
    return found


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("!!! note\n    before\n\n    <!-- lurk -->\n\n    after\n", "<p>before</p>", "<p>after</p>\n</div>"),
        ("- before\n\n    <!-- lurk -->\n\n    after\n", "<p>before</p>", "<p>after</p>\n</li>"),
        ("> before\n>\n> <!-- lurk -->\n> after\n", "<p>before</p>", "<p>after</p>\n</blockquote>"),
        ('=== "Tab"\n\n    before\n    <!-- lurk -->\n    after\n', "<p>before</p>", "<p>after</p>\n</div>"),
        ("- <!-- lurk -->\n- after\n", "<li>", "</li>\n<li>\n<p>after</p>"),
        ("before\n:   <!-- lurk -->\n\nafter\n", "<dd>", "</dd>\n</dl>\n<p>after</p>"),
    ],
)
def test_the_generated_part_stands_where_its_marker_does(text: str, begin: str, end: str) -> None:
    found = with_body(text, "pymdownx.tabbed", "def_list")
    assert re.search(rf"{begin}.*gallery.*<p>last</p>\n(</div>\n)?{end}", found, re.DOTALL)


def test_a_marker_in_indented_code_is_shown_and_the_part_is_at_the_end() -> None:
    found = with_body("a\n\n    <!-- lurk -->\n\nb\n")
    assert "<pre><code>&lt;!-- lurk --&gt;\n</code></pre>\n<p>b</p>" in found
    assert found.endswith("<p>last</p>")
