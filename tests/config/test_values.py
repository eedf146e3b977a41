"""Whatever YAML says, the options are checked in bounded time and answered in one line."""

from __future__ import annotations

import datetime as dt
import math
import time
from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.config.validation import quoted
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.limits import MOST_NESTING, MOST_TEXT, MOST_VALUES
from tests.config.declarations import plugin_options, read_model


def bomb(levels: int = 12) -> Any:
    """Nine lists of nine lists and so on, which share their items as YAML's aliases do."""
    value: Any = "x"
    for _ in range(levels):
        value = [value] * 9
    return value


def ring() -> list[Any]:
    """A list that holds itself."""
    value: list[Any] = []
    value.append(value)
    return value


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def refusal(site: Path, options: dict[str, Any]) -> str:
    """Return the message for options; nothing if they are taken."""
    try:
        from_mapping(options, site)
    except ConfigError as error:
        return str(error)
    return ""


def assert_taken_or_refused(site: Path, options: dict[str, Any], name: str) -> None:
    """Assert that options are taken, or refused in one short line, in bounded time."""
    began = time.perf_counter()
    message = refusal(site, options)
    assert message == "" or message.startswith("plugins.lurk"), name
    assert message.isprintable(), name
    assert len(message) < 800, name
    assert time.perf_counter() - began < 5, name


KEYS = (
    "name", "title", "source", "images", "arguments", "weights", "classes", "transform", "layers", "filters", "top_k",
    "gradient", "synthesis", "card", "seed", "max_pixels", "ignore", "trust", "unknown",
)  # fmt: skip
HOSTILE: dict[str, Any] = {
    "a ring": ring(),
    "a deep value": nested(5000),
    "a set": {"a", "b"},
    "bytes": b"abc",
    "an object": print,
    "a long text": "a" * 10**6,
    "half a character": "a\ud800",
    "not a number": math.nan,
    "infinity": math.inf,
    "a large number": 10**5000,
    "a date": dt.date(2020, 1, 2),
    "a time": dt.datetime(2020, 1, 2, tzinfo=dt.UTC),
    "control characters": "a\x1b[31m\u202eb",
    "a mapping by numbers": {1: 2},
    "a mapping by nothing": {None: 2},
    "a path too long": "a" * 3000 + ".pt",
    "a path that cannot be": "a\0.pt",
    "the home of nobody": "~nobody-here/a.pt",
}


@pytest.mark.parametrize("key", KEYS)
def test_any_value_of_any_key_is_taken_or_refused_in_one_line(site: Path, key: str) -> None:
    for name, value in HOSTILE.items():
        assert_taken_or_refused(site, plugin_options(**{key: value}), name)


@pytest.mark.parametrize("key", ["cache_dir", "missing", "device", "precision", "nav", "defaults", "models", "unknown"])
def test_so_is_any_value_of_the_plugin(site: Path, key: str) -> None:
    for name, value in HOSTILE.items():
        assert_taken_or_refused(site, plugin_options() | {key: value}, name)


@pytest.mark.parametrize("value", [bomb(), list(range(10**6))], ids=["a bomb", "a long list"])
def test_so_are_too_many_values_which_are_counted_before_any_key_is_read(site: Path, value: object) -> None:
    for key in ("name", "arguments", "unknown"):
        assert_taken_or_refused(site, plugin_options(**{key: value}), key)
    assert_taken_or_refused(site, plugin_options() | {"defaults": value}, "defaults")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            bomb(),
            r"plugins\.lurk: there are more than 100,000 values, each counted as often as an alias repeats",
        ),
        ([1] * (MOST_VALUES + 1), r"plugins\.lurk: there are more than 100,000 values"),
        (ring(), r"arguments\.a(\[0\])+: lists and mappings are more than 32 deep, or hold themselves; flatten them$"),
        (nested(MOST_NESTING), r"(\.a)+: lists and mappings are more than 32 deep"),
        ({"b"}, r"arguments\.a: {'b'} is a set; give text, numbers, lists or mappings$"),
        (b"b", r"arguments\.a: b'b' is a bytes; "),
        ("b" * (MOST_TEXT + 1), r"arguments\.a: a text of 10,001 characters; give at most 10,000$"),
        ("b\udfff", r"arguments\.a: 'b\\udfff' holds half a character"),
    ],
)
def test_the_message_says_what_is_wrong(site: Path, value: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_model(site, source="nets/small.py:net", arguments={"a": value})


def test_what_is_plain_is_kept(site: Path) -> None:
    arguments = {
        "text": "b" * MOST_TEXT,
        "deep": nested(MOST_NESTING - 4),
        "many": [1] * 99_000,
        "day": dt.date(2020, 1, 2),
        "other": [None, True, math.inf, -(10**299), "é 猫"],
    }
    assert read_model(site, source="nets/small.py:net", arguments=arguments).arguments == arguments


def test_a_value_is_quoted_in_part() -> None:
    assert quoted("a'b\n") == '"a\'b\\n"'
    assert quoted(bomb()).startswith("[[[[...], [...]")
    assert quoted(ring()) == "[[[[...]]]]"
    assert quoted(10**5000) == "a whole number of hundreds of digits"
    assert len(quoted("a" * 10**6)) == 60
