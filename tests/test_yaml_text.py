"""YAML of other people is read in bounded time, or refused with a reason of one line."""

from __future__ import annotations

import pytest

from mkdocs_lurk.limits import MOST_YAML_NESTING
from mkdocs_lurk.yaml_text import YamlTextError, read_yaml

LEVELS = "\n".join(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 12))
BOMB = f"a0: &a0 [x, x, x, x, x, x, x, x, x]\n{LEVELS}\n"
REFUSED = {
    "aliases that grow": (BOMB, "write it out"),
    "a list that holds itself": ("a: &a [*a]", "write it out"),
    "a mapping that holds itself": ("&a {b: *a}", "write it out"),
    "an open list in an open list": ("a: " + "[" * 20_000, "deep"),
    "an open mapping in an open mapping": ("{a: " * 20_000, "deep"),
    "lists of lists": ("- " * 20_000 + "a", "deep"),
    "a number of many digits": ("a: " + "9" * 5000, "cannot be"),
    "a number in base 60": ("a: 1" + ":59" * 3000, None),
    "a day that is none": ("a: 2020-02-31", "cannot be"),
    "no number": ("a: !!int x", "cannot be"),
    "no date": ("a: !!timestamp x", "cannot be"),
    "an object": ("a: !!python/name:os.system", "could not determine a constructor"),
    "a list as a key": ("? [a]\n: b", "unhashable"),
    "a control character": ("a: \x1b[31m", "special characters"),
    "no end": ("a: '", "unexpected end of stream"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_why(name: str) -> None:
    text, reason = REFUSED[name]
    if reason is None:  # a number that is right, however large
        assert read_yaml(text)
        return
    with pytest.raises(YamlTextError, match=reason) as caught:
        read_yaml(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_the_line_is_named() -> None:
    with pytest.raises(YamlTextError) as caught:
        read_yaml("a: 1\nb: &x 2\nc: *x\n")
    assert caught.value.line == 2


def test_usual_metadata_is_read() -> None:
    assert read_yaml("a: [1, 2.5, yes, null]\nb: {c: 'd'}\ne: &here 3\n") == {
        "a": [1, 2.5, True, None],
        "b": {"c": "d"},
        "e": 3,
    }
    assert read_yaml("") is None
    deep = "[" * MOST_YAML_NESTING + "]" * MOST_YAML_NESTING
    assert str(read_yaml(deep)) == deep
