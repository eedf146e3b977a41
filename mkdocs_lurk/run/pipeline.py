"""Analyse one declared model: make what is missing, stage after stage, and leave a record of it all."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.config.options import LurkConfig, ModelConfig
from mkdocs_lurk.images.transforms import make_transform
from mkdocs_lurk.models.graph.drawing import summarise
from mkdocs_lurk.models.loading.sources import load_network
from mkdocs_lurk.models.receptive_field.field import receptive_fields
from mkdocs_lurk.models.tracing.layers import LayerSearch, find_layers
from mkdocs_lurk.models.tracing.trace import Trace, trace_network
from mkdocs_lurk.names import RESULTS_SCHEMA
from mkdocs_lurk.run import assembly as assembling
from mkdocs_lurk.run.allocator import keep_freed_memory
from mkdocs_lurk.run.assembly import Parts
from mkdocs_lurk.run.devices import choose_device, choose_fast_dtype, choose_memory_format
from mkdocs_lurk.run.plan import pictures_of, state_of
from mkdocs_lurk.run.progress import Progress, SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Pictures, Session, WorkUnit
from mkdocs_lurk.run.stages import connections as wiring
from mkdocs_lurk.run.stages import gradients as projecting
from mkdocs_lurk.run.stages import photos
from mkdocs_lurk.run.stages import responses as mining
from mkdocs_lurk.run.stages import synthesis as synthesising
from mkdocs_lurk.run.stages import verification as verifying
from mkdocs_lurk.run.stages.evaluation import evaluate, names_of_outputs
from mkdocs_lurk.store.keys import digest
from mkdocs_lurk.store.store import Store

log = logging.getLogger("mkdocs.plugins.lurk")


def analyze(
    config: LurkConfig,
    model: ModelConfig,
    store: Store,
    progress: Progress | None = None,
    ranks: Ranks | None = None,
) -> str:
    """Analyse a model; what the store has already is not computed again.

    Returns:
        The key of the model's record, which the declaration is answered with from now on.

    Raises:
        LurkError: The first thing that stands in the way, in one line.
    """
    ranks = ranks or Ranks()
    progress = progress or SilentProgress()
    with store.lock(model.name) if ranks.leads else nullcontext():
        ranks.wait()
        found = state_of(config, model, store, deeply=True)
        if found.key is not None:
            return found.key
        try:
            session, trace, search = open_session(config, model, store, progress, ranks)
            parts, verified = _compute(session, trace)
            return _leave_record(found.request, session, trace, search, parts, verified)
        finally:
            progress.close()


def open_session(
    config: LurkConfig, model: ModelConfig, store: Store, progress: Progress, ranks: Ranks
) -> tuple[Session, Trace, LayerSearch]:
    """Load a model and look at its structure."""
    images = pictures_of(config, model)
    transform = make_transform(model, images)
    network = load_network(model)
    blank = torch.zeros(1, transform.channels, transform.height, transform.width)
    trace = trace_network(network.module, blank)
    search = find_layers(trace, model.layers)
    model.check_layers({layer.name: layer.filters for layer in search.layers})
    known = receptive_fields(trace, search.layers)
    device = choose_device(config.device, ranks)
    if device.type == "cpu":
        keep_freed_memory()
    memory_format = choose_memory_format(network.module.to(device), blank.to(device))
    probe = Probe.of(network.module.to(memory_format=memory_format), search.layers, memory_format)
    fast = choose_fast_dtype(config.precision, device, sum(layer.macs for layer in search.layers))
    session = Session(
        config=model,
        store=store,
        network=network,
        probe=probe,
        fast=probe if fast == torch.float32 else probe.copy_to(device, fast),
        pictures=Pictures(images, transform),
        layers=search.layers,
        fields={layer.name: known[layer.name] for layer in search.layers},
        base=digest("network", network.weights_digest, trace.digest, transform.identity),
        device=device,
        dtype=torch.float32,
        fast_dtype=fast,
        ranks=ranks,
        progress=progress,
    )
    return session, trace, search


def _compute(session: Session, trace: Trace) -> tuple[Parts, dict[str, Any]]:
    shards = mining.shards(session)
    session.progress.plan(
        {
            mining.STAGE: _missing(session, shards),
            projecting.STAGE: projecting.forecast(session),
            synthesising.STAGE: synthesising.forecast(session),
            verifying.STAGE: sum(unit.cost for unit in shards),
        }
    )
    session.run_units(mining.STAGE, shards, mining.mine_shard)
    findings = mining.merge(session, shards)
    for image, why in findings.skipped.items():
        if session.ranks.leads:
            log.warning("picture %s is skipped: %s", session.images.entries[image].path, why)

    projections = projecting.Projections(session, findings)
    kept = photos.units(session, findings)
    averages = synthesising.Averages.of(session, findings)
    synthesise = partial(_with, synthesising.synthesise_run, averages)
    syntheses = synthesising.units(session, averages)
    proof = verifying.Proof(session, findings, kept, syntheses, synthesise)
    session.progress.plan(
        {
            projecting.STAGE: _missing(session, projections.units),
            photos.STAGE: _missing(session, kept),
            synthesising.STAGE: _missing(session, syntheses),
            verifying.STAGE: _missing(session, proof.units),
        }
    )
    session.run_units(projecting.STAGE, projections.units, projections.make)
    session.run_units(photos.STAGE, kept, photos.keep)
    session.run_units(synthesising.STAGE, syntheses, synthesise)
    session.run_units(verifying.STAGE, proof.units, proof.check)
    given, wires = wiring.Given(trace, findings), wiring.unit(session, findings)
    wire = partial(_with, wiring.wire, given)
    session.run_units(wiring.STAGE, [wires], wire)
    proven = proof.records(session)
    verified = verifying.conclude(session, proven)
    parts = Parts(
        findings,
        projections.collect(session),
        assembling.collect(session, syntheses, synthesise),
        proof.scores(proven),
        {image: unit.key for unit in kept for image in unit.items},
        wiring.Wired.read(wires.key, session.fetch(wires, wire)),
        tuple(sorted({unit.key for unit in [*shards, *projections.units, *kept, *syntheses, *proof.units, wires]})),
    )
    return parts, verified


def _leave_record(
    request: str,
    session: Session,
    trace: Trace,
    search: LayerSearch,
    parts: Parts,
    verified: dict[str, Any],
) -> str:
    """Write the layers' records and the model's, and answer the declaration with it."""
    model, transform = session.config, session.pictures.transform
    outputs = names_of_outputs(session, parts.findings)
    layers = []
    for layer in session.layers:
        body = assembling.layer_record(session, parts, layer)
        key = digest("layer record", body)
        if session.ranks.leads:
            session.store.put(key, body)
        layers.append({**body["layer"], "unit": key, "chosen": body["chosen"]})
    body = {
        "schema": RESULTS_SCHEMA,
        "model": {
            "name": model.name,
            "title": model.title,
            "source": model.source,
            "parameters": session.network.parameters,
            "input": {
                "size": [transform.channels, transform.height, transform.width],
                "mean": list(transform.mean),
                "std": list(transform.std),
            },
            "weights_digest": session.network.weights_digest,
        },
        "images": assembling.images_record(session, parts, outputs),
        "layers": layers,
        "graph": summarise(trace),
        "verified": verified,
        "evaluation": evaluate(session, parts.findings, outputs),
        "classes": list(session.images.labels),
        "top_k": model.top_k,
        "gradient": model.gradient,
        "synthesis": None if model.synthesis is None else {"steps": model.synthesis.steps},
        "seed": model.seed,
        "notes": _notes(session, parts, trace),
        "skipped_layers": search.skipped,
        "skipped_images": [[session.images.entries[image].path, why] for image, why in parts.findings.skipped.items()],
        "uses": list(parts.made),
    }
    key = digest("model record", body)
    if session.ranks.leads:
        session.store.put(key, body)
        session.store.set_alias(request, key)
    session.ranks.wait()
    return key


def _notes(session: Session, parts: Parts, trace: Trace) -> list[str]:
    """What a reader should know of this analysis, in sentences."""
    notes = [session.network.weights_note] if session.network.weights_note else []
    notes += [*session.network.notes, *session.pictures.transform.notes, *trace.notes]
    seen, wanted = parts.findings.mined.n_images, session.config.top_k
    if seen < wanted:
        notes.append(f"Only {seen} pictures were looked at, so the lists are shorter than the {wanted} asked for.")
    if session.fast_dtype != torch.float32:
        notes.append("Gradients and syntheses were computed in bfloat16; every score is float32.")
    return notes


def _missing(session: Session, units: Sequence[WorkUnit]) -> float:
    return sum(unit.cost for unit in units if not session.store.has(unit.key))


def _with(function: Any, given: Any, session: Session, unit: WorkUnit) -> None:
    function(session, given, unit)
