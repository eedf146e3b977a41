"""Tuning of the shuffled twin, on the pictures that excite its own filters most."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.stages.tuning import Tuning
from mkdocs_lurk.run.stages.twin_responses import TwinResponses
from mkdocs_lurk.run.twin import Twin
from mkdocs_lurk.run.work import WorkUnit


class TwinTuning(Tuning):
    """Shows changed pictures to the twin, where both tuning and the twin were asked for."""

    name = "tuning of the twin"
    result = "twin"

    def __init__(self, session: Session, responses: Responses, twin: Twin, twin_responses: TwinResponses) -> None:
        super().__init__(session, responses, twin_responses)
        self._twin, self._twin_responses = twin, twin_responses

    @property
    def network(self) -> ProbedNetwork:
        """The twin."""
        return self._twin.network

    @property
    def identity(self) -> list[object]:
        """What the twin depends on."""
        return self._twin.identity

    @property
    def is_wanted(self) -> bool:
        """Whether both were asked for, and the pictures are large enough to be changed."""
        return self.session.config.twin and super().is_wanted

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per chunk of pictures; none for a twin that has no responses."""
        if self.is_wanted and self._twin_responses.problem is None:
            yield from super().list_units()

    def collect(self, draft: RecordDraft) -> None:
        """Write nothing: the shares are compared by another stage."""

    def maxima(self) -> dict[str, NDArray[np.float32]]:
        """Return the maxima of each layer's chosen filters of the twin, ``(n, n_chosen)``."""
        rows = np.searchsorted(self._responses.found.kept, self._pictures)
        return {layer: maxima[rows] for layer, maxima in self._twin_responses.of_layers("maxima").items()}
