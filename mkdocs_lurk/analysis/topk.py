"""Keep the best k pictures of every filter, whatever the order in which they come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.errors import ShapeError


@dataclass(frozen=True, slots=True, eq=False)
class TopK:
    """The best pictures of each filter, in falling order of score; equal scores go to the lower picture.

    Attributes:
        scores: ``(n_filters, k)`` float32; minus infinity where there are fewer than ``k`` pictures.
        images: ``(n_filters, k)`` int64; -1 where there are fewer than ``k`` pictures.
        places: ``(n_filters, k)`` int64, the flat index of the unit in the feature map; -1 where it means nothing.
    """

    scores: NDArray[np.float32]
    images: NDArray[np.int64]
    places: NDArray[np.int64]

    @classmethod
    def empty(cls, n_filters: int, k: int) -> TopK:
        """A list without a picture: what any other merges with unchanged."""
        return cls(
            np.full((n_filters, k), -np.inf, np.float32),
            np.full((n_filters, k), -1, np.int64),
            np.full((n_filters, k), -1, np.int64),
        )

    @classmethod
    def of(
        cls,
        scores: NDArray[np.float32],
        images: NDArray[np.int64],
        k: int,
        places: NDArray[np.int64] | None = None,
    ) -> TopK:
        """Rank one batch.

        Args:
            scores: ``(n_images, n_filters)``, finite.
            images: ``(n_images,)``, all different.
            k: Length of the lists.
            places: ``(n_images, n_filters)``, or none.

        Raises:
            ShapeError: There is not one picture a row.
        """
        if len(scores) != len(images):
            raise ShapeError(f"{len(scores)} rows of scores for {len(images)} pictures")
        n_filters = scores.shape[1]
        return cls.empty(n_filters, k)._with(
            scores.T,
            np.broadcast_to(images, (n_filters, len(images))),
            np.full((n_filters, len(images)), -1, np.int64) if places is None else places.T,
        )

    @property
    def k(self) -> int:
        """Length of the lists."""
        return int(self.scores.shape[1])

    def merge(self, other: TopK) -> TopK:
        """The lists that one pass over the pictures of both would have given."""
        return self._with(other.scores, other.images, other.places)

    def _with(self, scores: NDArray[np.float32], images: NDArray[np.int64], places: NDArray[np.int64]) -> TopK:
        scores = np.concatenate([self.scores, scores.astype(np.float32)], axis=1)
        images = np.concatenate([self.images, images], axis=1)
        places = np.concatenate([self.places, places], axis=1)
        order = np.lexsort((images, -scores), axis=1)[:, : self.k]
        return TopK(
            np.take_along_axis(scores, order, 1),
            np.take_along_axis(images, order, 1),
            np.take_along_axis(places, order, 1),
        )
