"""Every page and data file of the small model, letter by letter.

``LURK_GOLDEN=write`` writes them anew; look at the difference before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.pages.conftest import Built

GOLDEN = Path(__file__).parent.parent / "golden" / "pages"
TEXTS = [
    "models/index.md",
    "models/waiting/index.md",
    *(f"models/small/{name}" for name in ("index.md", "results.json", "model.js", "pictures.js", "quiz.js")),
    "models/small/evaluation/index.md",
    "models/small/cost/index.md",
    "models/small/trust/index.md",
    "models/small/classes/index.md",
    "models/small/pictures/index.md",
    "models/small/quiz/index.md",
    *(f"models/small/classes/{label}/index.md" for label in ("cat", "dog", "zebra")),
    *(f"models/small/features.0/{name}" for name in ("index.md", "results.json", "layer.js", "filters-0.js")),
    *(f"models/small/features.3/{name}" for name in ("index.md", "results.json", "layer.js", "filters-0.js")),
]


@pytest.mark.parametrize("uri", TEXTS)
def test_text_is_as_it_was(built: Built, uri: str) -> None:
    found = built.text(uri)
    path = GOLDEN / uri
    if os.environ.get("LURK_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found, "utf-8")
    assert found == path.read_text("utf-8")


def test_no_text_is_left_out(built: Built) -> None:
    assert sorted(TEXTS) == sorted(file.uri for file in built.site.files if not file.uri.endswith(".webp"))
