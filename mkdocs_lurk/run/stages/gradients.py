"""Gradients and crops of every filter's best pictures.

Units are chunks of pairs of a filter and a picture, sorted by picture: all filters of all layers that rank a picture
share its forward pass. ``analysis/gradients`` computes them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle, groupby, islice
from typing import cast

import torch

from mkdocs_lurk.analysis.gradients.engine import GradientEngine
from mkdocs_lurk.analysis.gradients.requests import GradientRequest
from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.records.model_record import PictureReference, RankedMaximum, RankedMean, Skipped
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.findings import Findings, ranked
from mkdocs_lurk.run.gradient_pictures import describe_gradient, encode_gradient
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.protocol import StageEstimate
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.unit_check import check_blobs, check_same, check_unit_record
from mkdocs_lurk.run.unit_records import GradientsRecord, StoredGradient
from mkdocs_lurk.run.work import UnitResult, WorkUnit
from mkdocs_lurk.store.store import StoredUnit

_COST = 0.4
"""Of a pair, in float32 forward passes up to its layer: between a fifth and one, depending on the processor."""
_LEAST_COSINE = 0.98
"""What ``results.json`` promises of a gradient's picture."""
_TRIED_FILTERS, _TRIED_PAIRS = 32, 6
_SHARE_OF_TRIAL = 0.4
"""Of the time that is left to an estimate; the rest is for gradient ascent."""


@dataclass(frozen=True, slots=True)
class RankedPicture:
    """A filter and one of its best pictures.

    Attributes:
        rank: Its place in the filter's list, from 0.
        position: ``(y, x)`` of the maximal unit; None for a picture of ``top_avg``, whose gradient is the mean's.
    """

    layer: str
    filter: int
    rank: int
    image: int
    score: float
    position: tuple[int, int] | None = None

    @property
    def request(self) -> GradientRequest:
        """What is asked of the gradients."""
        return GradientRequest(self.image, self.layer, self.filter, self.position)


