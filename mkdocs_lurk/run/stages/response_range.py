"""Range: for every filter, pictures from the strongest response to the weakest, and where in them it arises.

Which pictures they are is known from the responses (``run/range_picks.py``); verification finds the positions while it
computes the scores again. Here nothing is computed but boxes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.response_range import PERCENTS
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.records.model_record import RankedMaximum
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.records.response_records import RangeEntry
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.range_picks import LOWEST, RangePicks
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.stages.verification import Verification
from mkdocs_lurk.run.unit_box import unit_box


class Range(AfterResponses):
    """Writes each filter's range from the responses and what verification found."""

    name = "range"

    def __init__(self, session: Session, responses: Responses, verification: Verification, picks: RangePicks) -> None:
        super().__init__(session, responses, verification)
        self._verification, self._picks = verification, picks

    def collect(self, draft: RecordDraft) -> None:
        """Write every filter's range, and a note where only some of the pictures count."""
        if not self.session.config.range:
            return
        positions = self._verification.range_positions()
        for layer, index, own in draft.filters():
            column = self.session.network.columns[layer.name].start + index
            own["range"] = self._entries(layer, index, positions[:, column], own["top_max"])
        n_used, n_read = len(self._picks.pictures), self._responses.found.summary.n_images
        if n_used < n_read:
            draft.notes.append(
                f"The range of a filter's responses is that of {n_used:,} evenly spaced pictures of the {n_read:,}; "
                "the strongest is that of all."
            )

    def _entries(
        self, layer: Layer, index: int, positions: NDArray[np.int64], top_max: list[RankedMaximum]
    ) -> list[RangeEntry]:
        """Describe a filter's picks: the strongest first, which is its best picture, and the most negative last."""
        column, width = self.session.network.columns[layer.name].start + index, layer.output[2]
        best = top_max[0]
        entries: list[RangeEntry] = [
            {
                "quantile": 1.0,
                "image": best["image"],
                "score": best["score"],
                "position": best["position"],
                "box": best["box"],
                "field": best["field"],
            }
        ]
        for row, place in enumerate(positions.tolist()):
            position = divmod(place, width)
            box, field = unit_box(self.session.network, layer, index, position, top_max)
            entry: RangeEntry = {
                "quantile": 0.0 if row == LOWEST else PERCENTS[row] / 100,
                "image": int(self._picks.images[row, column]),
                "score": round_significant(self._picks.scores[row, column]),
                "position": list(position),
                "box": box.as_list(),
                "field": field,
            }
            if row == LOWEST:
                entry["of"] = "minima"
            entries.append(entry)
        return entries
