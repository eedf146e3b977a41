"""Which pictures show the range of every filter's responses, by the responses that mining kept."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.response_range import PERCENTS, pick_at_quantiles
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.responses import Responses

LOWEST = len(PERCENTS)
"""The row of the pictures with the most negative response; those before it are the quantiles of ``PERCENTS``."""


class RangePicks:
    """Picks pictures for all filters of all layers side by side.

    Of a set of more than ``Sizes.range_pictures`` pictures, evenly spaced ones stand for all, so that not every picture
    of a large set needs to be stored and published.

    Args:
        session: The model that is analysed.
        responses: What mining kept.
    """

    def __init__(self, session: Session, responses: Responses) -> None:
        self._session, self._responses = session, responses

    @cached_property
    def pictures(self) -> NDArray[np.int64]:
        """The ids of the pictures whose responses count, rising."""
        return self._responses.spaced(self._session.sizes.range_pictures)

    @property
    def images(self) -> NDArray[np.int64]:
        """The picked pictures' ids, ``(n_picks, n_filters)``: a row for each of ``PERCENTS``, and ``LOWEST``."""
        return self._found[0]

    @property
    def scores(self) -> NDArray[np.float32]:
        """The scores that mining found, ``(n_picks, n_filters)``: maxima, and in row ``LOWEST`` minima."""
        return self._found[1]

    @cached_property
    def _found(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        rows: list[NDArray[np.int64]] = []
        scores: list[NDArray[np.float32]] = []
        for minima, maxima in self._responses.extremes(self._session.sizes.range_pictures).values():
            quantiles, lowest = pick_at_quantiles(maxima), minima.argmin(0)[None]
            rows.append(np.concatenate([quantiles, lowest]))
            scores.append(
                np.concatenate([np.take_along_axis(maxima, quantiles, 0), np.take_along_axis(minima, lowest, 0)])
            )
        return self.pictures[np.concatenate(rows, axis=1)], np.concatenate(scores, axis=1)
