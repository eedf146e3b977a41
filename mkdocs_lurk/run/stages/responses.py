"""The responses of every filter to every picture, in shards of pictures that are merged."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.analysis.filter_statistics import filter_statistics
from mkdocs_lurk.analysis.outputs import OutputRows
from mkdocs_lurk.analysis.responses import Responses as BatchResponses
from mkdocs_lurk.analysis.responses import ResponseSummary, measure_responses, merge_all
from mkdocs_lurk.analysis.topk import TopK
from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.image_set import ImageSet
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.records.response_records import ClassMeans, ClassValue, FilterStats
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.findings import Findings
from mkdocs_lurk.run.output_rows import check_rows, expected_arrays, rows_of_batch, rows_of_unit, rows_to_blobs
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.protocol import Stage, StageEstimate
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.unit_check import check_arrays, check_same, check_unit_record
from mkdocs_lurk.run.unit_records import ShardRecord
from mkdocs_lurk.run.work import UnitResult, WorkUnit, array_from_bytes, array_to_bytes
from mkdocs_lurk.store.store import StoredUnit

log = logging.getLogger("mkdocs.plugins.lurk")

_SUMMARY = "mined"
"""How the names of a summary's stored arrays begin."""


class Responses(Stage):
    """Shows every picture to the network once, and keeps what all filters of all layers respond."""

    name = "responses"

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per shard of pictures."""
        session = self.session
        entries, sizes = session.images.entries, session.sizes
        length = max(sizes.shard_pictures, -(-len(entries) // sizes.most_shards))
        cost = float(sum(layer.macs for layer in session.layers))
        described = [[layer.name, *layer.output] for layer in session.layers]
        labels, is_probability = list(session.images.labels), session.rehearsed.are_probabilities
        for ids in chunks(range(len(entries)), length):
            contents = [[entries[i].digest, entries[i].label, session.rehearsed.targets[i]] for i in ids]
            what = [described, session.config.top_k, session.config.max_pixels, labels, ids[0], self._stride, contents]
            what += [is_probability]
            yield WorkUnit(session.key("responses", *what), cost * len(ids), "", ids)

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Show a shard's pictures to the network."""
        session = self.session
        shard = _Shard(session, self._stride)
        batch = session.limit_batch(session.sizes.response_batch)
        for ids, x, unreadable in session.pictures.batches(unit.items, batch):
            shard.skipped |= unreadable  # without their names: another model may have these pictures under others
            if ids:
                names = [session.images.name(image) for image in ids]
                shard.add(ids, *measure_responses(session.network.probe, session.to_device(x), names=names))
        return shard.result()

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit is about its shard's pictures, with arrays for all filters."""
        record = check_unit_record(stored, ShardRecord)
        named = {*record["kept"], *record["read"], *(image for image, _ in record["skipped"])}
        check_same("its pictures", named <= set(unit.items), True)
        all_columns = self.session.network.columns
        nothing = _no_responses(self.session.images, self.session.config.top_k, all_columns)
        like = {f"{_SUMMARY}/{name}": array for name, array in nothing.to_arrays().items()}
        for number, columns in enumerate(all_columns.values()):
            rows = np.empty((len(record["kept"]), columns.stop - columns.start), np.float32)
            like |= {f"{kind}/{number}": rows for kind in ("means", "maxima", "minima")}
        arrays = check_arrays(stored, like)
        outputs = check_arrays(stored, expected_arrays(self.session.rehearsed, len(record["read"])))
        check_rows(self.session.rehearsed, record["read"], outputs)
        ranked = np.concatenate([arrays[f"{_SUMMARY}/{kind}_images"] for kind in ("avg", "max")])
        check_same("its ranked pictures", set(np.unique(ranked).tolist()) <= {-1, *unit.items}, True)

    @cached_property
    def found(self) -> Findings:
        """All shards merged.

        Raises:
            ImageError: Not one picture could be read.
        """
        summary: ResponseSummary | None = None
        kept: list[int] = []
        skipped: dict[int, str] = {}
        rows: list[OutputRows] = []
        for unit in self.units:
            stored = self.fetch(unit)
            record = cast(ShardRecord, stored.record)
            names = [name for name in stored.names if name.startswith(f"{_SUMMARY}/")]
            arrays = {name.partition("/")[2]: array_from_bytes(stored.blob(name)) for name in names}
            shard = ResponseSummary.from_arrays(arrays)
            summary = shard if summary is None else summary.merge(shard)
            kept += record["kept"]
            skipped |= {image: f"{self.session.images.name(image)} {why}" for image, why in record["skipped"]}
            rows += rows_of_unit(stored)
        if summary is None or not summary.n_images:
            n_images, reason = len(self.session.images.entries), next(iter(skipped.values()))
            raise ImageError(f"{self.session.config.images}: not one of {n_images} pictures could be read; {reason}")
        outputs = OutputRows.join(rows) if rows else None
        return Findings(summary, np.array(kept, np.int64), skipped, outputs)

    def of_layer(self, layer: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Read one layer's kept responses: spatial means and maxima, each ``(n_kept, n_filters)``."""
        number = list(self.session.network.columns).index(layer)
        stored = [self.fetch(unit) for unit in self.units]
        means = np.concatenate([array_from_bytes(unit.blob(f"means/{number}")) for unit in stored])
        maxima = np.concatenate([array_from_bytes(unit.blob(f"maxima/{number}")) for unit in stored])
        return means, maxima

    def means_of(self, layers: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Read the kept spatial means of several layers, each ``(n_kept, n_filters)``; every unit is read once."""
        numbers = {layer: number for number, layer in enumerate(self.session.network.columns)}
        parts: dict[str, list[NDArray[np.float32]]] = {layer: [] for layer in layers}
        for stored in map(self.fetch, self.units):
            for layer, own in parts.items():
                own.append(array_from_bytes(stored.blob(f"means/{numbers[layer]}")))
        return {layer: np.concatenate(own) for layer, own in parts.items()}

    def extremes(self, count: int) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Read the spatial minima and maxima of every layer, on evenly spaced ones of the kept pictures.

        Returns:
            Minima and maxima by layer, each ``(n, n_filters)`` with up to ``count`` pictures.
        """
        step, layers = -(-len(self.found.kept) // count), list(self.session.network.columns)
        parts: dict[str, list[list[NDArray[np.float32]]]] = {layer: [[], []] for layer in layers}
        first = 0
        for unit in self.units:
            stored = self.fetch(unit)
            n_kept = len(cast(ShardRecord, stored.record)["kept"])
            rows = np.arange(-first % step, n_kept, step)
            first += n_kept
            for number, layer in enumerate(layers) if len(rows) else ():
                for part, kind in zip(parts[layer], ("minima", "maxima"), strict=True):
                    part.append(array_from_bytes(stored.blob(f"{kind}/{number}"))[rows])
        return {name: (np.concatenate(minima), np.concatenate(maxima)) for name, (minima, maxima) in parts.items()}

    def spaced(self, count: int) -> NDArray[np.int64]:
        """Return the ids of the pictures that ``extremes`` reads, rising."""
        return self.found.kept[:: -(-len(self.found.kept) // count)]

    def report(self) -> None:
        """Log which pictures are skipped."""
        for image, reason in self.found.skipped.items():
            log.info("picture %s is skipped: %s", self.session.images.entries[image].path, reason)

    def collect(self, draft: RecordDraft) -> None:
        """Write each filter's statistics and class means, and why pictures were skipped."""
        draft.responses = [unit.key for unit in self.units]
        for image, reason in self.found.skipped.items():
            draft.images[image]["skipped"] = reason
        for layer in self.session.layers:
            for index, stats in self._statistics(layer).items():
                record = draft.filter(layer.name, index)
                record["stats"] = stats
                if self.session.images.labels:
                    record["classes"] = self._class_means(layer, index)

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate by the pictures that were tried."""
        session = self.session
        pictures = sum(len(unit.items) for unit in session.runner.missing(self))
        n_filters, n_classes = sum(layer.filters for layer in session.layers), len(session.images.labels)
        shard_bytes = n_filters * (32 * session.config.top_k + 16 * n_classes + 4)
        kept_bytes = 12 * n_filters * min(len(session.images.entries), session.sizes.kept_responses)
        return StageEstimate(pictures * (trial.decode_s + trial.forward_s), len(self.units) * shard_bytes + kept_bytes)

    @property
    def _stride(self) -> int:
        """Of how many pictures one has its responses kept."""
        return -(-len(self.session.images.entries) // self.session.sizes.kept_responses)

    def _statistics(self, layer: Layer) -> dict[int, FilterStats]:
        """Describe the chosen filters: from the kept responses, and where it can be known, from all pictures."""
        session, summary = self.session, self.found.summary
        chosen = session.filters(layer)
        means, maxima = (rows[:, chosen] for rows in self.of_layer(layer.name))
        labels = class_numbers(session.images, self.found.kept.tolist())
        described = filter_statistics(means, maxima, labels, tuple(session.images.labels), chosen)
        first = session.network.columns[layer.name].start
        found: dict[int, FilterStats] = {}
        for index, stats in zip(chosen, described, strict=True):
            highest = summary.max.scores[first + index, 0]
            stats["dead"] = bool(highest <= 0)
            stats["always_on"] = bool(summary.lowest_mean[first + index] > 0)
            stats["max"] = round_significant(highest)
            found[index] = stats
        return found

    def _class_means(self, layer: Layer, index: int) -> ClassMeans:
        summary = self.found.summary
        column = self.session.network.columns[layer.name].start + index
        avg, maximum = (self._ranked_classes(sums[:, column]) for sums in (summary.class_avg, summary.class_max))
        return {"avg": avg, "max": maximum}

    def _ranked_classes(self, sums: NDArray[np.float64]) -> list[ClassValue]:
        """The classes that have pictures, by falling mean response."""
        labels, counts = self.session.images.labels, self.found.summary.counts
        means = np.divide(sums, counts, out=np.full(len(counts), -np.inf), where=counts > 0)
        order = [int(number) for number in np.argsort(-means, kind="stable") if counts[number] > 0]
        return [(labels[number], round_significant(means[number])) for number in order]


class _Shard:
    """The responses of a shard while its batches come in."""

    def __init__(self, session: Session, stride: int) -> None:
        self.skipped: dict[int, str] = {}
        self._images, self._top_k, self._rehearsed = session.images, session.config.top_k, session.rehearsed
        self._columns, self._stride = session.network.columns, stride
        self._parts: list[ResponseSummary] = []
        self._means: list[NDArray[np.float32]] = []
        self._maxima: list[NDArray[np.float32]] = []
        self._minima: list[NDArray[np.float32]] = []
        self._kept: list[int] = []
        self._rows: list[OutputRows] = []

    def add(self, ids: Sequence[int], by_layer: dict[str, BatchResponses], outputs: Tensor | None) -> None:
        """Take in the responses to a batch of pictures."""
        responses = join_layers([by_layer[layer] for layer in self._columns])
        self._parts.append(summarise_batch(self._images, self._top_k, ids, responses))
        kept_rows = [row for row, image in enumerate(ids) if image % self._stride == 0]
        self._kept += [ids[row] for row in kept_rows]
        self._means.append(responses.means[kept_rows])
        self._maxima.append(responses.maxima[kept_rows])
        self._minima.append(responses.minima[kept_rows])
        self._rows += rows_of_batch(self._rehearsed, ids, outputs)

    def result(self) -> UnitResult:
        """Return what is stored of the shard."""
        nothing = _no_responses(self._images, self._top_k, self._columns)
        merged = merge_all(self._parts) if self._parts else nothing
        arrays = {f"{_SUMMARY}/{name}": array for name, array in merged.to_arrays().items()}
        for number, columns in enumerate(self._columns.values()):
            empty = np.empty((0, columns.stop - columns.start), np.float32)
            for kind, kept in (("means", self._means), ("maxima", self._maxima), ("minima", self._minima)):
                arrays[f"{kind}/{number}"] = np.concatenate([empty, *(rows[:, columns] for rows in kept)])
        record: ShardRecord = {
            "kept": self._kept,
            "skipped": list(self.skipped.items()),
            "read": [int(image) for rows in self._rows for image in rows.images],
        }
        blobs = {name: array_to_bytes(array) for name, array in arrays.items()}
        return UnitResult(record, blobs | rows_to_blobs(self._rows), [torch.float32])


def join_layers(layers: Sequence[BatchResponses]) -> BatchResponses:
    """Join the responses of all layers, in their order, into those of all filters side by side."""
    return BatchResponses(
        np.concatenate([layer.means for layer in layers], axis=1),
        np.concatenate([layer.maxima for layer in layers], axis=1),
        np.concatenate([layer.minima for layer in layers], axis=1),
        np.concatenate([layer.positions for layer in layers], axis=1),
    )


def summarise_batch(images: ImageSet, top_k: int, ids: Sequence[int], responses: BatchResponses) -> ResponseSummary:
    """Reduce the responses to a batch of pictures to top-k lists and sums by class."""
    return ResponseSummary.of(responses, np.array(ids), class_numbers(images, ids), len(images.labels), top_k)


def class_numbers(images: ImageSet, ids: Sequence[int]) -> NDArray[np.int64]:
    """Return the class number of each picture, ``(n,)``; -1 for a picture without a class."""
    numbers = {label: number for number, label in enumerate(images.labels)}
    labels = (images.entries[image].label for image in ids)
    return np.array([-1 if label is None else numbers[label] for label in labels], np.int64)


def _no_responses(images: ImageSet, top_k: int, columns: Mapping[str, slice]) -> ResponseSummary:
    """Return the summary of a shard without a readable picture."""
    n_filters, n_classes = max(span.stop for span in columns.values()), len(images.labels)
    sums = np.zeros((n_classes, n_filters))
    empty = TopK.empty(n_filters, top_k)
    return ResponseSummary(
        empty, empty, sums, sums, np.zeros(n_classes, np.int64), np.full(n_filters, np.inf, np.float32), 0
    )
