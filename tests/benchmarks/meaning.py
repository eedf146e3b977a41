"""What labels, ranges, facets, effects, tuning and the twin cost, on a network that is cheap for its many filters."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import numpy as np
import torch

from mkdocs_lurk.analysis.circuits import choose_levels, flows, level_contributions, strongest_nodes
from mkdocs_lurk.analysis.contributions import estimate_contributions
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.models.tracing.cuts import find_cuts
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.pipeline import run_stages
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages import list_stages
from mkdocs_lurk.run.stages.facet_crops import FacetCrops
from mkdocs_lurk.run.stages.facets import Facets
from mkdocs_lurk.run.stages.labels import Labels
from mkdocs_lurk.run.stages.photos import Photos
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.stages.verification import Verification
from tests.benchmarks.cpu_time import cpu_seconds, interleaved
from tests.benchmarks.rows import Row
from tests.benchmarks.trust import measure_trust
from tests.benchmarks.workspace import Workspace, open_first_model, responses_of_all_pictures

_ROUNDS = 7
_MOST_OF_SCORING, _MOST_FORWARDS, _MOST_FORWARDS_OF_EFFECT = 0.01, 1.1, 4
_MOST_S_PER_FILTER = 0.03
_MOST_FORWARDS_OF_CIRCUITS, _NODES = 30, 6


def measure(workspace: Workspace) -> list[Row]:
    """Measure them on SqueezeNet 1.1 with random weights, which cost as much as trained ones."""
    declared = {"name": "squeezenet", "source": "torchvision:squeezenet1_1", "images": str(workspace.photos)}
    plugin = {"device": "cpu", "cache_dir": "meaning"}
    config = from_mapping({"models": [{**declared, "synthesis": False}], **plugin}, workspace.folder)
    session = open_first_model(config)
    scoring_s = cpu_seconds(lambda: responses_of_all_pictures(session))
    return [
        _labels(session, scoring_s),
        _range(session),
        _facets(session),
        _effect(session),
        _circuits(session),
        *measure_trust(session),
    ]


def _labels(session: Session, scoring_s: float) -> Row:
    labels = Labels(session, responses_of_all_pictures(session))
    spent_s = min(cpu_seconds(lambda: labels.collect(RecordDraft(session))) for _ in range(_ROUNDS))
    share, n_pictures = spent_s / scoring_s, len(session.images.entries)
    return Row(
        "labels",
        f"SqueezeNet 1.1, 3,944 filters, {n_pictures:,} pictures of {len(session.images.labels)} classes",
        f"at most {_MOST_OF_SCORING:.0%} of scoring",
        f"{share:.1%} of scoring ({spent_s:.2f} of {scoring_s:.1f} CPU-seconds)",
        share <= _MOST_OF_SCORING,
        {"share": share, "labels_s": spent_s, "scoring_s": scoring_s},
    )


def _range(session: Session) -> Row:
    """Compare the verification of one unit of photos with and without the range."""
    without = _verification(replace(session, config=replace(session.config, range=False)))
    with_range = _verification(session)
    ids = with_range.units[0].items
    x = session.pictures.tensor(ids[:4])
    n_filters = sum(layer.filters for layer in session.layers)

    def forward() -> None:
        with torch.inference_mode():
            session.network.probe.module(x)

    rounds = interleaved(
        {
            "with": lambda: with_range.compute(with_range.units[0]),
            "without": lambda: without.compute(without.units[0]),
            "forward": forward,
        },
        _ROUNDS,
    )
    forward_s = median(times["forward"] for times in rounds) / len(x)
    added = median(times["with"] - times["without"] for times in rounds) / len(ids) / forward_s
    whole = median(times["with"] for times in rounds) / len(ids) / forward_s
    return Row(
        "range",
        f"SqueezeNet 1.1, eight pictures for each of {n_filters:,} filters, positions and proof",
        f"at most {_MOST_FORWARDS} forwards per picture",
        f"{added:.2f} forwards per picture, beside {whole - added:.2f} for the proof of the top lists",
        added <= _MOST_FORWARDS,
        {"forwards": added, "with_proof": whole, "rounds": rounds},
    )


def _facets(session: Session) -> Row:
    """Compare one pass that describes crops with a bare forward pass, and measure the division of a layer's crops."""
    session = replace(session, config=replace(session.config, facets=True))
    stages = [stage for stage in list_stages(session) if isinstance(stage, (Responses, Photos, FacetCrops, Facets))]
    run_stages(session.runner, stages[:-1])
    crops, kinds = (next(one for one in stages if isinstance(one, kind)) for kind in (FacetCrops, Facets))
    unit, x = crops.units[0], session.pictures.tensor(crops.units[0].items[: session.sizes.response_batch])

    def forward() -> None:
        with torch.inference_mode():
            session.network.probe.module(x)

    rounds = interleaved({"crops": lambda: crops.compute(unit), "forward": forward}, _ROUNDS)
    forward_s = median(times["forward"] for times in rounds) / len(x)
    forwards = median(times["crops"] for times in rounds) / len(unit.items) / forward_s
    largest = max(kinds.units, key=lambda one: one.cost)
    n_filters = len(session.filters(session.network.layer(largest.layer)))
    filter_s = min(cpu_seconds(lambda: kinds.compute(largest)) for _ in range(2)) / n_filters
    return Row(
        "facets",
        "SqueezeNet 1.1, up to 24 crops of each of 3,944 filters; 1,000 of them divided into kinds",
        f"at most {_MOST_FORWARDS} forwards per picture and {1000 * _MOST_S_PER_FILTER:.0f} CPU-ms per filter",
        f"{forwards:.2f} forwards per picture and {1000 * filter_s:.1f} CPU-ms per filter",
        forwards <= _MOST_FORWARDS and filter_s <= _MOST_S_PER_FILTER,
        {"forwards": forwards, "filter_s": filter_s, "rounds": rounds},
    )


