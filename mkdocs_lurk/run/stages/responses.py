"""Mine shards of pictures, and merge them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.analysis import responses as activations
from mkdocs_lurk.analysis.responses import Responses, ResponseSummary
from mkdocs_lurk.analysis.topk import TopK
from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.run.session import Session, WorkUnit, array_bytes, array_from, runs

STAGE = "looking at pictures"
BATCH = 16
_SHARD, _MOST_SHARDS = 64, 4000
_KEPT_RESPONSES = 10_000
_PREDICTIONS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What mining found, over all filters of all layers side by side.

    Attributes:
        mined: The merged reducer.
        kept: ``(n_kept,)`` ids of the pictures whose responses were kept: all, or evenly spaced ones of a large set.
        skipped: Pictures that could not be read, and why.
        predictions: For each picture the five likeliest outputs and their probabilities; empty for other networks.
        n_outputs: Numbers that the network gives for a picture; 0 where it does not classify.
        shards: The units that all this was merged from.
    """

    mined: ResponseSummary
    kept: NDArray[np.int64]
    skipped: dict[int, str]
    predictions: dict[int, list[tuple[int, float]]]
    n_outputs: int
    shards: tuple[WorkUnit, ...]


def shards(session: Session) -> list[WorkUnit]:
    """The units of mining: runs of pictures that do not move with the number of processes."""
    entries = session.images.entries
    length = max(_SHARD, -(-len(entries) // _MOST_SHARDS))
    cost = float(sum(layer.macs for layer in session.layers))
    described = [[layer.name, *layer.output] for layer in session.layers]
    labels = list(session.images.labels)
    units = []
    for ids in runs(range(len(entries)), length):
        seen = [[entries[image].digest, entries[image].label] for image in ids]
        key = session.key(
            "mine", activations.ALGORITHM, described, session.config.top_k, labels, ids[0], _stride(session), seen
        )
        units.append(WorkUnit(key, cost * len(ids), "", ids))
    return units


def mine_shard(session: Session, unit: WorkUnit) -> None:
    """Show a shard's pictures to the network and store what was found."""
    parts: list[ResponseSummary] = []
    means: list[NDArray[np.float32]] = []
    maxima: list[NDArray[np.float32]] = []
    kept: list[int] = []
    skipped: dict[int, str] = {}
    predictions: dict[int, list[tuple[int, float]]] = {}
    n_outputs = 0
    for ids, x, unreadable in session.pictures.batches(unit.items, session.batch(BATCH)):
        skipped |= unreadable
        if not ids:
            continue
        by_layer, outputs = activations.measure_responses(session.probe, session.placed(x))
        found = side_by_side([by_layer[layer.name] for layer in session.layers])
        parts.append(
            ResponseSummary.of(
                found, np.array(ids), labels_of(session, ids), len(session.images.labels), session.config.top_k
            )
        )
        wanted = [row for row, image in enumerate(ids) if image % _stride(session) == 0]
        kept += [ids[row] for row in wanted]
        means.append(found.means[wanted])
        maxima.append(found.maxima[wanted])
        predictions |= _predictions(ids, outputs)
        n_outputs = 0 if outputs is None else outputs.shape[1]
    merged = activations.merge_all(parts) if parts else _nothing(session)
    arrays = {f"mined/{name}": array for name, array in merged.to_arrays().items()}
    for number, span in enumerate(session.spans.values()):
        none = np.empty((0, span.stop - span.start), np.float32)
        arrays[f"means/{number}"] = np.concatenate([none, *(rows[:, span] for rows in means)])
        arrays[f"maxima/{number}"] = np.concatenate([none, *(rows[:, span] for rows in maxima)])
    record = {
        "kept": kept,
        "n_outputs": n_outputs,
        "skipped": [[image, why] for image, why in skipped.items()],
        "predictions": [[image, *map(list, found)] for image, found in predictions.items()],
    }
    session.store.put(unit.key, record, {name: array_bytes(array) for name, array in arrays.items()})


def merge(session: Session, units: Sequence[WorkUnit]) -> Findings:
    """Merge all shards from the store.

    Raises:
        ImageError: Not one picture could be read.
    """
    mined: ResponseSummary | None = None
    kept: list[int] = []
    skipped: dict[int, str] = {}
    predictions: dict[int, list[tuple[int, float]]] = {}
    n_outputs = 0
    for unit in units:
        stored = session.fetch(unit, mine_shard)
        part = ResponseSummary.from_arrays(
            {
                name.partition("/")[2]: array_from(stored.blob(name))
                for name in stored.names
                if name.startswith("mined/")
            }
        )
        mined = part if mined is None else mined.merge(part)
        kept += stored.record["kept"]
        n_outputs = max(n_outputs, stored.record["n_outputs"])
        skipped |= dict(stored.record["skipped"])
        predictions |= {
            image: [(output, share) for output, share in best] for image, *best in stored.record["predictions"]
        }
    if mined is None or not mined.n_images:
        raise ImageError(f"{session.config.images}: not one of {len(session.images.entries)} pictures could be read")
    return Findings(mined, np.array(kept, np.int64), skipped, predictions, n_outputs, tuple(units))


def responses(session: Session, findings: Findings, layer: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Read one layer's kept means and maxima, each ``(n_kept, n_filters)``."""
    number = list(session.spans).index(layer)
    stored = [session.fetch(unit, mine_shard) for unit in findings.shards]
    means = np.concatenate([array_from(unit.blob(f"means/{number}")) for unit in stored])
    maxima = np.concatenate([array_from(unit.blob(f"maxima/{number}")) for unit in stored])
    return means, maxima


def side_by_side(layers: Sequence[Responses]) -> Responses:
    """Join the responses of all layers, in their order, into those of all filters."""
    return Responses(
        np.concatenate([layer.means for layer in layers], axis=1),
        np.concatenate([layer.maxima for layer in layers], axis=1),
        np.concatenate([layer.positions for layer in layers], axis=1),
    )


def _nothing(session: Session) -> ResponseSummary:
    """What a shard without a readable picture found."""
    n_filters = sum(layer.filters for layer in session.layers)
    n_classes, k = len(session.images.labels), session.config.top_k
    sums = np.zeros((n_classes, n_filters))
    none = TopK.empty(n_filters, k)
    return ResponseSummary(
        none, none, sums, sums, np.zeros(n_classes, np.int64), np.full(n_filters, np.inf, np.float32), 0
    )


def labels_of(session: Session, ids: Sequence[int]) -> NDArray[np.int64]:
    """The class numbers of pictures, ``(n,)``; -1 where a picture has none."""
    numbers = {label: number for number, label in enumerate(session.images.labels)}
    labels = (session.images.entries[image].label for image in ids)
    return np.array([-1 if label is None else numbers[label] for label in labels], np.int64)


def _predictions(ids: Sequence[int], outputs: Tensor | None) -> dict[int, list[tuple[int, float]]]:
    if outputs is None or outputs.shape[1] < 2:
        return {}
    shares, best = outputs.softmax(1).topk(min(_PREDICTIONS, outputs.shape[1]))
    return {
        image: [(int(output), float(share)) for output, share in zip(best[row], shares[row], strict=True)]
        for row, image in enumerate(ids)
    }


def _stride(session: Session) -> int:
    """Of how many pictures one has its responses kept."""
    return -(-len(session.images.entries) // _KEPT_RESPONSES)
