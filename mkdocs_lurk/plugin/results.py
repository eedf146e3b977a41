"""Sees to it that every declared model has results, as far as ``missing`` allows."""

from __future__ import annotations

import logging
from pathlib import Path

from mkdocs_lurk.config import LurkConfig, ModelConfig
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.site import Site, build_site
from mkdocs_lurk.run.plan import ModelState, resolve, state_of
from mkdocs_lurk.store import Store

log = logging.getLogger("mkdocs.plugins.lurk")


def generate(config: LurkConfig, missing: str, overrides: Path | None) -> Site:
    """Make the pages of all models, and their results first where those are missing and ``missing`` says so.

    Args:
        config: What was declared.
        missing: ``analyze``, ``error`` or ``placeholder``.
        overrides: A folder with an author's own templates, or none.

    Raises:
        LurkError: Something stands in the way.
    """
    store = Store(config.cache_dir)
    states = [_complete(state, config, store, missing) for state in resolve(config, store)]
    return build_site(states, store, config.cache_dir, overrides)


def analyze(config: LurkConfig, model: ModelConfig, store: Store) -> str:
    """Compute what is missing of a model's results, while no other process does so; returns the key of its record."""
    from mkdocs_lurk.run.pipeline import analyze as run  # imports torch, which a warm build must not
    from mkdocs_lurk.run.progress import Reporter

    with store.lock(model.name):
        state = state_of(config, model, store)  # another process may have finished it meanwhile
        return state.key or run(config, model, store, Reporter(model.title))


def _complete(state: ModelState, config: LurkConfig, store: Store, missing: str) -> ModelState:
    if state.key is not None:
        return state
    name = state.config.name
    if missing == "error":
        raise StoreError(f"model {name}: {state.reason}; run 'mkdocs-lurk analyze {name}', or set missing: analyze")
    if missing == "placeholder":
        log.info("%s has no results (%s): its page says so", name, state.reason)
        return state
    log.info("analysing %s: %s", name, state.reason)
    return ModelState(state.config, state.request, analyze(config, state.config, store))
