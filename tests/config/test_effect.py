"""What ``effect`` may be, and the line that says what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_lurk.config.effect import EffectConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.errors import ConfigError


def read(tmp_path: Path, effect: object) -> EffectConfig | None:
    (tmp_path / "photos").mkdir(exist_ok=True)
    model = {"name": "net", "source": "torchvision:squeezenet1_1", "images": "photos", "effect": effect}
    return from_mapping({"models": [model]}, tmp_path).models[0].effect


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (True, EffectConfig()),
        (None, EffectConfig()),
        (False, None),
        ({"estimate": False}, None),
        ({"steps": 8, "exact": 3}, EffectConfig(steps=8, exact=3)),
    ],
)
def test_forms(tmp_path: Path, declared: object, expected: EffectConfig | None) -> None:
    assert read(tmp_path, declared) == expected


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (3, "models[0].effect: 3 is not known; give true, false or {estimate, steps, exact}"),
        ({"step": 3}, "models[0].effect: unknown key 'step'; did you mean 'steps'?"),
        ({"steps": 300}, "models[0].effect.steps: 300 is too large; give the steps from the mean picture"),
        ({"exact": -1}, "models[0].effect.exact: -1 is too small; give how many filters of a layer"),
        ({"estimate": False, "exact": 3}, "models[0].effect.exact: it builds on the estimate; leave out"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_one_line(tmp_path: Path, declared: object, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, declared)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_circuits_need_the_effects_of_filters(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    model = {"name": "net", "source": "torchvision:squeezenet1_1", "images": "photos", "circuits": True}
    assert from_mapping({"models": [model]}, tmp_path).models[0].circuits
    for effect in (False, {"estimate": False}):
        with pytest.raises(ConfigError, match="circuits are found from the effects of filters"):
            from_mapping({"models": [model | {"effect": effect}]}, tmp_path)
