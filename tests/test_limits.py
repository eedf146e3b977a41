"""The documentation lists every limit with its value."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_lurk import limits

OPTIONS = Path(__file__).parents[1] / "docs" / "options.md"
LIMITS = {name: value for name, value in vars(limits).items() if name.isupper()}


@pytest.mark.parametrize("name", LIMITS)
def test_the_options_name_each_limit(name: str) -> None:
    section = OPTIONS.read_text("utf-8").partition("\n## Limits\n")[2].partition("\n## ")[0]
    words = section.replace("|", " ").replace(";", " ").replace(", ", " ").split()
    value = LIMITS[name]
    assert ("10^300" if value == 10**300 else f"{value:,}") in words


def test_each_limit_says_its_reason() -> None:
    text = Path(limits.__file__).read_text("utf-8")
    for name in LIMITS:
        assert text.partition(f"\n{name} = ")[2].partition("\n")[2].startswith('"""')
