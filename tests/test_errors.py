"""Other people's exceptions become one line, and unknown words get a suggestion."""

from __future__ import annotations

import pytest

from mkdocs_lurk.errors import ConfigError, describe_error, near


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (ValueError("no such  size\n  as 3"), "ValueError: no such size as 3"),
        (KeyError("a"), "KeyError: 'a'"),
        (AssertionError(), "AssertionError"),
        (OSError(" \n"), "OSError"),
    ],
)
def test_an_exception_is_described_by_its_type_and_message_in_one_line(reason: Exception, text: str) -> None:
    assert describe_error(reason) == text


def test_a_long_message_is_cut_at_the_limit() -> None:
    assert describe_error(ValueError("\x1b[96mstep 2\x1b[0m of 3")) == "ValueError: step 2 of 3"
    assert describe_error(ValueError("x" * 500), limit=20) == "ValueError: xxxxx..."
    assert len(describe_error(ValueError("x" * 500))) == 160
    assert describe_error(ValueError("x" * 8), limit=20) == "ValueError: xxxxxxxx"


def test_near_words_are_suggested() -> None:
    assert near("top_kk", ["top_k", "seed"]) == "; did you mean 'top_k'?"
    assert near("cta", ["cat", "act"], at_most=1) in ("; did you mean 'cat'?", "; did you mean 'act'?")
    assert near("zebra", ["top_k", "seed"]) == ""


def test_a_message_has_an_end() -> None:
    text = str(ConfigError("x" * 10**6 + "\x1b"))
    assert text == "x" * 1997 + "..."
    assert str(ConfigError("\x1b" * 500)) == r"\x1b" * 500
    assert len(str(ConfigError("\x1b" * 501))) == 2000
