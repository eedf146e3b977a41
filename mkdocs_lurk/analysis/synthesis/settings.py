"""The settings of gradient ascent, and the learning rates that follow from them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

_REFERENCE_STEPS = 64
"""With fewer steps than this the learning rate is raised in proportion."""

_HIGHEST_FACTOR = 3.0
"""The most that it is raised by."""


@dataclass(frozen=True)
class AscentSettings:
    """How synthetic pictures are made; every value here changes their bytes.

    Most steps are taken on a small canvas, the last ones at full size; where a layer has no small canvas, all steps are
    taken at full size.

    Attributes:
        steps: The number of gradient steps.
        learning_rate: The learning rate of the first steps, in standard deviations of a natural picture's coefficient.
            It is raised when there are fewer than 64 steps, so that they cover the same distance.
        momentum: The decay of the gradient's running mean (Adam's ``beta1``). High values blur a short ascent.
        decay_share: The final share of the steps over which the learning rate falls to a tenth; only without a small
            canvas.
        relative_epsilon: Adam's epsilon, as a multiple of the average gradient. With 0 every coefficient takes an
            equally long step, which roughens pictures whose score depends on colour; with 1 coefficients whose gradient
            is below the average are held back.
        mean_colour_step: The step of the mean colour, as a multiple of the lowest frequency's.
        initial_contrast: The contrast of the initial noise; natural pictures have 1.
        jitter: The largest shift before a step at full size, as a share of the picture's sides. On the small canvas a
            shift can be of any size: there, a region that always stays near the border would learn border artefacts.
        zoom: The largest enlargement or reduction before a step; 0.1 is 10 %. The last step has none.
        small_units: The side of the small canvas, in units of the layer.
        small_least_px: The shortest side that the small canvas may have.
        small_share: The share of the steps that are taken on the small canvas.
        least_full_steps: The fewest steps at full size, if there are that many.
        small_rate_factors: Factors of the learning rate at the first and at the last step on the small canvas.
        full_rate_factors: The same for the steps at full size that follow, which repair what tiling the small canvas
            spoils.
        kept_share_of_bound: For layers that are linear in the picture: the share of the highest possible score from
            which the picture of the ascent, being more robust, is preferred to the picture with that score.
        version: The version of the procedure itself.
    """

    steps: int = 64
    learning_rate: float = 0.12
    momentum: float = 0.3
    decay_share: float = 0.3
    relative_epsilon: float = 0.2
    mean_colour_step: float = 4.0
    initial_contrast: float = 0.1
    jitter: float = 0.08
    zoom: float = 0.1
    small_units: int = 6
    small_least_px: int = 64
    small_share: float = 0.9375
    least_full_steps: int = 2
    small_rate_factors: tuple[float, float] = (1.5, 0.75)
    full_rate_factors: tuple[float, float] = (3.0, 1.5)
    kept_share_of_bound: float = 0.25
    version: int = 4

    def as_dict(self) -> dict[str, object]:
        """Return every setting by name, for the key of a stored result."""
        return asdict(self)

    @property
    def small_steps(self) -> int:
        """The number of steps on the small canvas, for a layer that has one."""
        return max(0, min(round(self.steps * self.small_share), self.steps - self.least_full_steps))

    def learning_rates(self, small_steps: int) -> list[float]:
        """Return the learning rate of every step, the first ``small_steps`` of which use the small canvas."""
        raised = min(_HIGHEST_FACTOR, max(1.0, _REFERENCE_STEPS / self.steps))
        if not small_steps:
            return [self.learning_rate * raised * factor for factor in _final_decay(self.steps, self.decay_share)]
        small = [raised * factor for factor in _evenly_spaced(*self.small_rate_factors, small_steps)]
        full = _evenly_spaced(*self.full_rate_factors, self.steps - small_steps)
        return [self.learning_rate * factor for factor in small + full]


def _final_decay(steps: int, share: float) -> list[float]:
    """Return one factor per step; they fall from 1 to a tenth over the final ``share`` of the steps."""
    return [min(1.0, 0.1 + 0.9 * (steps - step) / max(1.0, share * steps)) for step in range(steps)]


def _evenly_spaced(first: float, last: float, count: int) -> list[float]:
    """Return ``count`` evenly spaced numbers from ``first`` to ``last``."""
    return [first + (last - first) * index / max(1, count - 1) for index in range(count)]
