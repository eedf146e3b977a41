"""From a declaration to pages, for any generator; missing results are computed first if ``missing`` says so."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs_lurk.author_errors import author_errors, missing_torch, require_torch
from mkdocs_lurk.config.options import LurkConfig, Missing, ModelConfig
from mkdocs_lurk.config.references import defining_file, is_reference
from mkdocs_lurk.declared_files import read_text_file
from mkdocs_lurk.errors import ConfigError, LurkError, StoreError
from mkdocs_lurk.limits import MOST_CARD_BYTES
from mkdocs_lurk.named_warnings import WarningRecord, card_warning, describe_warning, unchecked_warning
from mkdocs_lurk.pages.card_check import check_card
from mkdocs_lurk.pages.comparison_folder import Comparisons
from mkdocs_lurk.pages.disclosure import DisclosedReader, Disclosure
from mkdocs_lurk.pages.formatting import describe_unseen
from mkdocs_lurk.pages.model_records import read_model, skip_reason
from mkdocs_lurk.pages.redacted_copy import copy_disclosed
from mkdocs_lurk.pages.site import Site, build_site
from mkdocs_lurk.records.model_record import ModelRecord
from mkdocs_lurk.records.record_check import check_record
from mkdocs_lurk.run.comparison import compare_models
from mkdocs_lurk.run.input_files import portable_inputs, withhold
from mkdocs_lurk.run.naming import naming
from mkdocs_lurk.run.plan import ModelState, input_files, resolve, state_of
from mkdocs_lurk.run.plan_record import MissingWork, ModelPlan, live_notes
from mkdocs_lurk.run.progress import ProgressReporter, SilentProgress
from mkdocs_lurk.run.ranks import Ranks, process_group
from mkdocs_lurk.store import ModelReader, Store, temporary_store
from mkdocs_lurk.store import pack as pack_bundle

if TYPE_CHECKING:
    from mkdocs_lurk.run.inspection import Inspection

log = logging.getLogger("mkdocs.plugins.lurk")


def generate(config: LurkConfig, missing: Missing, overrides: Path | None, *, goes_on: bool = False) -> Site:
    """Make the pages of all declared models.

    Args:
        config: The plugin's options.
        missing: What to do about a model without results: compute them (``analyze``), fail (``error``), or make a
            page that says so (``placeholder``).
        overrides: A folder with the author's own templates, or None.
        goes_on: Log what is wrong with a model, whose page then says so, instead of raising it.

    Raises:
        LurkError: The first thing that stands in the way, in one line.
    """
    store = Store(config.cache_dir)
    states = [_ensure_results(state, config, store, missing) for state in resolve(config, store, goes_on=goes_on)]
    for state in states:
        if state.key is not None:
            log_warnings(state.config, state.key, store)
        _log_card_faults(state.config)
    comparisons = Comparisons(config.compare, partial(compare_models, store))
    try:
        site = build_site(states, store, config.cache_dir, overrides, comparisons)
    except LurkError as error:
        healed = [_heal(state, config, store, missing) for state in states] if isinstance(error, StoreError) else []
        if any(healed):
            log.info("%s: what was damaged is computed again", error)
            states = [new or state for new, state in zip(healed, states, strict=True)]
        elif goes_on:
            states = [_sound(state, config, store, overrides) for state in states]
        else:
            raise
        site = build_site(states, store, config.cache_dir, overrides, comparisons)
    for (first, second), why in site.not_compared.items():
        log.warning("compare: %s and %s: %s; the page says so", first, second, why)
    for state in states:
        if state.key is not None and state.config.pictures.hide_anything:
            _log_unchecked_patterns(state.config, DisclosedReader(store, state.key, state.config))
    return site


def analyze(
    config: LurkConfig, models: Sequence[ModelConfig], store: Store, force: bool = False
) -> Iterator[tuple[ModelConfig, str]]:
    """Compute the missing results of some models, together with the other processes of a ``torchrun``.

    With ``force``, what is there is computed anew.

    Yields:
        Each model and the key of its record, as soon as it is complete; nothing in processes other than the first.
    """
    with process_group() as ranks:
        for model in models:
            with naming(model):
                key = None if ranks.world > 1 or force else state_of(config, model, store, deeply=True).key
            if key is None:  # processes of one run all take the same steps
                require_torch(model)
                from mkdocs_lurk.run.pipeline import analyze as run  # imports torch, which a warm build must not

                progress = ProgressReporter(model.title) if ranks.is_main else SilentProgress()
                with author_errors(model):
                    key = run(config, model, store, progress, ranks, force=force)
            if ranks.is_main:
                yield model, key


def pack(config: LurkConfig, store: Store, path: Path) -> tuple[int, int]:
    """Write the results of all complete models into a bundle, without what their authors hold back.

    Returns:
        The number of models and of units in it.

    Raises:
        LurkError: No model is complete, a unit is missing, or the file cannot be written.
    """
    states = [(state, state.key) for state in resolve(config, store) if state.key is not None]
    if not states:
        raise ConfigError("no declared model is complete; run 'mkdocs-lurk analyze' first")
    keys: dict[str, str] = {}
    with temporary_store(store) as copies:
        for state, key in states:
            keys[state.request] = key
            disclosure = Disclosure.of(state.config)
            if not disclosure.is_open:
                log.info("%s is packed without what its 'pictures' and 'anonymous' hold back", state.config.name)
                reader = DisclosedReader(store, key, state.config)
                _log_unchecked_patterns(state.config, reader)
                keys[state.request] = copy_disclosed(reader, copies)
                inputs = next((answer.inputs for answer in store.answers(state.request) if answer.key == key), {})
                told = withhold(inputs, anonymous=disclosure.anonymous)
                declared = {} if disclosure.anonymous else store.declaration(state.request)
                copies.set_alias(state.request, keys[state.request], told, declared)
        return len(keys), pack_bundle(store, keys, path, portable_inputs, copies)


def log_warnings(model: ModelConfig, key: str, store: Store) -> None:
    """Log what may mislead in a model's results: at WARNING, or at INFO what its ``ignore`` accepts."""
    record = read_model(ModelReader(store, key))
    warnings = record.get("warnings", [])
    check_record(warnings, list[WarningRecord], f"the warnings of {model.name}")
    for note in _live_notes(model, record):
        log.info("note: %s: %s", model.name, note)
    for warning in warnings:
        _log_warning(model, warning)


