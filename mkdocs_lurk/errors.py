"""The errors that mkdocs-lurk raises on purpose.

    LurkError
    ├── ConfigError   mkdocs.yml says something that cannot be followed
    ├── ModelError    the network cannot be made, loaded or run
    ├── LayerError    a layer cannot be found, named or analysed
    ├── ImageError    a picture or a set of pictures cannot be read
    ├── ShapeError    a tensor has not the shape that was promised
    └── StoreError    the cache cannot be read or written

A message is one line: what, which value, what to do. Only ``plugin/`` turns these into MkDocs' error and only
``cli.py`` into an exit code.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LurkError(Exception):
    """Base of every error whose message is meant for the author of the site."""


class ConfigError(LurkError):
    """The configuration names something unknown, missing or of the wrong kind."""


class ModelError(LurkError):
    """The network cannot be made, loaded or run."""


class LayerError(LurkError):
    """A layer cannot be found, named or analysed."""


class ImageError(LurkError):
    """A picture or a set of pictures cannot be read."""


class ShapeError(LurkError):
    """A tensor has not the shape that was promised."""


class StoreError(LurkError):
    """The cache cannot be read or written."""


def near(word: str, known: Iterable[str], at_most: int = 3) -> str:
    """Name the known words nearest to ``word``, as the end of a message.

    Returns:
        ``"; did you mean 'a' or 'b'?"``, or an empty string where nothing is near.
    """
    found = difflib.get_close_matches(word, list(known), n=at_most, cutoff=0.6)
    return "; did you mean " + " or ".join(repr(name) for name in found) + "?" if found else ""
