from __future__ import annotations

from itertools import pairwise

import pytest

from mkdocs_lurk.analysis.synthesis.settings import AscentSettings


def test_settings_name_all_that_changes_bytes() -> None:
    default = AscentSettings()
    assert AscentSettings(steps=default.steps + 1).as_dict() != default.as_dict()
    assert set(default.as_dict()) >= {"steps", "learning_rate", "jitter", "zoom", "version"}


def test_learning_rate_decays_at_the_end() -> None:
    rates = AscentSettings(steps=100, learning_rate=0.2, decay_share=0.3).learning_rates(0)
    assert rates[:70] == [0.2] * 70
    assert all(before > after for before, after in pairwise(rates[73:]))
    assert 0.02 <= rates[-1] < 0.03


@pytest.mark.parametrize(("steps", "first"), [(128, 0.1), (64, 0.1), (32, 0.2), (8, 0.3)])
def test_learning_rate_is_higher_for_fewer_steps(steps: int, first: float) -> None:
    assert AscentSettings(steps=steps, learning_rate=0.1).learning_rates(0)[0] == pytest.approx(first)


@pytest.mark.parametrize(("steps", "small_steps"), [(128, 120), (64, 60), (32, 30), (12, 10), (8, 6), (2, 0), (1, 0)])
def test_last_steps_are_taken_at_full_size(steps: int, small_steps: int) -> None:
    settings = AscentSettings(
        steps=steps, learning_rate=0.1, small_rate_factors=(1.5, 0.75), full_rate_factors=(3.0, 1.5)
    )
    assert settings.small_steps == small_steps
    rates = settings.learning_rates(small_steps)
    assert len(rates) == steps
    if small_steps:
        raised = min(3, max(1, 64 / steps))
        assert rates[0] == pytest.approx(0.15 * raised)
        assert rates[small_steps - 1] == pytest.approx(0.075 * raised)
        assert (rates[small_steps], rates[-1]) == (pytest.approx(0.3), pytest.approx(0.15))
