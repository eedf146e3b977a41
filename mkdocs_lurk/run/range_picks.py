"""Which pictures show the range of every filter's responses, by the responses that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.response_range import PERCENTS, MapQuery, pick_at_quantiles
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.responses import Responses

LOWEST = len(PERCENTS)
"""The row of the pictures with the most negative response; those before it are the quantiles of ``PERCENTS``."""


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """The picks of the chosen filters that lie on some pictures.

    Attributes:
        rows: ``(n,)``, as in ``RangePicks.images``.
        columns: ``(n,)``, of the filters, where those of all layers stand side by side.
        images: ``(n,)``, the pictures' ids.
        scores: ``(n,)``, as they were when all pictures were scored.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    images: NDArray[np.int64]
    scores: NDArray[np.float32]

    def queries(
        self, ids: Sequence[int], spans: Mapping[str, slice]
    ) -> tuple[dict[str, NDArray[np.int64]], dict[str, MapQuery]]:
        """Return the picks on a batch of pictures by layer: their places among all picks, and the query of the maps.

        Args:
            ids: The pictures of the batch, rising.
            spans: The columns of each layer's filters.
        """
        places: dict[str, NDArray[np.int64]] = {}
        queries: dict[str, MapQuery] = {}
        is_here = np.isin(self.images, ids)
        for layer, span in spans.items():
            own = np.flatnonzero(is_here & (self.columns >= span.start) & (self.columns < span.stop))
            if len(own):
                places[layer] = own
                rows = np.searchsorted(np.array(ids), self.images[own])
                queries[layer] = MapQuery(rows, self.columns[own] - span.start, self.rows[own] == LOWEST)
        return places, queries


class RangePicks:
    """Picks pictures for all filters of all layers side by side.

    Of a set of more than ``Sizes.range_pictures`` pictures, evenly spaced ones stand for all, so that not every picture
    of a large set needs to be stored and published.

    Args:
        session: The model that is analysed.
        responses: What is kept of the responses.
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
        """The scores of the responses, ``(n_picks, n_filters)``: maxima, and in row ``LOWEST`` minima."""
        return self._found[1]

    def on(self, pictures: Iterable[int]) -> Picked:
        """Return the picks that lie on some pictures, in one order; none if the range was not asked for."""
        if not self._session.config.range:
            none = np.empty(0, np.int64)
            return Picked(none, none, none, none.astype(np.float32))
        rows, columns = np.nonzero(np.isin(self.images, list(pictures)) & self._are_chosen)
        return Picked(rows, columns, self.images[rows, columns], self.scores[rows, columns])

    @cached_property
    def _are_chosen(self) -> NDArray[np.bool_]:
        """Whether the author chose the filter of each column."""
        chosen = np.zeros(self.images.shape[1], np.bool_)
        for layer in self._session.layers:
            first = self._session.network.columns[layer.name].start
            chosen[first + np.array(self._session.filters(layer), np.int64)] = True
        return chosen

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
