"""Refusals and lines of the log say which model they are about, whoever wrote them."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from mkdocs_lurk.build import inspect
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import ConfigError, LayerError, LurkError, RangeError
from mkdocs_lurk.run.naming import naming
from mkdocs_lurk.run.plan import resolve
from mkdocs_lurk.store.store import Store

Project = Callable[..., LurkConfig]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            LayerError("layers.include: 'x' matches no layer"),
            "plugins.lurk.models[0].layers.include: 'x' matches no layer",
        ),
        (RangeError("images: odd", "", 0, 3), "plugins.lurk.models[0].images: odd"),
        (LayerError("layer 'a' fails"), "model 'tiny': layer 'a' fails"),
        (ConfigError("plugins.lurk.device: no"), "plugins.lurk.device: no"),
        (LayerError("model 'tiny': x"), "model 'tiny': x"),
    ],
)
def test_a_refusal_begins_with_its_place(project: Project, error: LurkError, expected: str) -> None:
    with pytest.raises(type(error)) as caught, naming(project(count=1).models[0]):
        raise error
    assert str(caught.value) == expected


def test_lines_of_the_log_name_the_model_once(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("mkdocs.plugins.lurk.images")
    caplog.set_level(logging.INFO, log.name)
    with naming(project(count=1).models[0]):
        log.info("gradients: %d %% in plain passes", 5)
        log.info("tiny: ready")
    log.info("later")
    assert caplog.messages == ["tiny: gradients: 5 % in plain passes", "tiny: ready", "later"]


def test_commands_name_the_key_and_the_model(project: Project) -> None:
    config = project(count=1, layers={"include": ["third"]})
    with pytest.raises(
        LurkError, match=r"^plugins\.lurk\.models\[0\]\.layers\.include: 'third' matches no layer; there"
    ):
        inspect(config, config.models[0], Store(config.cache_dir))
    (config.root / "pictures").rename(config.root / "moved")
    with pytest.raises(LurkError, match=r"^plugins\.lurk\.models\[0\]\.images: the folder 'pictures' cannot be read"):
        resolve(config, Store(config.cache_dir))
