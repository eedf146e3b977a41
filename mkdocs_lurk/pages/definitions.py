"""What every figure on the pages means, in one sentence each.

``definitions.json`` is the only source: the front end imports the same file, ``docs/how.md`` lists its sentences, and
``tests/run/test_definitions.py`` computes by brute force what each sentence says and compares it with the records.
A sentence may hold ``{n}``, a number of pictures, and ``{class}``, the name of a class.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

_FILE = Path(__file__).with_name("definitions.json")
DEFINITIONS: Mapping[str, str] = json.loads(_FILE.read_text("utf-8"))
"""The sentence of each figure, by its key."""


def meaning(figure: str, n: int | None = None) -> str:
    """Return the sentence that defines a figure.

    Args:
        figure: A key of ``DEFINITIONS``.
        n: The number of pictures that the sentence is about, if it does.
    """
    sentence = DEFINITIONS[figure]
    return sentence if n is None else sentence.replace("{n}", f"{n:,}")