class Gradients(AfterResponses):
    """Computes the gradient, and for maxima the crop's box, of every filter's best pictures."""

    name = "gradients and crops"
    result = "gradients"

    def __init__(self, session: Session, responses: Responses) -> None:
        super().__init__(session, responses)
        self._engine = GradientEngine(
            session.network, session.config.gradient, session.pictures.tensor, session.limit_batch
        )

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per chunk of pairs."""
        session, costs = self.session, self.session.network.macs_up_to
        for numbers in _chunks_by_picture(self._pairs, session.sizes.pairs):
            pairs = [self._pairs[number] for number in numbers]
            described = [[pair.layer, pair.filter, list(pair.position or ())] for pair in pairs]
            digests = session.picture_digests(pair.image for pair in pairs)
            what = [session.config.gradient, str(session.network.fast_dtype), described, digests]
            cost = _COST * sum(costs[pair.layer] for pair in pairs)
            yield WorkUnit(session.key("gradients", *what), cost, "", numbers)

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Compute the gradients and boxes of a chunk of pairs."""
        return self._computed([self._pairs[number].request for number in unit.items])

    def _computed(self, requests: Sequence[GradientRequest]) -> UnitResult:
        """Compute what is stored of some pairs."""
        facts: list[StoredGradient] = [{} for _ in requests]
        blobs: dict[str, bytes] = {}
        formats: set[torch.dtype] = set()
        for place, result in self._engine.compute(requests):
            facts[place] = describe_gradient(result)
            formats.add(result.dtype)
            if result.gradient is not None and "grad_size" in facts[place]:
                blobs[str(place)] = encode_gradient(result.gradient)
        record: GradientsRecord = {"pairs": facts}
        return UnitResult(record, dict(sorted(blobs.items())), formats)

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit holds as many pairs as its chunk, and a picture for each that has one."""
        pairs = check_unit_record(stored, GradientsRecord)["pairs"]
        check_same("its pairs", len(pairs), len(unit.items))
        check_blobs(stored, [str(place) for place, facts in enumerate(pairs) if "grad_size" in facts])

    def collect(self, draft: RecordDraft) -> None:
        """Write every filter's best pictures with their gradients and boxes."""
        means: dict[tuple[str, int], dict[int, RankedMean]] = defaultdict(dict)
        maxima: dict[tuple[str, int], dict[int, RankedMaximum]] = defaultdict(dict)
        n_coarse = 0
        for unit in self.units:
            stored = cast(GradientsRecord, self.fetch(unit).record)["pairs"]
            for place, number in enumerate(unit.items):
                pair, facts = self._pairs[number], stored[place]
                mean = ranked_mean(pair, facts, unit.key, str(place))
                n_coarse += facts.get("grad_cosine", 1.0) < _LEAST_COSINE
                if pair.position is None:
                    means[pair.layer, pair.filter][pair.rank] = mean
                else:
                    maxima[pair.layer, pair.filter][pair.rank] = ranked_maximum(mean, pair.position, facts)
        if n_coarse:
            draft.notes.append(
                f"Of {n_coarse} gradients the picture, of 8 bits, is coarser than usual, since a few values exceed all "
                f"others by far: its cosine to the gradient is below {_LEAST_COSINE}."
            )
        for layer, index, record in draft.filters():
            record["top_avg"] = [mean for _, mean in sorted(means[layer.name, index].items())]
            record["top_max"] = [maximum for _, maximum in sorted(maxima[layer.name, index].items())]
        draft.notes += self.session.notes_on_gradients

    def expected_cost(self) -> float:
        """Return the cost of all pairs, whose number is known before their pictures are."""
        costs = self.session.network.macs_up_to
        return sum(_COST * costs[layer.name] * count for layer, count in self._expected_pairs())

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate by a few pairs of some layers, on one picture."""
        with trial.watch.share(_SHARE_OF_TRIAL):
            forward_s, pair_s, pair_bytes = self._try(trial)
        expected = [count for _, count in self._expected_pairs()]
        if self.ready:
            numbers = {layer.name: number for number, layer in enumerate(self.session.layers)}
            missing = [self._pairs[place] for unit in self.session.runner.missing(self) for place in unit.items]
            left_s = sum(pair_s[numbers[pair.layer]] for pair in missing)
            n_pictures = len({pair.image for pair in missing})
        else:
            left_s = sum(count * own_s for count, own_s in zip(expected, pair_s, strict=True))
            n_pictures = min(len(self.session.images.entries), sum(expected))
        size = sum(count * own for count, own in zip(expected, pair_bytes, strict=True))
        return StageEstimate(left_s + n_pictures * forward_s, size)

    @cached_property
    def _pairs(self) -> list[RankedPicture]:
        """The pairs of all chosen filters of all layers, sorted by picture."""
        session, found, columns = self.session, self._responses.found, self.session.network.columns
        pairs = [pair for layer in session.layers for pair in list_pairs(found, columns, layer, session.filters(layer))]
        return sorted(pairs, key=lambda pair: pair.image)

    def _expected_pairs(self) -> list[tuple[Layer, int]]:
        session = self.session
        return [(layer, len(session.filters(layer)) * 2 * session.config.top_k) for layer in session.layers]

    def _try(self, trial: Trial) -> tuple[float, list[float], list[float]]:
        """Return seconds of a picture's forward pass; for every layer, seconds and bytes per pair.

        Layers are tried in order as long as there is time; the first is always tried.
        """
        session, image, watch = self.session, trial.images[0], trial.watch

        def some(layer: Layer, n_pairs: int) -> list[GradientRequest]:
            filters = session.filters(layer)[:_TRIED_FILTERS]
            pairs = list_pairs(trial.findings, session.network.columns, layer, filters)
            of_picture = sorted((pair for pair in pairs if pair.image == image), key=lambda pair: pair.rank)
            return [pair.request for pair in islice(cycle(of_picture), n_pairs)]

        first = next((requests[0] for layer in session.layers if (requests := some(layer, 1))), None)
        if first is None:
            return 0.0, [0.0] * len(session.layers), [0.0] * len(session.layers)
        bare = [GradientRequest(first.image, first.layer, first.filter, None)]
        forward_s = watch.best_of(lambda: list(self._engine.compute(bare)))  # the first try does what happens once
        pair_s: dict[int, float] = {}
        pair_bytes: dict[int, float] = {}
        for number in trial.layers:
            requests = some(session.layers[number], self._engine.plain_batch_size or _TRIED_PAIRS)
            expected_s = len(requests) * trial.macs_up_to[number] * trial.seconds_per_mac
            if pair_s and not watch.has_time_for(forward_s + expected_s):
                continue
            done: list[UnitResult] = []
            spent_s = watch.best_of(lambda: done.append(self._computed(requests)))  # noqa: B023 - at once
            pair_s[number] = max(spent_s - forward_s, 0.0) / max(1, len(requests))
            pair_bytes[number] = sum(map(len, done[0].blobs.values())) / max(1, len(requests))
        return forward_s, trial.over_layers(pair_s), trial.over_layers(pair_bytes, by_cost=False)


def list_pairs(
    findings: Findings, columns: Mapping[str, slice], layer: Layer, filters: Iterable[int]
) -> list[RankedPicture]:
    """List the best pictures of some filters of a layer, of both rankings.

    Args:
        findings: What the responses of all pictures show.
        columns: Where each layer's filters are among all filters side by side.
        layer: The layer.
        filters: Some of its filters.
    """
    first, width = columns[layer.name].start, layer.output[2]
    pairs: list[RankedPicture] = []
    for index in filters:
        means, maxima = (ranked(best, first + index) for best in (findings.summary.avg, findings.summary.max))
        pairs += [RankedPicture(layer.name, index, best.rank, best.image, best.score) for best in means]
        pairs += [
            RankedPicture(layer.name, index, best.rank, best.image, best.score, divmod(best.place, width))
            for best in maxima
        ]
    return pairs


def ranked_mean(pair: RankedPicture, stored: StoredGradient, unit: str, blob: str) -> RankedMean:
    """Return what is published of a pair of ``top_avg``, whose gradient is a blob of a unit."""
    grad: PictureReference | Skipped = {"skipped": stored.get("grad_skipped", "the unit sees padding only")}
    if "grad_size" in stored:
        grad = {"unit": unit, "blob": blob, "size": stored["grad_size"], "cosine": stored["grad_cosine"]}
    return {"image": pair.image, "score": round_significant(pair.score), "grad": grad}


def ranked_maximum(mean: RankedMean, position: tuple[int, int], stored: StoredGradient) -> RankedMaximum:
    """Return what is published of a pair of ``top_max``: that of ``top_avg``, with the unit and its boxes."""
    maximum: RankedMaximum = {
        "image": mean["image"],
        "score": mean["score"],
        "position": list(position),
        "box": stored["box"],
        "field": stored["field"],
        "grad": mean["grad"],
    }
    if "field_box" in stored:
        maximum["field_box"] = stored["field_box"]
    if "energy" in stored:
        maximum["energy"] = stored["energy"]
    if "grad_box" in stored:
        maximum["grad_box"] = stored["grad_box"]
    return maximum


def _chunks_by_picture(pairs: Sequence[RankedPicture], length: int) -> list[tuple[int, ...]]:
    """Cut pairs, by number, into chunks; those of one picture stay together unless they are too many."""
    by_picture = [list(numbers) for _, numbers in groupby(range(len(pairs)), key=lambda number: pairs[number].image)]
    found: list[tuple[int, ...]] = []
    current: list[int] = []
    for numbers in by_picture:
        for piece in chunks(numbers, length):
            if current and len(current) + len(piece) > length:
                found.append(tuple(current))
                current = []
            current += piece
    return [*found, tuple(current)] if current else found
