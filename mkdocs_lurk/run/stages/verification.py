"""Verification: every score is computed again from the stored picture, through the whole network.

A photo's scores were computed with the responses, and are computed again; the same pass finds the positions of the
responses that ``range`` shows. A synthesis is scored here, in float32, from
its stored file alone; what its ascent saw must agree. If the ascent ran in bfloat16, which agrees in a few digits only,
the first synthesis of every unit and each that strays are scored twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from mkdocs_lurk.analysis.response_range import ExtremeFinder
from mkdocs_lurk.analysis.responses import measure_responses
from mkdocs_lurk.analysis.synthesis.artefacts import flat_pictures, won_by
from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.records.model_record import WonBy
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.records.verification_record import VerificationRecord
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.findings import Findings
from mkdocs_lurk.run.range_picks import RangePicks
from mkdocs_lurk.run.score_proof import FLOOR, TOLERANCE, ScoreProof
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.photos import Photos
from mkdocs_lurk.run.stages.protocol import StageEstimate
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.stages.synthesis import Syntheses
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.unit_check import check_arrays, check_same, check_unit_record
from mkdocs_lurk.run.unit_records import SynthesesRecord, VerifiedUnitRecord
from mkdocs_lurk.run.work import UnitResult, WorkUnit, array_from_bytes, array_to_bytes
from mkdocs_lurk.store.store import StoredUnit

_LEAST_DENOMINATOR = 0.01
"""The least score of the best photo, as a share of the layer's highest response, that a synthesis is compared with."""
_PASSES_PER_SYNTHESIS = 3


@dataclass(frozen=True, slots=True)
class _Scores:
    """Scores of the top-k lists: picture, column among all filters, which of the two lists, and value."""

    images: NDArray[np.int64]
    columns: NDArray[np.int64]
    are_maxima: NDArray[np.bool_]
    values: NDArray[np.float32]


