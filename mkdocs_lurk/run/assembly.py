"""Put together the records that pages are made from: references to stored units, and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mkdocs_lurk.analysis.crops import needs_effective_box
from mkdocs_lurk.analysis.filter_statistics import filter_statistics, similarity_order
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.names import RESULTS_SCHEMA, slug
from mkdocs_lurk.run.session import Session, WorkUnit
from mkdocs_lurk.run.stages import responses as mining
from mkdocs_lurk.run.stages.connections import Wired
from mkdocs_lurk.run.stages.responses import Findings

_SCORE_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Parts:
    """The finished stages of one model.

    Attributes:
        projected: For each filter of each layer, by ranking, the facts of its gradients and where they are.
        synthesised: The same for syntheses; layers without any are absent.
        scored: Their scores.
        photos: For each picture the unit that holds it.
        wired: Wires and kernels.
        made: The keys of all units that went into this.
    """

    findings: Findings
    projected: Mapping[str, Mapping[int, Mapping[str, Any]]]
    synthesised: Mapping[str, Mapping[int, tuple[str, Any]]]
    scored: Mapping[str, Mapping[int, float]]
    photos: Mapping[int, str]
    wired: Wired
    made: tuple[str, ...]


def layer_entry(session: Session, layer: Layer) -> dict[str, Any]:
    """A layer's entry in the model's record."""
    known = session.fields[layer.name]
    status, note = known.status, known.note
    if status == "exact" and needs_effective_box(session.probed_network, layer.name):
        status = "effective"
        note = (
            f"the exact field, {known.size[0]} x {known.size[1]} px, covers most of the picture; boxes hold most of "
            "the gradient's energy instead"
        )
    return {
        "name": layer.name,
        "slug": slug(layer.name),
        "kind": layer.kind,
        "filters": layer.filters,
        "output": list(layer.output),
        "parameters": layer.parameters,
        "macs": layer.macs,
        "receptive_field": {"size": list(known.size), "status": status},
        "field_note": note,
        "jump": list(known.jump),
        "results": f"{slug(layer.name)}/results.json",
    }


def layer_record(session: Session, parts: Parts, layer: Layer) -> dict[str, Any]:
    """The record of one layer: all that was found of its filters."""
    chosen = session.config.chosen_filters(layer.name, layer.filters)
    means, maxima = (rows[:, chosen] for rows in mining.responses(session, parts.findings, layer.name))
    labels = mining.labels_of(session, parts.findings.kept.tolist())
    described = dict(
        zip(chosen, filter_statistics(means, maxima, labels, tuple(session.images.labels), chosen), strict=True)
    )
    filters = [
        {
            "index": index,
            **_pictures(session, parts, layer, index),
            **_synthesis(session, parts, layer, index),
            **_classes(session, parts.findings, layer, index),
            "stats": described[index] | _over_all(session, parts.findings, layer, index),
            **parts.wired.of(layer.name, index),
        }
        for index in chosen
    ]
    return {
        "schema": RESULTS_SCHEMA,
        "layer": layer_entry(session, layer),
        "chosen": "all" if len(chosen) == layer.filters else len(chosen),
        "filters": filters,
        "similarity_order": [chosen[place] for place in similarity_order(maxima)],
    }


def images_record(session: Session, parts: Parts, outputs: Sequence[str]) -> list[dict[str, Any]]:
    """The model's pictures, by id."""
    height, width = session.size
    found = []
    for image, entry in enumerate(session.images.entries):
        item: dict[str, Any] = {
            "id": image,
            "path": entry.path,
            "label": entry.label,
            "width": width,
            "height": height,
        }
        if image in parts.photos:
            item["picture"] = {"unit": parts.photos[image], "blob": str(image), "size": [width, height]}
        if image in parts.findings.skipped:
            item["skipped"] = parts.findings.skipped[image]
        if outputs and image in parts.findings.predictions:
            best = parts.findings.predictions[image][:3]
            item["predictions"] = [[outputs[output], float(f"{share:.4g}")] for output, share in best]
        found.append(item)
    return found


