"""Environment variables that an author's code reads: which of them are compared, and what stands for their values."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

UNSET = "unset"
_OF_THE_MACHINE = re.compile(
    r"HOME|USER|USERNAME|USERPROFILE|LOGNAME|HOST(NAME)?|PWD|OLDPWD|(LD_LIBRARY_|PYTHON)?PATH|TMPDIR|TEMP|TMP|SHELL|TERM"
    r"|LANG|LC_\w+|DISPLAY|CI|COLUMNS|(LOCAL_|GROUP_)?RANK|(LOCAL_)?WORLD_SIZE|MASTER_(ADDR|PORT)|(SLURM|OMPI|GITHUB)_\w+"
    r"|(OMP|MKL|OPENBLAS|NUMEXPR)_NUM_THREADS|CUDA_VISIBLE_DEVICES|NVIDIA_\w+|XDG_\w+"
)
_SECRET = re.compile(r"TOKEN|SECRET|PASS(WORD|WD|PHRASE)?(_|$)|CREDENTIAL|AUTH(_|$)|API_?KEY|ACCESS_KEY|PRIVATE_KEY")
_before: dict[str, str | None] = {}


def is_compared(name: str) -> bool:
    """Return whether a variable may change results; not one that describes the machine, or that holds a secret."""
    upper = name.upper()
    return not _OF_THE_MACHINE.fullmatch(upper) and not _SECRET.search(upper)


def note_own_value(name: str) -> None:
    """Remember what a variable was before an author's code set it, which is its own doing and no input."""
    _before.setdefault(name, os.environ.get(name))


def variable_digest(name: str, root: Path) -> str:
    """Return the digest of a variable's value as this process found it, ``UNSET`` if it is not set.

    Of a path in ``root``, the part from there counts, so that a site may be copied.
    """
    value = _before[name] if name in _before else os.environ.get(name)
    if value is None:
        return UNSET
    path = Path(value)
    if path.is_absolute() and path.is_relative_to(root):
        value = f"./{path.relative_to(root).as_posix()}"
    return hashlib.sha256(f"{name}={value}".encode("utf-8", "surrogateescape")).hexdigest()
