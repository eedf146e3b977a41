"""Text from outside, as a reader sees it: characters that cannot be seen, or that steer a terminal, are written out."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters: a terminal obeys them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks of direction: what follows is shown in another order
    "\u2028\u2029\ufeff\U000e0000-\U000e007f"  # ends of lines that are none everywhere, and invisible tags
    "\ud800-\udfff]"  # bytes of a file name that are no UTF-8, as Python has them, and halves of characters
)


_NO_CHARACTERS = re.compile("[\ud800-\udfff]")


def as_text(name: str) -> str:
    r"""Return a name as characters alone, for records and files of UTF-8: a byte that is no UTF-8 becomes ``\xff``."""
    return _NO_CHARACTERS.sub(_written_out, name)


def as_label(name: str) -> str:
    """Return the name of a class as text in Unicode's form NFC, in which an accent is written in one way only."""
    return unicodedata.normalize("NFC", as_text(name))


def visible(text: str) -> str:
    r"""Return text with its unseen characters written out: ``\x1b``, ``\u202e``; bytes that are no UTF-8: ``\xff``."""
    return _UNSEEN.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # Python's surrogateescape: the byte 0x80 to 0xff
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def one_line(text: str) -> str:
    """Return text as one visible line, each run of white space as one blank."""
    return visible(" ".join(text.split()))


def told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Return names with their number behind each that occurs twice: ``crane (134)``, ``crane (517)``."""
    uses = Counter(names)
    return tuple(name if uses[name] == 1 else f"{name} ({number})" for number, name in enumerate(names))


def published_reference(text: str) -> str:
    """Return a reference or a path as pages show it: of an absolute one, which names folders, the last part alone."""
    return Path(text).name if text.startswith("~") or Path(text).is_absolute() else text
