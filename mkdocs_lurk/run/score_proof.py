"""What it takes to compute shown scores again from stored pictures, and to refuse those that cannot be reproduced."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from mkdocs_lurk.errors import DatasetError, ModelError
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.photos import Photos, read_pixels
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.store.store import StoredUnit

TOLERANCE = 1e-3
"""The largest relative difference that passes. Scores near zero are measured against 1 % of the layer's largest."""
FLOOR = 0.01


class ScoreProof:
    """Compares scores with those of a second computation.

    Args:
        session: The model that is analysed.
        responses: What the pictures respond.
        photos: The stored pictures.
    """

    def __init__(self, session: Session, responses: Responses, photos: Photos) -> None:
        self._session, self._responses, self._photos = session, responses, photos

    @property
    def batch(self) -> int:
        """How many pictures go through the network at once."""
        on_cpu, elsewhere = self._session.sizes.scoring_batch
        return self._session.limit_batch(on_cpu if self._session.network.device.type == "cpu" else elsewhere)

    def stored_tensor(self, stored: StoredUnit, names: Sequence[int]) -> torch.Tensor:
        """Return stored pictures as the network's input, ``(n, c, h, w)``."""
        transform = self._session.transform
        pixels = [read_pixels(stored, str(name), transform.channels) for name in names]
        return self._session.to_device(torch.stack([transform.tensor(own) for own in pixels]))

    def scales(self, columns: NDArray[np.int64], values: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return what each difference is divided by: the score's size, but at least 1 % of the layer's largest.

        Args:
            columns: ``(n,)``, the columns of the filters, where those of all layers stand side by side.
            values: ``(n,)``, their scores.
        """
        scales: NDArray[np.float64] = np.maximum(np.abs(values.astype(np.float64)), self._floors[columns])
        return scales

    def require(self, largest: float, where: Sequence[int] | None) -> None:
        """Require that the largest relative difference passes.

        Args:
            largest: The difference.
            where: The filter's column and the picture; -1 for its synthesis. None if nothing differs.

        Raises:
            ModelError: It does not; the filter and the picture are named.
            DatasetError: It does not, because the picture is another one when it is read again.
        """
        if largest <= TOLERANCE or where is None:
            return
        column, image = where
        if image >= 0:
            self._check_picture(image)
        columns = self._session.network.columns
        layer = next(name for name, span in columns.items() if span.start <= column < span.stop)
        picture = self._session.images.entries[image].path if image >= 0 else "its synthesis"
        raise ModelError(
            f"the score of filter {column - columns[layer].start} of layer {layer!r} on "
            f"{picture} differs by {largest:.2g} (relative) when it is computed "
            f"again; {TOLERANCE:g} is allowed: does the network give the same output twice?"
        )

    def _check_picture(self, image: int) -> None:
        """Compare a stored picture with its source.

        Raises:
            DatasetError: They differ; what made the picture is named.
        """
        session = self._session
        photos = next(unit for unit in self._photos.units if image in unit.items)
        stored = read_pixels(self._photos.fetch(photos), str(image), session.transform.channels)
        if np.array_equal(session.pictures.read_anew(image), stored):
            return
        maker = session.config.images if session.images.dataset is not None else "its file"
        if session.transform.is_authored:
            maker = f"the transform {session.config.transform}"
        raise DatasetError(
            f"picture {session.images.entries[image].path} is another one when it is read again; {maker} must give the "
            "same pixels every time: leave out random augmentation, change no file meanwhile, and run again"
        )

    @cached_property
    def _floors(self) -> NDArray[np.float64]:
        """The least scale of each column: 1 % of the largest score of any filter of its layer."""
        scores = self._responses.found.summary.max.scores
        largest = np.abs(np.where(np.isfinite(scores), scores, 0)).max(1)
        floors = np.empty(len(largest))
        for span in self._session.network.columns.values():
            floors[span] = max(FLOOR * float(largest[span].max()), 1e-12)
        return floors
