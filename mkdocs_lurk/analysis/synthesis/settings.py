"""The settings of gradient ascent, and the learning rates that follow from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from mkdocs_lurk.config.options import Quality, Target

_FORWARDS: Mapping[Quality, int] = {"quick": 8, "default": 45, "best": 90}
"""What a picture may cost, in plain forward passes of the whole network."""
_MOST_STEPS: Mapping[Quality, int] = {"quick": 32, "default": 64, "best": 128}
"""Of layers near the picture, where each costs little."""
_LEAST_STEPS = 2
_STEP_FORWARDS, _STEP_FORWARDS_OF_WHOLE = 0.75, 0.95
"""What a step costs whatever the layer, and what more it costs if the layer is the network's last one."""
_FINISHING_FORWARDS, _FINISHING_FORWARDS_OF_WHOLE = 1.0, 4.0
"""The same of what follows the last step: contrasts are tried, and robustness is measured."""


def repeats_half_size(quality: Quality) -> bool:
    """Return whether pictures are made at half the network's input size, and repeated to fill it."""
    return quality == "quick"


def steps_within(quality: Quality, share: float) -> int:
    """Return how many steps of gradient ascent a quality allows.

    Args:
        quality: How much computation a picture may take.
        share: The multiply-adds of the network up to the layer, as a share of all, 0..1.
    """
    left = _FORWARDS[quality] - _FINISHING_FORWARDS - _FINISHING_FORWARDS_OF_WHOLE * share
    step = (_STEP_FORWARDS + _STEP_FORWARDS_OF_WHOLE * share) * (0.25 if repeats_half_size(quality) else 1.0)
    steps = round(left / step)
    return max(_LEAST_STEPS, min(_MOST_STEPS[quality], steps))


@dataclass(frozen=True)
class AscentSettings:
    """How synthetic pictures are made; every value here changes their bytes.

    Attributes:
        steps: The number of gradient steps.
        target: What is maximised.
        first_rate: The learning rate of the first step, in multiples of the coefficients' unit.
        last_rate: That of the last step; it falls geometrically in between.
        momentum: The decay of the gradient's running mean (Adam's ``beta1``). High values blur a short ascent.
        relative_epsilon: Adam's epsilon, as a multiple of the average gradient. With 1, coefficients whose gradient is
            below the average are held back.
        initial_contrast: The contrast of the initial noise, in the same unit.
        jitter: The largest shift before a step, as a share of the picture's sides.
        zoom: The largest enlargement or reduction before a step; 0.1 is 10 %.
        zoomed_share: The share of the steps that have one; the last step has none. Every zoom blurs the picture a
            little, which costs steps, and makes the score depend less on one size.
        relu_leak: The share of the gradient that passes an inactive ReLU: see `leaky_backward`.
        pool_leak: The share of the gradient that a max-pooling spreads over its window.
        leaky_share: The share of the steps, from the first, whose gradients leak. The last ones are exact: in a network
            whose filters respond weakly, leaks alone may raise the score above any response to a photo.
        half_size: Whether the picture is made at half the network's input size, where the network takes that, and
            repeated to fill it. A step then costs a quarter.
        seam_share: Of such a picture, the share of the steps, the last ones, of which every second is taken with the
            picture's borders in the middle: else they stand in the repeated picture as a cross. Fewer than
            ``least_seam_steps`` steps are all needed to climb.
        contrasts: Multiples of the finished picture's contrast of which the one with the highest score is kept.
        kept_share_of_bound: For layers that are linear in the picture: the share of the highest possible score from
            which the picture of the ascent, being more robust, is preferred to the picture with that score.
        version: The version of the procedure itself.
    """

    steps: int = 64
    target: Target = "mean"
    first_rate: float = 0.3
    last_rate: float = 0.2
    momentum: float = 0.3
    relative_epsilon: float = 0.2
    initial_contrast: float = 0.1
    jitter: float = 0.036
    zoom: float = 0.05
    zoomed_share: float = 0.4
    relu_leak: float = 0.1
    pool_leak: float = 0.3
    leaky_share: float = 0.5
    half_size: bool = False
    seam_share: float = 0.5
    least_seam_steps: int = 12
    contrasts: tuple[float, ...] = (1.0, 1.5, 2.0, 3.0, 5.0)
    kept_share_of_bound: float = 0.25
    version: int = 6

    def as_dict(self) -> dict[str, object]:
        """Return every setting by name, for the key of a stored result."""
        return asdict(self)

    @property
    def learning_rates(self) -> list[float]:
        """The learning rate of every step."""
        fall = self.last_rate / self.first_rate
        return [self.first_rate * fall ** (step / max(1, self.steps - 1)) for step in range(self.steps)]
