"""Run the analysis of a declared model, and read its results."""

from __future__ import annotations

from collections.abc import Callable

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.run.work import Sizes
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store

Project = Callable[..., LurkConfig]


def analysed(config: LurkConfig, sizes: Sizes | None = None) -> ModelReader:
    store = Store(config.cache_dir)
    return ModelReader(store, analyze(config, config.models[0], store, sizes=sizes))
