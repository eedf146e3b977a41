"""The stage of syntheses measures the model's pictures as they are."""

from __future__ import annotations

from collections.abc import Callable

import torch

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import open_session
from mkdocs_lurk.run.stages import list_stages
from mkdocs_lurk.run.stages.synthesis import Syntheses
from mkdocs_lurk.store.store import Store


def test_pictures_in_memory_that_cannot_be_written_to_are_measured_without_a_warning(
    project: Callable[..., LurkConfig],
) -> None:
    config = project(count=3)
    session = open_session(config, config.models[0], Store(config.cache_dir), SilentProgress(), Ranks())
    stage = next(stage for stage in list_stages(session) if isinstance(stage, Syntheses))
    for image in range(3):
        session.pictures.pixels(image).setflags(write=False)
    always = torch.is_warn_always_enabled()
    torch.set_warn_always(True)  # it warns once per process, and a warning is an error here
    try:
        assert stage._measure((0, 1, 2)).mean.shape == (3,)
    finally:
        torch.set_warn_always(always)