def _log_unchecked_patterns(model: ModelConfig, reader: DisclosedReader) -> None:
    """Log which patterns of a model's ``pictures`` may hold nothing back, since a bundle lacks the names they fit."""
    warning = unchecked_warning(reader.unchecked)
    if warning is not None:
        _log_warning(model, warning)


def _log_card_faults(model: ModelConfig) -> None:
    """Log what is wrong in the metadata of a model's card."""
    if model.card is None:
        return
    text = read_text_file(model.card, MOST_CARD_BYTES, ConfigError, f"{model.place}.card")
    warning = card_warning(model.card.name, [str(fault) for fault in check_card(text)])
    if warning is not None:
        _log_warning(model, warning)


def _log_warning(model: ModelConfig, warning: WarningRecord) -> None:
    ignored = warning["name"] in model.ignore
    level = logging.INFO if ignored else logging.WARNING
    log.log(level, "%s", describe_warning(model.name, warning, ignored=ignored))


def plan_model(config: LurkConfig, state: ModelState, store: Store) -> ModelPlan:
    """Say what of a model's results is stored; of missing ones, estimate time and size by timing a small part."""
    plan: ModelPlan = {
        "name": state.config.name,
        "complete": state.key is not None,
        "reason": state.reason,
        "units": 0,
        "bytes": 0,
        "unseen": describe_unseen(state.unseen) if state.unseen else "",
        "missing": None,
        "not_estimated": "",
        "warnings": [],
        "notes": live_notes(state.config.live is not None, None),
    }
    if state.key is not None:
        reader = ModelReader(store, state.key)
        units, notes = reader.units(), _live_notes(state.config, read_model(reader))
        return {**plan, "notes": notes, "units": len(units), "bytes": sum(store.size(unit) for unit in units)}
    if why := missing_torch():
        return {**plan, "not_estimated": f"not estimated, since {why}"}
    from mkdocs_lurk.run.estimate import estimate  # imports torch

    with author_errors(state.config):
        found = estimate(config, state.config, store)
    work: MissingWork = {
        "seconds": found.total_s,
        "stages": found.seconds_left,
        "bytes": found.stored_bytes,
        "busy": found.busy,
        "opening_seconds": found.opening_s,
    }
    notes = live_notes(state.config.live is not None, found.not_live)
    return {**plan, "missing": work, "warnings": list(found.warnings), "notes": notes}


