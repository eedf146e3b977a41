"""What the package logs reaches a terminal as it reads: characters that a terminal would obey are written out."""

from __future__ import annotations

import logging

from mkdocs_lurk.text import visible

LOGGERS = ("mkdocs.plugins.lurk", "mkdocs.plugins.lurk.images")
"""Every logger of the package: a logger's filter sees no records of those below it."""


def show_unseen() -> None:
    """Write out unseen characters of names, paths and reasons in everything that is logged from now on."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_show)


def _show(record: logging.LogRecord) -> bool:
    """Replace a record's message by what it shows."""
    record.msg, record.args = visible(record.getMessage()), None
    return True
