"""Range: for every filter, pictures from the strongest response to the weakest, and where in them it arises.

Which pictures they are is known from the responses (``run/range_picks.py``); verification finds the positions while it
computes the scores again. Here nothing is computed but boxes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.crops import needs_effective_box
from mkdocs_lurk.analysis.response_range import PERCENTS, centred_box
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.names import Box
from mkdocs_lurk.records.model_record import RankedMaximum
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.records.response_records import RangeEntry, RangeField
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.range_picks import LOWEST, RangePicks
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.stages.verification import Verification


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
            box, field = self._box(layer, index, position, top_max)
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

    def _box(
        self, layer: Layer, index: int, position: tuple[int, int], top_max: list[RankedMaximum]
    ) -> tuple[Box, RangeField]:
        """Return the part of the picture that is shown of a unit, and what it is.

        Where the best crops are effective boxes, which take a backward pass each, these are as large as those usually
        are, and lie around the unit.
        """
        network = self.session.network
        field, picture = network.fields[layer.name], network.picture_size
        own = field.box(*position, index)
        if not needs_effective_box(network, layer.name):
            return own.clip(*picture), "exact"
        _, rows, columns = layer.output
        if rows * columns == 1:
            return Box(0, 0, *picture), "whole"
        centre = ((own.top + own.bottom) / 2, (own.left + own.right) / 2)
        if field.status == "whole":
            centre = (position[0] + 0.5) * picture[0] / rows, (position[1] + 0.5) * picture[1] / columns
        boxes = np.array([maximum["box"] for maximum in top_max])
        height, width = (round(float(side)) for side in np.median(boxes[:, 2:] - boxes[:, :2], axis=0))
        return centred_box(centre, (height, width), picture), "centred"
