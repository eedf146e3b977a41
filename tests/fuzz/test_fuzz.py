"""Generated hostile inputs over every channel: each is accepted, or refused in one line, and does nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz.channels import CHANNELS, names, seeded
from tests.fuzz.sites import Sites

SEED = 12
INPUTS = 24
"""Inputs per channel; ``make fuzz`` tries more, from other seeds."""


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Sites:
    return Sites(tmp_path_factory.mktemp("sites"))


@pytest.mark.filterwarnings("ignore")  # of what makes the inputs; Watch.run says what of the package counts
@pytest.mark.parametrize("number", range(INPUTS))
@pytest.mark.parametrize("channel", list(CHANNELS))
def test_a_hostile_input_does_no_harm(
    channel: str, number: int, sites: Sites, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    watch = CHANNELS[channel](seeded(SEED, channel, number), tmp_path / "site", sites)
    record_property("fuzz", (channel, "refused" if watch.refused else "accepted", watch.seconds))


def test_emphasis_in_a_recorded_text_is_text(sites: Sites, tmp_path: Path) -> None:
    """Of every text at once: one that is escaped as HTML alone shows nothing under most texts."""
    names.publish(tmp_path / "site", dict.fromkeys(names.CHOSEN, "a *b* c __d__ ~~e~~ ==f== ^^g^^"), sites)
