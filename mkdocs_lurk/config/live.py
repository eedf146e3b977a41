"""What an author asks for of the network in the visitor's browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from mkdocs_lurk.config.validation import Section, quoted
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.limits import MOST_LIVE_GMACS, MOST_LIVE_MB

WeightFormat = Literal["float16", "int8", "float32"]
WEIGHT_FORMATS: tuple[WeightFormat, ...] = get_args(WeightFormat)


@dataclass(frozen=True, slots=True)
class LiveConfig:
    """How a network is published so that it runs in the visitor's browser.

    Attributes:
        limit_mb: Megabytes that a visitor loads of the network at most; a larger one is not published.
        limit_gmacs: Billions of multiply-adds of one forward pass at most.
        precision: The number format that the weights are published in; the browser computes in float32.
    """

    limit_mb: int = 16
    limit_gmacs: int = 5
    precision: WeightFormat = "float16"


LIVE = LiveConfig()
"""What ``live: true`` means."""


def read_live(section: Section) -> LiveConfig | None:
    """Read the key ``live`` of a model's section; None if the network stays unpublished.

    Raises:
        ConfigError: It is neither true nor false nor a mapping, a value in it cannot be followed, or the model is
            ``anonymous``: its weights would tell who made it.
    """
    value, path = section.get("live", False)
    if value is False or value is None:
        return None
    if value is not True and not isinstance(value, Mapping):
        raise ConfigError(
            f"{path}: {quoted(value)} is not known; give true, false or {{limit_mb, limit_gmacs, precision}}"
        )
    if section.switch("anonymous", default=False):
        raise ConfigError(
            f"{path}: it publishes the weights, which tell whose network this is; leave out 'live', or 'anonymous'"
        )
    if value is True:
        return LIVE
    inner = section.section("live", ("limit_mb", "limit_gmacs", "precision"))
    return LiveConfig(
        limit_mb=inner.integer(
            "limit_mb", LIVE.limit_mb, 1, f"megabytes that a visitor may load, 1 to {MOST_LIVE_MB}", MOST_LIVE_MB
        ),
        limit_gmacs=inner.integer(
            "limit_gmacs",
            LIVE.limit_gmacs,
            1,
            f"billions of multiply-adds of a forward pass, 1 to {MOST_LIVE_GMACS}",
            MOST_LIVE_GMACS,
        ),
        precision=inner.word("precision", LIVE.precision, WEIGHT_FORMATS),
    )
