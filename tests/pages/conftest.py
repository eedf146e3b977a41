from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.pages.site import Site, build_site
from mkdocs_lurk.store import Store
from tests.pages.fake import ENLARGED, FakeStatus, fake_config, fake_model

FRAME = "(window.lurkData||={})["
CARD = """---
license: mit
tags: [small, seeded]
model-index:
  - results:
      - dataset: {name: Noise}
        metrics: [{type: accuracy, value: 0.5}]
---
# A title that the page has already

It is small: `{{ braces }}` stay.
"""


@dataclass(frozen=True)
class Built:
    """A site that was built, and what it was built from."""

    root: Path
    store: Store
    models: list[FakeStatus]
    site: Site

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    def text(self, uri: str) -> str:
        return self.site.path(uri).read_text("utf-8")

    def script(self, name: str) -> tuple[str, Any]:
        """Key and value of a data script of the analysed model."""
        key, _, value = self.text(f"models/small/{name}").partition("]=")
        assert key.startswith(FRAME)
        return json.loads(key.removeprefix(FRAME)), json.loads(value.removesuffix(";\n"))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """One analysed model with a card, and one without results."""
    root = tmp_path_factory.mktemp("built")
    store = Store(root / "cache")
    (root / "card.md").write_text(CARD)
    analysed = FakeStatus(fake_config(root, card="card.md"), fake_model(store, warnings=[ENLARGED]))
    waiting = FakeStatus(fake_config(root, "waiting", title="Not *yet*"), None, "it was not analysed yet")
    models = [analysed, waiting]
    return Built(root, store, models, build_site(models, store, root / "cache"))