def _pictures(session: Session, parts: Parts, layer: Layer, index: int) -> dict[str, Any]:
    facts = parts.projected[layer.name][index]
    column = session.spans[layer.name].start + index
    mined = parts.findings.mined
    avg, best = mined.avg, mined.max
    top_avg = [
        {"image": int(image), "score": _score(score), **_gradient(own)}
        for image, score, own in zip(avg.images[column], avg.scores[column], facts["avg"], strict=False)
    ]
    top_max = [
        {
            "image": int(image),
            "score": _score(score),
            "position": list(divmod(int(place), layer.output[2])),
            **_gradient(own),
        }
        for image, score, place, own in zip(
            best.images[column], best.scores[column], best.places[column], facts["max"], strict=False
        )
    ]
    return {"top_avg": top_avg, "top_max": top_max}


def _gradient(facts: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in facts.items() if name not in ("grad_size", "unit", "blob")}
    if "grad_size" not in facts:
        return {**rest, "grad": {"skipped": "the unit sees padding only"}}
    return {**rest, "grad": {"unit": facts["unit"], "blob": facts["blob"], "size": facts["grad_size"]}}


def _synthesis(session: Session, parts: Parts, layer: Layer, index: int) -> dict[str, Any]:
    if session.config.synthesis is None:
        return {}
    found = parts.synthesised.get(layer.name, {}).get(index)
    if found is None:
        return {"max_activ": {"skipped": "not among the filters that synthesis.filters chooses"}}
    unit, facts = found
    if "failed" in facts:
        return {"max_activ": {"skipped": facts["failed"]}}
    best = float(parts.findings.mined.avg.scores[session.spans[layer.name].start + index, 0])
    height, width = session.size
    score = parts.scored[layer.name][index]
    return {
        "max_activ": {
            "picture": {"unit": unit, "blob": str(index), "size": [width, height]},
            "score": _score(score),
            **{name: facts[name] for name in ("steps", "seed", "robust")},
            "ratio": float(f"{score / best:.4g}") if best > 0 else None,
        }
    }


def _classes(session: Session, findings: Findings, layer: Layer, index: int) -> dict[str, Any]:
    labels = session.images.labels
    if not labels:
        return {}
    column = session.spans[layer.name].start + index
    counts = findings.mined.counts

    def ranked(sums: Any) -> list[list[Any]]:
        means = np.divide(sums[:, column], counts, out=np.full(len(counts), -np.inf), where=counts > 0)
        order = [int(number) for number in np.argsort(-means, kind="stable") if counts[number] > 0]
        return [[labels[number], _score(means[number])] for number in order]

    return {"classes": {"avg": ranked(findings.mined.class_avg), "max": ranked(findings.mined.class_max)}}


def _over_all(session: Session, findings: Findings, layer: Layer, index: int) -> dict[str, Any]:
    """What is known from every picture, also where the responses of only some were kept."""
    column = session.spans[layer.name].start + index
    return {
        "dead": bool(findings.mined.max.scores[column, 0] <= 0),
        "always_on": bool(findings.mined.lowest_mean[column] > 0),
        "max": _score(findings.mined.max.scores[column, 0]),
    }


def collect(session: Session, units: Sequence[WorkUnit], make: Any) -> dict[str, dict[int, tuple[str, Any]]]:
    """Read the facts of all filters from the units that hold them, by layer and filter."""
    found: dict[str, dict[int, tuple[str, Any]]] = {}
    for unit in units:
        stored = session.fetch(unit, make)
        own = found.setdefault(unit.layer, {})
        for index, facts in stored.record["filters"].items():
            own[int(index)] = (unit.key, facts)
    return found


def _score(value: float) -> float:
    return float(f"{float(value):.{_SCORE_DIGITS}g}")
