"""Which pictures excite every filter most, of those whose crops are divided into kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.facets import FEWEST, STRONGEST
from mkdocs_lurk.run.session import Session

if TYPE_CHECKING:  # the stages import this module
    from mkdocs_lurk.run.stages.responses import Responses


@dataclass(frozen=True, slots=True, eq=False)
class PickedMaxima:
    """Pairs of a picture and a filter of one layer, the pictures rising.

    Attributes:
        images: ``(n,)``, the pictures' ids.
        filters: ``(n,)``.
        scores: ``(n,)``, the filter's highest response in the picture, as all pictures were scored.
    """

    images: NDArray[np.int64]
    filters: NDArray[np.int64]
    scores: NDArray[np.float32]

    def on(self, images: Sequence[int]) -> PickedMaxima:
        """Return the pairs with some of the pictures."""
        is_on = np.isin(self.images, images)
        return PickedMaxima(self.images[is_on], self.filters[is_on], self.scores[is_on])


class FacetPicks:
    """Picks pictures for the chosen filters of all layers.

    Args:
        session: The model that is analysed.
        responses: What is kept of the responses.
    """

    def __init__(self, session: Session, responses: Responses) -> None:
        self._session, self._responses = session, responses

    @cached_property
    def pictures(self) -> NDArray[np.int64]:
        """The ids of the pictures among which the strongest are looked for, rising: all, or evenly spaced ones."""
        return self._responses.spaced(self._session.sizes.facet_pictures)

    @property
    def images(self) -> list[int]:
        """The pictures that are picked for some filter, rising; none if facets were not asked for."""
        if not self._session.config.facets:
            return []
        parts = [picked.images for picked in self.of_layers.values()]
        return [int(image) for image in np.unique(np.concatenate(parts))] if parts else []

    @cached_property
    def of_layers(self) -> Mapping[str, PickedMaxima]:
        """The picked pairs of each layer: of a filter up to ``STRONGEST`` pictures that excite it, a quarter of all."""
        extremes = self._responses.extremes(self._session.sizes.facet_pictures)
        return {
            layer.name: self._pick(extremes[layer.name][1], self._session.filters(layer))
            for layer in self._session.layers
        }

    def most_of(self, n_pictures: int) -> int:
        """Return how many of some pictures are picked for a filter at most."""
        return min(STRONGEST, max(FEWEST, n_pictures // 4))

    def _pick(self, maxima: NDArray[np.float32], filters: Sequence[int]) -> PickedMaxima:
        """Pick the strongest pictures of each chosen filter, of equal ones the first; none that does not excite it."""
        own = maxima[:, list(filters)]
        strongest = np.argsort(-own, axis=0, kind="stable")[: self.most_of(len(own))]
        is_picked = np.zeros(own.shape, np.bool_)
        np.put_along_axis(is_picked, strongest, True, axis=0)
        rows, places = np.nonzero(is_picked & (own > 0))
        return PickedMaxima(self.pictures[rows], np.array(filters, np.int64)[places], own[rows, places])
