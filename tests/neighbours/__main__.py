"""Run the matrix: ``python -m tests.neighbours PYTHON OTHER [WORD ...]``; without words, write the table of the docs.

PYTHON is that of an environment with all plugins, OTHER that of one with the other generators. With words, only cells
whose names hold one of them are built, and the table stays.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.neighbours.matrix import cells, matrix
from tests.neighbours.sites import Cell
from tests.neighbours.table import write


def main(arguments: Sequence[str]) -> int:
    """Build and check the cells; return 1 if something is wrong in one."""
    python, other, *words = arguments
    found: dict[Cell, list[str]] = {}
    chosen = [cell for cell in cells() if not words or any(word in cell.name for word in words)]
    with matrix(Path(python).absolute(), Path(other).absolute()) as made:
        for cell in chosen:
            if cell.reason:
                continue
            start = time.monotonic()
            found[cell] = made.check(cell)
            made.remove(cell)
            sys.stdout.write(f"{cell.name} ({time.monotonic() - start:.0f} s): {'; '.join(found[cell]) or 'works'}\n")
            sys.stdout.flush()
    if not words:
        write(found)
    wrong = sum(1 for problems in found.values() if problems)
    sys.stdout.write(f"{len(found)} sites, {wrong} with problems\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
