"""What is logged obeys no terminal: unseen characters of names and reasons are written out."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

import mkdocs_lurk
from mkdocs_lurk.log import LOGGERS

PACKAGE = Path(mkdocs_lurk.__file__).parent


@pytest.mark.parametrize("name", LOGGERS)
def test_unseen_characters_are_written_out(name: str, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger(name).warning("picture %s: %s", "a\x1b[31m\udcff.png", ValueError("x\u202ey"))
    assert caplog.messages == [r"picture a\x1b[31m\xff.png: x\u202ey"]


def test_every_logger_of_the_package_is_listed() -> None:
    used = {
        name
        for path in PACKAGE.rglob("*.py")
        for name in re.findall(r'getLogger\("([^"]+)"\)', path.read_text("utf-8"))
    }
    assert used == set(LOGGERS)
