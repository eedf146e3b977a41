"""Sees to it that every declared model has results, as far as ``missing`` allows."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from mkdocs_lurk.config.options import LurkConfig, ModelConfig
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.site import Site, build_site
from mkdocs_lurk.records import LayerInfo
from mkdocs_lurk.run.plan import ModelState, resolve, state_of
from mkdocs_lurk.run.progress import ProgressReporter, SilentProgress
from mkdocs_lurk.run.ranks import Ranks, process_group
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


def analyze(config: LurkConfig, models: Sequence[ModelConfig], store: Store) -> Iterator[tuple[ModelConfig, str]]:
    """Compute what is missing of some models' results, together with the other processes of a ``torchrun``.

    Yields:
        Each model and the key of its record, when it is complete; nothing in the processes that do not lead.
    """
    with process_group() as ranks:
        for model in models:
            key = None if ranks.world > 1 else state_of(config, model, store, deeply=True).key
            if key is None:  # processes of one run all take the same steps
                from mkdocs_lurk.run.pipeline import analyze as run  # imports torch, which a warm build must not

                key = run(
                    config, model, store, ProgressReporter(model.title) if ranks.is_main else SilentProgress(), ranks
                )
            if ranks.is_main:
                yield model, key


def foretell(config: LurkConfig, model: ModelConfig, store: Store) -> tuple[float, float]:
    """Estimate the seconds that are left for a model, and the bytes of all its results, by trying a little of it."""
    from mkdocs_lurk.run.estimate import estimate  # imports torch

    found = estimate(config, model, store)
    return found.total_s, found.stored_bytes


def inspect(config: LurkConfig, model: ModelConfig, store: Store) -> list[LayerInfo]:
    """Load a model and describe its layers, as records do."""
    from mkdocs_lurk.run.draft import describe_layer  # these import torch
    from mkdocs_lurk.run.session import open_session

    session = open_session(config, model, store, SilentProgress(), Ranks())
    return [describe_layer(session, layer) for layer in session.layers]


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
    (key,) = (key for _, key in analyze(config, [state.config], store))
    return ModelState(state.config, state.request, key)
