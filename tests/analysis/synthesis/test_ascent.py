from __future__ import annotations

import pytest

from mkdocs_lurk.analysis.synthesis.ascent import draw_transforms
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings


def test_transforms_depend_on_the_seed_alone_and_the_last_does_not_zoom() -> None:
    settings = AscentSettings(steps=20, zoom=0.05, zoomed_share=1.0, jitter=0.1)
    assert draw_transforms(settings, 1) == draw_transforms(settings, 1)
    assert draw_transforms(settings, 1) != draw_transforms(settings, 2)
    factors = [transform.zoom for transform in draw_transforms(settings, 1)]
    assert factors[-1] == 1.0
    assert all(1 / 1.05 <= factor <= 1.05 for factor in factors)
    assert len(set(factors)) == 20


def test_shifts_stay_within_the_jitter() -> None:
    transforms = draw_transforms(AscentSettings(steps=200, jitter=0.1), 0)
    shifts = [max(abs(transform.down), abs(transform.right)) for transform in transforms]
    assert 0.09 < max(shifts) <= 0.1


def test_a_share_of_the_steps_is_zoomed() -> None:
    factors = [one.zoom for one in draw_transforms(AscentSettings(steps=400, zoomed_share=0.4), 0)]
    assert sum(factor != 1 for factor in factors) == pytest.approx(160, abs=30)


@pytest.mark.parametrize(("steps", "crossing"), [(24, [12, 14, 16, 18, 20, 22]), (13, [7, 9, 11]), (11, [])])
def test_every_second_of_the_last_steps_has_the_borders_of_a_repeated_picture_inside(
    steps: int, crossing: list[int]
) -> None:
    transforms = draw_transforms(AscentSettings(steps=steps, half_size=True, jitter=0.1), 0)
    assert [step for step, one in enumerate(transforms) if one.down > 0.3 and one.right > 0.3] == crossing
    assert all(one.down <= 0.1 for one in draw_transforms(AscentSettings(steps=steps, jitter=0.1), 0))
