"""No name in the log steers a terminal, whichever module logs it."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

import mkdocs_lurk
from mkdocs_lurk.logs import LOGGERS


@pytest.mark.parametrize("name", LOGGERS)
def test_a_name_with_control_characters_is_written_out(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        logging.getLogger(name).info("%s is new, %.0f %%", "\x1b[2J\nb\u202e", 3.2)
    assert caplog.messages == [r"\x1b[2J\x0ab\u202e is new, 3 %"]


def test_every_logger_of_the_package_is_among_them() -> None:
    sources = [path.read_text("utf-8") for path in Path(mkdocs_lurk.__file__).parent.rglob("*.py")]
    named = {name for source in sources for name in re.findall(r'getLogger\("(mkdocs[\w.]*)"\)', source)}
    assert named == set(LOGGERS)
