"""Fences, links and the marker in an author's text are replaced, but never inside code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.markdown import insert_body, replace_links, split_at_fences

LINKS = {"": "models/index.md", "net": "models/net/index.md", "net/conv1": "models/net/conv1/index.md"}


def links(markdown: str) -> str:
    return replace_links(markdown, LINKS, lambda uri: f"../{uri}")


@given(st.text(st.sampled_from("`~> \nab\t\r"), max_size=60))
def test_segments_joined_are_the_whole(markdown: str) -> None:
    assert "".join(segment.text for segment in split_at_fences(markdown)) == markdown


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("[a](lurk:net)", "[a](../models/net/index.md)"),
        ("[a](lurk:)", "[a](../models/index.md)"),
        ("[a](lurk:net/conv1#filter-12)", "[a](../models/net/conv1/index.md#filter-12)"),
        ('[a](lurk:net/ "A title")', '[a](../models/net/index.md "A title")'),
        (
            "[`conv1`](lurk:net/conv1), [b](lurk:net)",
            "[`conv1`](../models/net/conv1/index.md), [b](../models/net/index.md)",
        ),
        ("`[a](lurk:nope)`", "`[a](lurk:nope)`"),
        ("``[a](lurk:nope) ` ``", "``[a](lurk:nope) ` ``"),
        ("```md\n[a](lurk:nope)\n```\n", "```md\n[a](lurk:nope)\n```\n"),
        ("a lurk: a word", "a lurk: a word"),
    ],
)
def test_links_are_resolved_outside_of_code(markdown: str, expected: str) -> None:
    assert links(markdown) == expected


def test_an_unknown_target_is_named_with_the_near_match() -> None:
    with pytest.raises(ConfigError, match=r"no lurk:net/conv2 to link to; did you mean 'net/conv1'"):
        links("[a](lurk:net/conv2)")


def test_the_body_goes_to_the_marker() -> None:
    found = insert_body("# T\n\nbefore\n\n<!-- lurk -->\n\nafter\n", "BODY\n")
    assert found.split() == ["#", "T", "before", "BODY", "after"]


def test_the_body_goes_to_the_end_without_a_marker() -> None:
    assert insert_body("# T\n\ntext\n", "BODY\n") == "# T\n\ntext\n\nBODY\n"


def test_a_marker_in_code_is_no_marker() -> None:
    code = "```html\n<!-- lurk -->\n```\n"
    assert insert_body(f"{code}\n<!--lurk-->\nend\n", "BODY") == f"{code}\n\nBODY\n\nend\n"


def test_a_body_is_inserted_as_it_is() -> None:
    assert r"\1 \g<0>" in insert_body("<!-- lurk -->", r"\1 \g<0>")