def _effect(session: Session) -> Row:
    """Compare the estimate of all filters' contributions with a forward pass."""
    x = session.pictures.tensor(range(session.sizes.effect_batch))
    targets, probe = [0] * len(x), session.network.probe

    def forward() -> None:
        with torch.inference_mode():
            probe.module(x)

    rounds = interleaved({"estimate": lambda: estimate_contributions(probe, x, targets), "forward": forward}, _ROUNDS)
    forwards = median(times["estimate"] / times["forward"] for times in rounds)
    n_filters = sum(layer.filters for layer in session.layers)
    return Row(
        "effect",
        f"SqueezeNet 1.1, contributions of {n_filters:,} filters to one output of each picture",
        f"at most {_MOST_FORWARDS_OF_EFFECT} forwards per picture",
        f"{forwards:.2f} forwards per picture",
        forwards <= _MOST_FORWARDS_OF_EFFECT,
        {"forwards": forwards, "rounds": rounds},
    )


def _circuits(session: Session) -> Row:
    """Compare what finds the nodes and edges of one class with a forward pass; what proves them is passes alone."""
    x, probe = session.pictures.tensor(range(session.sizes.effect_batch)), session.network.probe
    counts = {layer.name: layer.filters for layer in session.layers}
    levels, targets = choose_levels(find_cuts(session.trace, session.layers)), [0] * len(x)
    means = {name: np.zeros(count) for name, count in counts.items()}

    def find() -> None:
        found = level_contributions(probe, x, targets, levels, means, probabilities=False)
        ranked = [strongest_nodes(own, level, counts, _NODES) for own, level in zip(found, levels, strict=True)]
        flows(probe, x, targets, [[node for node, _ in own] for own in ranked], means, probabilities=False)

    def forward() -> None:
        with torch.inference_mode():
            probe.module(x)

    rounds = interleaved({"circuit": find, "forward": forward}, _ROUNDS)
    forwards = median(times["circuit"] / times["forward"] for times in rounds)
    return Row(
        "circuits",
        f"SqueezeNet 1.1, nodes and edges of one class: {_NODES} filters at each of {len(levels)} depths",
        f"at most {_MOST_FORWARDS_OF_CIRCUITS} forwards per picture of the class",
        f"{forwards:.1f} forwards per picture of the class",
        forwards <= _MOST_FORWARDS_OF_CIRCUITS,
        {"forwards": forwards, "rounds": rounds},
    )


def _verification(session: Session) -> Verification:
    """Return the stage with the stages before it complete."""
    stages = [stage for stage in list_stages(session) if isinstance(stage, (Responses, Photos, Verification))]
    run_stages(session.runner, stages[:-1])
    (verification,) = (stage for stage in stages if isinstance(stage, Verification))
    return verification
