"""Show every line of the log as visible text, whatever names and paths are in it."""

from __future__ import annotations

import logging

from mkdocs_lurk.text import visible

LOGGERS = ("mkdocs.plugins.lurk", "mkdocs.plugins.lurk.images")
"""The package's loggers; a logger's filter sees what is logged by that logger, and not by those below it."""


class _VisibleLines(logging.Filter):
    """Writes out the characters that a terminal would obey, ends of lines too."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = visible(record.getMessage()), ()
        return True


def keep_lines_visible() -> None:
    """Filter what the package logs, in every process that imports it."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(known, _VisibleLines) for known in logger.filters):
            logger.addFilter(_VisibleLines())
