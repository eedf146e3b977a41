"""Say of which model a refusal and a line of the log are about: code that meets a problem often does not know."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import LurkError

_LOGS = ("mkdocs.plugins.lurk", "mkdocs.plugins.lurk.images")
_OF_A_KEY = re.compile(r"(images|layers|transform|arguments|weights|classes)[.:\[]")
"""How a message begins that is about a key of the model, without saying of which."""


@contextmanager
def naming(model: ModelConfig) -> Iterator[None]:
    """Let every refusal and every line of the log begin with its place, while a model is loaded and analysed.

    What is about a key begins with the whole key, ``plugins.lurk.models[0].layers.include: ...``; anything else that
    names neither the place nor the model begins with the model.
    """
    loggers, names = [logging.getLogger(name) for name in _LOGS], _NamesModel(model)
    for logger in loggers:
        logger.addFilter(names)
    try:
        yield
    except LurkError as error:
        error.restate(named(str(error), model))
        raise
    finally:
        for logger in loggers:
            logger.removeFilter(names)


def named(message: str, model: ModelConfig) -> str:
    """Return a message that begins with the model's key or names the model."""
    if _OF_A_KEY.match(message):
        return f"{model.place}.{message}"
    return message if _names(message, model) else f"model {model.name!r}: {message}"


def _names(message: str, model: ModelConfig) -> bool:
    """Return whether a message says which model it is about, or is about none in particular."""
    begins = ("plugins.lurk", f"{model.name} ", f"{model.name}:", f"{model.title}:", f"analysing {model.name}")
    return message.startswith(begins) or f"model {model.name!r}" in message or model.place in message


class _NamesModel(logging.Filter):
    """Puts a model's name before the lines of the log that lack it.

    Args:
        model: The model.
    """

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        self._model = model

    def filter(self, record: logging.LogRecord) -> bool:
        """Change a record's message; none is left out."""
        message = record.getMessage()
        if not _names(message, self._model) and "model " not in message:
            record.msg, record.args = "%s: %s", (self._model.name, message)
        return True
