"""Analyse one declared model: compute what is missing, stage after stage, and leave a record of it all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from functools import partial

from mkdocs_lurk.config.author_code import collect_reading
from mkdocs_lurk.config.options import LurkConfig, ModelConfig, SynthesisConfig
from mkdocs_lurk.models.graph.drawing import build_graph
from mkdocs_lurk.named_warnings import WarningRecord, in_page_order, unreadable_warning
from mkdocs_lurk.names import RESULTS_SCHEMA
from mkdocs_lurk.records.model_record import ImageRecord, LayerEntry, LayerRecord, ModelRecord, SynthesisSettings
from mkdocs_lurk.records.provenance_record import ProvenanceRecord
from mkdocs_lurk.records.record_format import in_order
from mkdocs_lurk.run.draft import RecordDraft, describe_input
from mkdocs_lurk.run.plan import inputs_of, remember, state_of
from mkdocs_lurk.run.progress import Progress, SilentProgress
from mkdocs_lurk.run.provenance import describe_rounding, gather_provenance
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Session, open_session
from mkdocs_lurk.run.stages import Stage, list_stages
from mkdocs_lurk.run.work import Runner, Sizes
from mkdocs_lurk.store.keys import digest
from mkdocs_lurk.store.store import Store
from mkdocs_lurk.text import published_reference

log = logging.getLogger("mkdocs.plugins.lurk")

StageList = Callable[[Session], Sequence[Stage]]


def analyze(
    config: LurkConfig,
    model: ModelConfig,
    store: Store,
    progress: Progress | None = None,
    ranks: Ranks | None = None,
    sizes: Sizes | None = None,
    stages: StageList = list_stages,
    force: bool = False,
) -> str:
    """Analyse a model; what the store has already is not computed again.

    Args:
        config: The plugin's configuration.
        model: One of its models.
        store: Where results are kept.
        progress: What the analysis reports to.
        ranks: The processes that share the work.
        sizes: The sizes of units and batches.
        stages: Makes the list of stages.
        force: Compute everything anew, whatever is stored.

    Returns:
        The key of the model's record.

    Raises:
        LurkError: The first thing that stands in the way, in one line.
    """
    ranks = ranks or Ranks()
    progress = progress or SilentProgress()
    with store.lock(model.name) if ranks.is_main else nullcontext():
        ranks.wait()
        state = state_of(config, model, store, deeply=True)
        if state.key is not None and not force:
            return state.key
        with closing(progress):
            opening = partial(open_session, config, model, store, progress, ranks, sizes, force)
            return _analyze_anew(config, model, opening, stages)


def _analyze_anew(config: LurkConfig, model: ModelConfig, opening: Callable[[], Session], stages: StageList) -> str:
    """Compute what the store lacks, and remember what it was made from; return the key of the model's record."""
    with collect_reading() as reading:
        session = opening()
    inputs = inputs_of(config, model, session.images, reading)
    warnings = session.warnings_at_start if session.runner.ranks.is_main else []
    for warning in warnings:  # every build warns when the results are there; whoever waits for them can know now
        log.info("%s: before the analysis: %s; %s", model.name, warning["fact"], warning["remedy"])
    listed = stages(session)
    run_stages(session.runner, listed)
    key = _store_records(session, listed, warnings)
    if session.runner.ranks.is_main:
        remember(config, model, session.runner.store, key, inputs)
    session.runner.ranks.wait()
    return key


def run_stages(runner: Runner, stages: Sequence[Stage]) -> None:
    """Run stages in order; the progress is told anew what is left whenever more is known."""
    for stage in stages:
        runner.progress.plan({other.name: other.cost() for other in stages if not other.complete})
        runner.run(stage)
        stage.complete = True
        if runner.ranks.is_main:
            stage.report()


def _store_records(session: Session, stages: Sequence[Stage], warnings: Sequence[WarningRecord]) -> str:
    """Let every stage write what it found, and store the records; return the key of the model's."""
    draft = RecordDraft(session)
    draft.warnings += warnings
    for stage in stages:
        stage.collect(draft)
    layers: list[LayerEntry] = []
    for layer in session.layers:
        record = draft.layer_record(layer)
        key = digest("layer record", record)
        _put(session.runner, key, record)
        layers.append({**record["layer"], "unit": key, "chosen": record["chosen"]})
    uses = sorted({unit.key for stage in stages for unit in stage.units})
    model = _model_record(session, draft, layers, uses, gather_provenance(session, stages))
    key = digest("model record", model)
    _put(session.runner, key, model)
    return key


def _put(runner: Runner, key: str, record: LayerRecord | ModelRecord) -> None:
    if runner.ranks.is_main:
        runner.store.put(key, record)


def _synthesis_settings(synthesis: SynthesisConfig) -> SynthesisSettings:
    settings: SynthesisSettings = {"quality": synthesis.quality, "target": synthesis.target}
    return settings if synthesis.steps is None else {"steps": synthesis.steps, **settings}


def _model_record(
    session: Session, draft: RecordDraft, layers: list[LayerEntry], uses: list[str], provenance: ProvenanceRecord
) -> ModelRecord:
    model = session.config
    skipped = [(image["path"], image["skipped"]) for image in draft.images if "skipped" in image]
    unreadable = unreadable_warning(skipped, len(draft.images))
    record: ModelRecord = {
        "schema": RESULTS_SCHEMA,
        "model": {
            "name": model.name,
            "title": model.title,
            "source": published_reference(model.source),
            "parameters": session.loaded.parameters,
            "input": describe_input(model, session.transform),
            "weights_digest": session.loaded.weights_digest,
        },
        "images": draft.images,
        "layers": layers,
        "graph": build_graph(session.trace),
        "classes": list(session.images.labels),
        "top_k": model.top_k,
        "gradient": model.gradient,
        "synthesis": None if model.synthesis is None else _synthesis_settings(model.synthesis),
        "seed": model.seed,
        "notes": [
            *session.notes,
            *draft.notes,
            *_note_of_few_pictures(draft.images, model.top_k),
            *describe_rounding(provenance, session.network.fast_dtype),
        ],
        "warnings": in_page_order([*draft.warnings, *([] if unreadable is None else [unreadable])]),
        "skipped_layers": session.search.skipped,
        "skipped_images": skipped,
        "provenance": provenance,
        "responses": draft.responses,
        "uses": uses,
        "evaluation": draft.evaluation,
    }
    if draft.verified is not None:
        record["verified"] = {**draft.verified, "once": draft.computed_once()}
    _add_optional(draft, record)
    return in_order(record, ModelRecord)


def _add_optional(draft: RecordDraft, record: ModelRecord) -> None:
    """Add the results that not every model has."""
    if draft.twin is not None:
        record["twin"] = draft.twin
    if draft.live is not None:
        record["live"] = draft.live
    if draft.cost is not None:
        record["cost"] = draft.cost
    if draft.circuits is not None:
        record["circuits"] = draft.circuits


def _note_of_few_pictures(images: Sequence[ImageRecord], top_k: int) -> list[str]:
    """Say where fewer pictures could be read than the lists should hold; nothing if there are enough."""
    n_read = sum("skipped" not in image for image in images)
    if n_read >= top_k:
        return []
    return [f"Only {n_read} pictures could be read, so the lists are shorter than the {top_k} asked for."]
