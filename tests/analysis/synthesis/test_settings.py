from __future__ import annotations

from itertools import pairwise

import pytest

from mkdocs_lurk.analysis.synthesis.settings import AscentSettings, Quality, steps_within
from mkdocs_lurk.config.options import QUALITIES


def test_settings_name_all_that_changes_bytes() -> None:
    default = AscentSettings()
    assert AscentSettings(steps=default.steps + 1).as_dict() != default.as_dict()
    assert set(default.as_dict()) >= {"steps", "target", "first_rate", "relu_leak", "pool_leak", "jitter", "version"}


@pytest.mark.parametrize("steps", [1, 2, 30])
def test_learning_rate_falls_from_the_first_step_to_the_last(steps: int) -> None:
    rates = AscentSettings(steps=steps, first_rate=0.4, last_rate=0.1).learning_rates
    assert len(rates) == steps
    assert rates[0] == pytest.approx(0.4)
    assert rates[-1] == pytest.approx(0.1 if steps > 1 else 0.4)
    assert all(before > after for before, after in pairwise(rates))


@pytest.mark.parametrize("quality", QUALITIES)
def test_layers_near_the_picture_get_more_steps(quality: Quality) -> None:
    steps = [steps_within(quality, share / 20) for share in range(21)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] > steps[-1] >= 2


@pytest.mark.parametrize("share", [0.0, 0.1, 0.7, 1.0])
def test_a_higher_quality_takes_more_steps(share: float) -> None:
    quick, default, best = (steps_within(quality, share) for quality in QUALITIES)
    assert 2 <= quick < default < best