class Verification(AfterResponses):
    """Computes scores again from stored pictures, and scores syntheses."""

    name = "verifying scores"
    result = "verification"

    def __init__(
        self, session: Session, responses: Responses, photos: Photos, syntheses: Syntheses, picks: RangePicks
    ) -> None:
        super().__init__(session, responses)
        self._photos, self._syntheses, self._picks = photos, syntheses, picks
        self._proof = ScoreProof(session, responses, photos)
        self._subjects: dict[str, WorkUnit] = {}

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per unit of photos and of syntheses."""
        session, found = self.session, self._responses.found
        pass_cost = float(sum(layer.macs for layer in session.layers))
        for photos in self._photos.units:
            scores, picked = _scores_of(found, photos.items), self._picks.on(photos.items)
            arrays = (scores.columns, scores.values, picked.rows, picked.columns, picked.scores)
            key = session.key("verification", "photos", photos.key, *[array.tobytes() for array in arrays])
            self._subjects[key] = photos
            yield WorkUnit(key, pass_cost * len(photos.items), "", photos.items)
        for made in self._syntheses.units:
            key = session.key("verification", "syntheses", made.key, self._highest_response(made.layer))
            self._subjects[key] = made
            cost = _PASSES_PER_SYNTHESIS * session.network.macs_up_to[made.layer] * len(made.items)
            yield WorkUnit(key, cost, made.layer, made.items)

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Verify one unit; the record holds the largest difference and where it is."""
        subject = self._subjects[unit.key]
        return self._verify_syntheses(subject) if unit.layer else self._verify_photos(subject)

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit is about its subject's pictures."""
        record = check_unit_record(stored, VerifiedUnitRecord)
        filters = set(map(str, unit.items)) if unit.layer else set[str]()
        check_same("its filters", {*record.get("won_by", ()), *record.get("scores_by_filter", ())} <= filters, True)
        column, image = [0, -1] if record["where"] is None else (record["where"] + [-2, -2])[:2]
        n_columns = max(span.stop for span in self.session.network.columns.values())
        fits = 0 <= column < n_columns and -1 <= image < len(self.session.images.entries)
        check_same("its numbers of a filter and a picture", fits, True)
        if not unit.layer:
            picked, layers = self._picks.on(unit.items), self.session.layers
            places = check_arrays(stored, {"range": np.empty(len(picked.rows), np.int64)})["range"]
            sizes = [layer.output[1] * layer.output[2] for layer in layers]
            n_units = np.repeat(sizes, [layer.filters for layer in layers])
            check_same("its positions", bool(((places >= 0) & (places < n_units[picked.columns])).all()), True)

    def collect(self, draft: RecordDraft) -> None:
        """Write the verification, and of every synthesis the score, its ratio to the best photo and what it wins by.

        Raises:
            ModelError: A score could not be reproduced; the filter and the picture are named.
            DatasetError: It could not because the picture is another one when it is read again.
        """
        records = [cast(VerifiedUnitRecord, self.fetch(unit).record) for unit in self.units]
        draft.verified = self._conclude(records)
        best = self._responses.found.summary.avg.scores
        for unit, record in zip(self.units, records, strict=True):
            for index, score in record.get("scores_by_filter", {}).items():
                column = self.session.network.columns[unit.layer].start + int(index)
                made = draft.filter(unit.layer, int(index))["max_activ"]
                if "skipped" in made:
                    continue
                made["score"] = round_significant(score)
                highest = float(best[column, 0])
                is_comparable = highest > 0 and highest >= _LEAST_DENOMINATOR * self._highest_response(unit.layer)
                made["ratio"] = round_significant(score / highest, 4) if is_comparable else None
                made["won_by"] = record.get("won_by", {}).get(index)

    def expected_cost(self) -> float:
        """Return the cost of one more pass over all pictures."""
        return float(sum(layer.macs for layer in self.session.layers)) * len(self.session.images.entries)

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate one forward pass per kept picture; syntheses are scored within their own estimate."""
        n_pictures = self._photos.expected_count()
        if self.ready:
            n_pictures = sum(len(unit.items) for unit in self.session.runner.missing(self._photos))
        return StageEstimate(n_pictures * (trial.decode_s + trial.forward_s), 0.0)

    def _verify_photos(self, photos: WorkUnit) -> UnitResult:
        """Compute the scores of a unit of photos again from their stored files."""
        session = self.session
        stored, scores = self._photos.fetch(photos), _scores_of(self._responses.found, photos.items)
        picked = self._picks.on(photos.items)
        places, found = np.full(len(picked.rows), -1, np.int64), np.empty(len(picked.rows), np.float32)
        largest = 0.0
        where: list[int] | None = None
        for ids in chunks(photos.items, self._proof.batch):
            x = self._proof.stored_tensor(stored, ids)
            numbers, queries = picked.queries(ids, session.network.columns)
            finder = ExtremeFinder(queries)
            by_layer, _ = measure_responses(session.network.probe, x, finder.receive)
            for layer, (values, own_places) in finder.found.items():
                found[numbers[layer]], places[numbers[layer]] = values, own_places
            means = np.concatenate([by_layer[layer.name].means for layer in session.layers], axis=1)
            maxima = np.concatenate([by_layer[layer.name].maxima for layer in session.layers], axis=1)
            for row, image in enumerate(ids):
                of_image = scores.images == image
                columns, values = scores.columns[of_image], scores.values[of_image]
                again = np.where(scores.are_maxima[of_image], maxima[row, columns], means[row, columns])
                differences = np.abs(again - values) / self._proof.scales(columns, values)
                if len(differences) and float(differences.max()) > largest:
                    largest, where = float(differences.max()), [int(columns[differences.argmax()]), image]
        differences = np.abs(found - picked.scores) / self._proof.scales(picked.columns, picked.scores)
        if len(differences) and float(differences.max()) > largest:
            worst = int(differences.argmax())
            largest, where = float(differences[worst]), [int(picked.columns[worst]), int(picked.images[worst])]
        n_scores = len(scores.values) + len(picked.scores)
        record: VerifiedUnitRecord = {"largest": largest, "scores": n_scores, "where": where}
        return UnitResult(record, {"range": array_to_bytes(places)}, [torch.float32])

    def _verify_syntheses(self, made: WorkUnit) -> UnitResult:
        """Score a unit of syntheses from their stored files, and compare with what the ascent saw.

        Each goes through the network up to its layer: what follows plays no part in its score.
        """
        session = self.session
        stored = self._syntheses.fetch(made)
        made_of = cast(SynthesesRecord, stored.record)["filters"]
        seen = {int(index): facts["seen"] for index, facts in made_of.items() if "seen" in facts}
        scores = self.score(stored, made.layer, sorted(seen))
        floor = max(FLOOR * max(map(abs, scores.values()), default=0.0), 1e-12)

        def difference(index: int, other: float) -> float:
            return abs(other - scores[index]) / max(abs(scores[index]), floor)

        if session.network.fast_dtype == torch.float32:
            again = seen
        else:
            strays = {index for index, score in seen.items() if difference(index, score) > session.sizes.stray_score}
            again = self.score(stored, made.layer, sorted(strays | set(sorted(seen)[:1])))
        worst = max(again, key=lambda index: difference(index, again[index]), default=None)
        found = self._won_by(stored, made.layer, sorted(scores))
        record: VerifiedUnitRecord = {
            "largest": 0.0 if worst is None else difference(worst, again[worst]),
            "scores": len(again),
            "where": None if worst is None else [session.network.columns[made.layer].start + worst, -1],
            "won_by": {str(index): how for index, how in found.items() if how is not None},
            "scores_by_filter": {str(index): score for index, score in scores.items()},
        }
        return UnitResult(record, formats=[torch.float32])

    def range_positions(self) -> NDArray[np.int64]:
        """Return the flat position of each pick's response, ``(n_picks, n_filters)``; -1 for filters not chosen."""
        positions = np.full(self._picks.images.shape, -1, np.int64)
        for unit in self.units:
            if not unit.layer:
                picked = self._picks.on(unit.items)
                positions[picked.rows, picked.columns] = array_from_bytes(self.fetch(unit).blob("range"))
        return positions

    def score(self, stored: StoredUnit, layer: str, filters: Sequence[int]) -> dict[int, float]:
        """Return the score of the stored synthesis of each filter, on a clean pass in float32."""
        found: dict[int, float] = {}
        for batch in chunks(filters, self._proof.batch):
            x = self._proof.stored_tensor(stored, batch)
            with torch.inference_mode():
                scores = self.session.network.probe.maps(x, layer, list(batch)).float().mean((1, 2)).tolist()
            found.update(zip(batch, scores, strict=True))
        return found

    def _won_by(self, stored: StoredUnit, layer: str, filters: Sequence[int]) -> dict[int, WonBy | None]:
        """Return what the stored synthesis of each filter wins by, if not by what the filter looks for."""
        inside, scale = self.session.network.fields[layer].inside(), self._highest_response(layer)
        found: dict[int, WonBy | None] = {}
        for batch in chunks(filters, self._proof.batch):
            x = self._proof.stored_tensor(stored, batch)
            with torch.inference_mode():
                maps, flat_maps = (
                    self.session.network.probe.maps(pictures, layer, list(batch)).float().cpu()
                    for pictures in (x, flat_pictures(x))
                )
            for index, own, flat in zip(batch, maps, flat_maps, strict=True):
                found[index] = won_by(own, flat, inside, scale)
        return found

    def _highest_response(self, layer: str) -> float:
        """Return the highest response of any filter of a layer to any picture."""
        scores = self._responses.found.summary.max.scores[self.session.network.columns[layer]]
        return float(scores[np.isfinite(scores)].max(initial=0.0))

    def _conclude(self, records: Sequence[VerifiedUnitRecord]) -> VerificationRecord:
        """Sum up: the largest difference, of how many scores, and how many syntheses were scored."""
        worst = max(records, key=lambda record: float(record["largest"]))
        self._proof.require(worst["largest"], worst["where"])
        return {
            "largest": round_significant(worst["largest"], 2),
            "scores": sum(record["scores"] for record in records),
            "syntheses": sum(len(record.get("scores_by_filter", ())) for record in records),
            "syntheses_again": sum(record["scores"] for record in records if "scores_by_filter" in record),
            "tolerance": TOLERANCE,
        }


def _scores_of(findings: Findings, ids: Sequence[int]) -> _Scores:
    """The scores of some pictures in all top-k lists."""
    parts = []
    for best, is_maximum in ((findings.summary.avg, False), (findings.summary.max, True)):
        columns, ranks = np.nonzero(np.isin(best.images, ids))
        kind = np.full(len(columns), is_maximum)
        parts.append((best.images[columns, ranks], columns, kind, best.scores[columns, ranks]))
    images, columns, are_maxima, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return _Scores(images, columns, are_maxima, values)
