"""What the security page says of limits and policies is so."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_lurk.images.reading import FORMATS
from mkdocs_lurk.models.loading.checkpoints import MOST_SHARED
from mkdocs_lurk.records.results_check import MOST_PICTURE_PX
from mkdocs_lurk.store.blobs import MOST_JSON_BYTES, MOST_JSON_VALUES
from tests.browser.server import policy

TEXT = (Path(__file__).parents[1] / "docs" / "security.md").read_text("utf-8")


@pytest.mark.parametrize(
    "said",
    [
        f"{MOST_JSON_BYTES:,}",
        f"{MOST_JSON_VALUES:,}",
        f"{MOST_PICTURE_PX:,}",
        f"{MOST_SHARED} times the file's own",
        " ".join(policy(b"").split()),
        *[name.replace("JPEG2000", "JPEG 2000").replace("WEBP", "WebP") for name in FORMATS],
    ],
)
def test_the_page_says_what_holds(said: str) -> None:
    assert said.replace("'self' ;", "'self';") in TEXT
