"""The option ``live``: what it takes, and that it is refused where the author is not to be known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.config.live import LIVE, LiveConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.errors import ConfigError


def read(tmp_path: Path, **model: Any) -> LiveConfig | None:
    (tmp_path / "photos").mkdir(exist_ok=True)
    declared = {"name": "tiny", "source": "torchvision:resnet18", "images": "photos"}
    return from_mapping({"models": [declared | model]}, tmp_path).models[0].live


def test_it_is_off_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    assert read(tmp_path, live=False) is None
    assert read(tmp_path, live=True) == LIVE
    assert read(tmp_path, live={"limit_mb": 8, "precision": "int8"}) == LiveConfig(8, LIVE.limit_gmacs, "int8")


@pytest.mark.parametrize(
    ("live", "message"),
    [
        ("yes", r"live: 'yes' is not known; give true, false or \{limit_mb, limit_gmacs, precision\}"),
        ({"limit_mb": 0}, "live.limit_mb: 0 is too small"),
        ({"limit_mb": 1000}, "live.limit_mb: 1000 is too large"),
        ({"precision": "float8"}, "live.precision: 'float8' is not known"),
        ({"size": 3}, "live: unknown key 'size'"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, live: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(tmp_path, live=live)


def test_it_is_refused_where_the_author_is_not_to_be_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="live: it publishes the weights, which tell whose network this is"):
        read(tmp_path, live=True, anonymous=True)
    assert read(tmp_path, live=False, anonymous=True) is None