def _live_notes(config: ModelConfig, record: ModelRecord) -> list[str]:
    """Return what is to be known of a complete model that should run in browsers."""
    return live_notes(config.live is not None, skip_reason(record.get("live")))


def inspect(config: LurkConfig, model: ModelConfig, store: Store) -> Inspection:
    """Load a model, rehearse its analysis on a few pictures, and describe its input, pictures, classes and layers."""
    if model.absent:
        raise ConfigError(model.absent[0])
    require_torch(model)
    from mkdocs_lurk.run.inspection import inspect_session  # these import torch
    from mkdocs_lurk.run.session import open_session

    with author_errors(model):
        return inspect_session(open_session(config, model, store, SilentProgress(), Ranks()))


def watched_files(config: LurkConfig) -> list[Path]:
    """List the files that results depend on: what is declared, and what the author's code imported and opened.

    Pictures are not among them: there may be very many.
    """
    store = Store(config.cache_dir)
    files: dict[Path, None] = {}
    for model in config.models:
        declared = [model.card, model.names_file, model.weights_path]
        declared += [model.root / text for text in (model.classes, model.images) if isinstance(text, str)]
        for text in (model.source, model.transform, model.images):
            if isinstance(text, str) and is_reference(text):
                declared.append(defining_file(text, model.root))
        there = [path for path in declared if path is not None and path.is_file()]
        files |= dict.fromkeys([*there, *input_files(config, model, store)])
    return list(files)


def _heal(state: ModelState, config: LurkConfig, store: Store, missing: Missing) -> ModelState | None:
    """Compute a model's results again if units of it are lost or damaged; None if none are.

    A build looks at the units' names only, and finds damage when it reads one.
    """
    deep = state_of(config, state.config, store, deeply=True) if state.key is not None else state
    return _ensure_results(deep, config, store, missing) if deep.key != state.key else None


def _sound(state: ModelState, config: LurkConfig, store: Store, overrides: Path | None) -> ModelState:
    """Return a model whose pages can be made: as it is, or without results, for the reason that it cannot."""
    try:
        build_site([state], store, config.cache_dir, overrides)
    except LurkError as error:
        log.error("lurk: %s; the page of its model says so", error)
        return ModelState(state.config, state.request, None, str(error))
    return state


def _ensure_results(state: ModelState, config: LurkConfig, store: Store, missing: Missing) -> ModelState:
    """Compute a model's results if they are missing and ``missing`` is ``analyze``; return the model's new state."""
    name = state.config.name
    if state.key is not None:
        if state.unseen:
            log.info("%s: %s", name, describe_unseen(state.unseen))
        return state
    if missing == "error":
        raise StoreError(f"model {name}: {state.reason}; run 'mkdocs-lurk analyze {name}', or set missing: analyze")
    if missing == "placeholder":
        log.info("%s has no results (%s): its page says so", name, state.reason)
        return state
    log.info("analysing %s: %s", name, state.reason)
    (key,) = (key for _, key in analyze(config, [state.config], store))
    return ModelState(state.config, state.request, key)
