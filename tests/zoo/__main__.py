"""Check networks of torchvision, print a table, and exit with 1 if one fails: ``python -m tests.zoo [NAME ...]``."""

from __future__ import annotations

import sys
import traceback
from fnmatch import fnmatchcase

from tests.zoo.rows import HEAD, Row, check, names

_WIDTHS = (24, 14, 7, 8, 11, 9)


def main(globs: list[str]) -> int:
    """Check every network whose name matches one of the globs, or all if there are none, and return the exit code."""
    chosen = [name for name in names() if not globs or any(fnmatchcase(name, glob) for glob in globs)]
    print(_line(HEAD), flush=True)
    failed = 0
    for name in chosen:
        try:
            row = check(name)
        except Exception:
            row = Row(name, problems=[traceback.format_exc(limit=-3)])
        print(_line(row.cells()) + ("" if not row.problems else "FAILED"), flush=True)
        for problem in row.problems:
            print("    " + problem, flush=True)
        failed += bool(row.problems)
    print(f"{len(chosen)} networks, {failed} failed")
    return 1 if failed or not chosen else 0


def _line(cells: tuple[str, ...]) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
