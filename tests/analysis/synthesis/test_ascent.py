from __future__ import annotations

from mkdocs_lurk.analysis.synthesis.ascent import draw_transforms
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings


def test_transforms_depend_on_the_seed_alone_and_the_last_does_not_zoom() -> None:
    settings = AscentSettings(steps=20, zoom=0.05, jitter=0.1)
    assert draw_transforms(settings, 10, 1) == draw_transforms(settings, 10, 1)
    assert draw_transforms(settings, 10, 1) != draw_transforms(settings, 10, 2)
    factors = [transform.zoom for transform in draw_transforms(settings, 10, 1)]
    assert factors[-1] == 1.0
    assert all(1 / 1.05 <= factor <= 1.05 for factor in factors)
    assert len(set(factors)) == 20


def test_shifts_of_the_small_canvas_can_be_of_any_size() -> None:
    transforms = draw_transforms(AscentSettings(steps=400, jitter=0.1), 200, 0)
    shifts = [max(abs(transform.down), abs(transform.right)) for transform in transforms]
    assert 0.45 < max(shifts[:200]) <= 0.5
    assert 0.09 < max(shifts[200:]) <= 0.1
