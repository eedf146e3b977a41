"""The k best pictures of every filter, whatever the order in which pictures come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.errors import ShapeError


@dataclass(frozen=True, slots=True, eq=False)
class TopK:
    """The best pictures of each filter, by decreasing score; of equal scores the lower image id comes first.

    Attributes:
        scores: ``(n_filters, k)`` float32; minus infinity where there are fewer than ``k`` pictures.
        images: ``(n_filters, k)`` int64, image ids; -1 where there are fewer than ``k`` pictures.
        positions: ``(n_filters, k)`` int64, the score's flat position in the feature map; -1 where it has none.
    """

    scores: NDArray[np.float32]
    images: NDArray[np.int64]
    positions: NDArray[np.int64]

    @classmethod
    def empty(cls, n_filters: int, k: int) -> TopK:
        """Return lists without pictures, the neutral element of ``merge``."""
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
        positions: NDArray[np.int64] | None = None,
    ) -> TopK:
        """Rank the pictures of one batch.

        Args:
            scores: ``(n_images, n_filters)``, finite.
            images: ``(n_images,)``, distinct image ids.
            k: The length of the lists.
            positions: ``(n_images, n_filters)``; None if the scores have no position.

        Raises:
            ShapeError: The numbers of scores and of images differ.
        """
        if len(scores) != len(images):
            raise ShapeError(f"{len(scores)} rows of scores for {len(images)} pictures")
        n_filters = scores.shape[1]
        return cls.empty(n_filters, k)._merged_with(
            scores.T,
            np.broadcast_to(images, (n_filters, len(images))),
            np.full((n_filters, len(images)), -1, np.int64) if positions is None else positions.T,
        )

    @property
    def k(self) -> int:
        """The length of the lists."""
        return int(self.scores.shape[1])

    def merge(self, other: TopK) -> TopK:
        """Return the lists of the pictures of both, as one pass over them would have given them."""
        return self._merged_with(other.scores, other.images, other.positions)

    def _merged_with(
        self, scores: NDArray[np.float32], images: NDArray[np.int64], positions: NDArray[np.int64]
    ) -> TopK:
        scores = np.concatenate([self.scores, scores.astype(np.float32)], axis=1)
        images = np.concatenate([self.images, images], axis=1)
        positions = np.concatenate([self.positions, positions], axis=1)
        order = np.lexsort((images, -scores), axis=1)[:, : self.k]
        return TopK(
            np.take_along_axis(scores, order, 1),
            np.take_along_axis(images, order, 1),
            np.take_along_axis(positions, order, 1),
        )
