"""Analyse one declared model: compute what is missing, stage after stage, and leave a record of it all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from functools import partial

from mkdocs_lurk.config.options import LurkConfig, ModelConfig, SynthesisConfig
from mkdocs_lurk.config.reading import collect_reading
from mkdocs_lurk.models.graph.drawing import build_graph
from mkdocs_lurk.named_warnings import WarningRecord, in_page_order, unreadable_warning
from mkdocs_lurk.names import RESULTS_SCHEMA
from mkdocs_lurk.provenance_record import ProvenanceRecord
from mkdocs_lurk.record_format import in_order
from mkdocs_lurk.records import LayerEntry, LayerRecord, ModelRecord, SynthesisSettings
from mkdocs_lurk.run.draft import RecordDraft, describe_input
from mkdocs_lurk.run.plan import inputs_of, remember, state_of
from mkdocs_lurk.run.progress import Progress, SilentProgress
from mkdocs_lurk.run.provenance import describe_rounding, gather_provenance
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Session, open_session
from mkdocs_lurk.run.stages import Stage, list_stages
from mkdocs_lurk.run.work import Sizes
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
        log.info("before the analysis: %s: %s; %s", model.name, warning["fact"], warning["remedy"])
    listed = stages(session)
    run_stages(session, listed)
    key = _store_records(session, listed, warnings)
    if session.runner.ranks.is_main:
        remember(config, model, session.runner.store, key, inputs)
    session.runner.ranks.wait()
    return key


def run_stages(session: Session, stages: Sequence[Stage]) -> None:
    """Run stages in order; the progress is told anew what is left whenever more is known."""
    for stage in stages:
        session.runner.progress.plan({other.name: other.cost() for other in stages if not other.complete})
        session.runner.run(stage)
        stage.complete = True
        if session.runner.ranks.is_main:
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
        _put(session, key, record)
        layers.append({**record["layer"], "unit": key, "chosen": record["chosen"]})
    uses = sorted({unit.key for stage in stages for unit in stage.units})
    model = _model_record(session, draft, layers, uses, gather_provenance(session, stages))
    key = digest("model record", model)
    _put(session, key, model)
    return key


def _put(session: Session, key: str, record: LayerRecord | ModelRecord) -> None:
    if session.runner.ranks.is_main:
        session.runner.store.put(key, record)


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
        "notes": [*_notes(session, draft), *describe_rounding(session, provenance)],
        "warnings": in_page_order([*draft.warnings, *([] if unreadable is None else [unreadable])]),
        "skipped_layers": session.search.skipped,
        "skipped_images": skipped,
        "provenance": provenance,
        "uses": uses,
        "evaluation": draft.evaluation,
    }
    if draft.verified is not None:
        record["verified"] = draft.verified
    return in_order(record, ModelRecord)


def _notes(session: Session, draft: RecordDraft) -> list[str]:
    """What a reader should know of this analysis, in sentences."""
    notes = [*session.notes, *draft.notes]
    n_read = sum("skipped" not in image for image in draft.images)
    if n_read < session.config.top_k:
        wanted = session.config.top_k
        notes.append(f"Only {n_read} pictures could be read, so the lists are shorter than the {wanted} asked for.")
    return notes
