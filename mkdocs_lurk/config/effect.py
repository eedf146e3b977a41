"""What an author asks for of the effect of filters on the network's output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mkdocs_lurk.config.validation import Section, quoted
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.limits import MOST_ABLATED, MOST_LINE_STEPS


@dataclass(frozen=True, slots=True)
class EffectConfig:
    """How the effect of filters on the output is measured.

    Attributes:
        estimate: Whether every filter's contribution is estimated.
        steps: Steps of the line from the mean picture along which contributions are integrated; 0 for the gradient at
            the picture alone.
        exact: Filters of each layer for which the network is run without them.
    """

    estimate: bool = True
    steps: int = 0
    exact: int = 0


ESTIMATED = EffectConfig()
"""What is measured unless something else is asked for."""


def read_effect(section: Section) -> EffectConfig | None:
    """Read the key ``effect`` of a model's section; None if nothing is to be measured.

    Raises:
        ConfigError: It is neither true nor false nor a mapping, a value in it cannot be followed, or there are to be
            circuits without it.
    """
    value, path = section.get("effect", True)
    effect = _read_effect(section, value, path)
    if effect is None and section.switch("circuits", default=False):
        raise ConfigError(f"{path}: circuits are found from the effects of filters; leave out 'effect', or 'circuits'")
    return effect


def _read_effect(section: Section, value: object, path: str) -> EffectConfig | None:
    if value is False:
        return None
    if value is True or value is None:
        return ESTIMATED
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}: {quoted(value)} is not known; give true, false or {{estimate, steps, exact}}")
    inner = section.section("effect", ("estimate", "steps", "exact"))
    effect = EffectConfig(
        estimate=inner.switch("estimate", True),
        steps=inner.integer(
            "steps",
            0,
            0,
            f"the steps from the mean picture to each one, 0 to {MOST_LINE_STEPS}",
            MOST_LINE_STEPS,
        ),
        exact=inner.integer(
            "exact", 0, 0, f"how many filters of a layer to run the network without, 0 to {MOST_ABLATED}", MOST_ABLATED
        ),
    )
    if not effect.estimate and (effect.steps or effect.exact):
        key = "steps" if effect.steps else "exact"
        raise ConfigError(f"{path}.{key}: it builds on the estimate; leave out 'estimate: false', or {key!r}")
    return effect if effect.estimate else None
