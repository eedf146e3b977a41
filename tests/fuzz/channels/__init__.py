"""What hostile inputs come through: one module per channel, each with ``attack``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.fuzz.channels import archives, bundles, cache, cards, configuration, names, pictures, weights
from tests.fuzz.sites import Sites
from tests.fuzz.watch import Watch

Attack = Callable[[Random, Path, Sites], Watch]
"""Draws an input, puts it into a site below the folder, drives it through the package and checks what it did."""


def seeded(*parts: object) -> Random:
    """Return a generator of the inputs that these parts stand for."""
    return Random(" ".join(map(str, parts)))  # noqa: S311 - reproducible, not secret


CHANNELS: dict[str, Attack] = {
    "names": names.attack,
    "pictures": pictures.attack,
    "weights": weights.attack,
    "archives": archives.attack,
    "cards": cards.attack,
    "bundles": bundles.attack,
    "cache": cache.attack,
    "configuration": configuration.attack,
}
