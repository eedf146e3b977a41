"""Find and read files that somebody else named: paths that cannot be, files that never end, bytes that are no text."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from mkdocs_lurk.errors import LurkError, describe_os_error


def expanded(text: str) -> Path:
    """Return a declared path, ``~`` replaced by the home folder; one of somebody who does not exist stays as it is."""
    return Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises for an unknown user


def is_there(path: Path) -> bool:
    """Return whether something lies at a path; False for a path that no system call takes."""
    return _mode(path) is not None


def is_regular(path: Path) -> bool:
    """Return whether a path leads to a regular file: no folder, and no device or pipe, which may never end."""
    mode = _mode(path)
    return mode is not None and stat.S_ISREG(mode)


def is_folder(path: Path) -> bool:
    """Return whether a path leads to a folder."""
    mode = _mode(path)
    return mode is not None and stat.S_ISDIR(mode)


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):  # missing, no permission, a name too long, or one that no file can have
        return None


def first_bytes(path: Path, most: int) -> bytes:
    """Read a regular file, up to ``most`` bytes, without waiting for any of them.

    Raises:
        OSError: The file cannot be read, is irregular, or has no bytes yet (some in ``/proc``).
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "no regular file", str(path))
        parts: list[bytes] = []
        while most > 0 and (part := os.read(handle, min(most, 2**20))):
            parts.append(part)
            most -= len(part)
        return b"".join(parts)
    finally:
        os.close(handle)


def read_text_file(path: Path, most_bytes: int, error: type[LurkError], subject: str) -> str:
    r"""Read a text file that an author declared; its lines end in ``\n``, whatever system it comes from.

    Args:
        path: The file.
        most_bytes: How large it may be.
        error: The kind of error to raise.
        subject: The beginning of every message.
    """
    try:
        data = first_bytes(path, most_bytes + 1)
    except OSError as reason:
        why = describe_os_error(reason)
        raise error(f"{subject}: {path.name} cannot be read ({why}); give a regular file that may be read") from reason
    if len(data) > most_bytes:
        raise error(f"{subject}: {path.name} has more than {most_bytes:,} bytes; make it shorter")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as reason:
        raise error(f"{subject}: {path.name} is no UTF-8 from byte {reason.start:,} on; save it as UTF-8") from reason
    return text.replace("\r\n", "\n").replace("\r", "\n")
