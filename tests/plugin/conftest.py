from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest

from mkdocs_lurk.pages import declared_model
from mkdocs_lurk.pages.card_process import read_card

_read_once = functools.cache(read_card)


@pytest.fixture(scope="module", autouse=True)
def cards_read_once() -> Iterator[None]:
    """Read each card once: the process that does takes as long as the rest of a small site."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(declared_model, "read_card", _read_once)
        yield
