"""The errors that mkdocs-lurk raises on purpose, and the wording of those that others raise.

    LurkError
    ├── ConfigError   mkdocs.yml says something that cannot be followed
    ├── ModelError    the network cannot be made, loaded or run
    ├── LayerError    a layer cannot be found, named or analysed
    │   └── ChannelsError the first layer takes another number of channels than pictures have
    ├── ImageError    a picture or a set of pictures cannot be read
    │   └── RangeError    its values have no usual range
    ├── DatasetError  an author's Dataset or transform breaks its contract: no picture of it can be trusted
    ├── ShapeError    a tensor does not have the expected shape
    └── StoreError    the cache cannot be read or written

A message is one line: what, which value, what to do. Only ``plugin/`` turns these into MkDocs' error and only
``cli.py`` into an exit code.
"""

from __future__ import annotations

import difflib
import itertools
import logging
import os
import re
import threading
from collections.abc import Iterable

from mkdocs_lurk.limits import LONGEST_COMPARED, MOST_COMPARED, MOST_MESSAGE
from mkdocs_lurk.text import visible

log = logging.getLogger("mkdocs.plugins.lurk")


class LurkError(Exception):
    """Base of every error whose message is meant for the author of the site.

    Args:
        message: One line; characters that a terminal would obey are written out, and a very long one is cut.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_shown(message))

    def restate(self, message: str) -> None:
        """Say the same in other words, such as with its place before it.

        Args:
            message: One line, treated as that of a new error.
        """
        self.args = (_shown(message),)


def _shown(message: str) -> str:
    shown = visible(message[: MOST_MESSAGE + 1])
    return shown if len(shown) <= MOST_MESSAGE else shown[: MOST_MESSAGE - 3] + "..."


class ConfigError(LurkError):
    """The configuration names something unknown, missing or of the wrong kind."""


class ModelError(LurkError):
    """The network cannot be made, loaded or run."""


class LayerError(LurkError):
    """A layer cannot be found, named or analysed."""


class ChannelsError(LayerError):
    """The first layer takes another number of channels than pictures have.

    Args:
        message: One line, without what to do: that depends on the transform.
        taken: How many it takes.
    """

    def __init__(self, message: str, taken: int) -> None:
        super().__init__(message)
        self.taken = taken


class ImageError(LurkError):
    """A picture or a set of pictures cannot be read.

    Args:
        reason: One line; of a picture, what follows its name.
        of: The picture's name; empty if the reason is about no single one, or if who catches it adds the name.
    """

    def __init__(self, reason: str, of: str = "") -> None:
        super().__init__(f"{of} {reason}" if of else reason)
        self.reason = _shown(reason)


class RangeError(ImageError):
    """A picture's values have no usual range: what is black and what is white is not known.

    Args:
        reason: One line, which follows the picture's name.
        of: The picture's name.
        low: The smallest value.
        high: The largest value.
    """

    def __init__(self, reason: str, of: str, low: float, high: float) -> None:
        super().__init__(reason, of)
        self.low, self.high = low, high


class DatasetError(LurkError):
    """An author's Dataset or transform breaks its contract, so that none of its pictures can be trusted."""


class ShapeError(LurkError):
    """A tensor does not have the expected shape."""


class StoreError(LurkError):
    """The cache cannot be read or written."""


def near(word: str, known: Iterable[str], at_most: int = 3) -> str:
    """Return the end of a message that suggests the known words nearest to ``word``.

    Only the first ``MOST_COMPARED`` names are compared, and none that is longer than ``LONGEST_COMPARED``.

    Returns:
        ``"; did you mean 'a' or 'b'?"``, or an empty string if nothing is near.
    """
    if len(word) > LONGEST_COMPARED:
        return ""
    short = [name for name in itertools.islice(known, MOST_COMPARED) if len(name) <= LONGEST_COMPARED]
    matches = difflib.get_close_matches(word, short, n=at_most, cutoff=0.6)
    return "; did you mean " + " or ".join(repr(match) for match in matches) + "?" if matches else ""


_TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def describe_error(reason: BaseException, limit: int = 160) -> str:
    """Return somebody else's exception as one line, for a message of ours.

    Args:
        reason: The exception.
        limit: The most characters to return.

    Returns:
        ``TypeName: message``, cut at ``limit``; ``TypeName`` alone if there is no message.
    """
    message = " ".join(_TERMINAL_COLOUR.sub("", str(reason)).split())
    text = f"{type(reason).__name__}: {message}" if message else type(reason).__name__
    return text if len(text) <= limit else text[: limit - 3].rstrip() + "..."


def name_error(reason: BaseException, otherwise: str = "") -> str:
    """Return what kind of error somebody else's exception is, in words of ours, for a page.

    Its own message may name folders of this machine, so that it goes to the log alone.

    Args:
        reason: The exception.
        otherwise: What to say of an exception that has no words here; by default the name of its type.
    """
    log.info("what failed: %s", describe_error(reason, 2000))
    if type(reason).__name__ == "UnidentifiedImageError":
        return "no picture that Pillow knows"
    if type(reason).__name__ == "DecompressionBombError":
        return "too large"
    if isinstance(reason, OSError) and _is_of_the_system(reason):
        return describe_os_error(reason)
    return otherwise or type(reason).__name__


def _is_of_the_system(error: OSError) -> bool:
    """Return whether an error has the system's own words, and not what somebody's code put in their place."""
    return isinstance(error.errno, int) and error.strerror == os.strerror(error.errno)


def describe_os_error(error: OSError) -> str:
    """Return the system's reason for an error in lower case, for the end of a message."""
    return (error.strerror or str(error)).lower()


def is_users_interrupt(reason: BaseException) -> bool:
    """Return whether an exception is the user's Ctrl-C, and none that the author's code raised.

    Python raises the user's in the main thread alone.
    """
    return isinstance(reason, KeyboardInterrupt) and threading.current_thread() is threading.main_thread()


def join_first(items: Iterable[str], at_most: int, separator: str = ", ") -> str:
    """Join the first items, and say how many more there are."""
    items = list(items)
    more = f" and {len(items) - at_most} more" if len(items) > at_most else ""
    return separator.join(items[:at_most]) + more
