"""The shuffled twin of a model while it is being analysed: made when it is first needed, once in each process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import torch
from torch import Tensor

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.analysis.shuffled_twin import has_statistics, recompute_statistics, shuffled_twin
from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.responses import Responses

_SHARE = 16
"""Of how many pictures one counts for the statistics of normalisations."""
_FEWEST, _MOST = 16, 256


class Twin:
    """A model's network with shuffled weights.

    Args:
        session: The model that is analysed.
        responses: Says which pictures can be read.
    """

    def __init__(self, session: Session, responses: Responses) -> None:
        self._session, self._responses = session, responses

    @property
    def identity(self) -> list[object]:
        """What it depends on beside the trained network: a part of the keys of everything that it computes."""
        session = self._session
        return ["twin", session.config.seed, session.picture_digests(self.normalised)]

    @cached_property
    def normalised(self) -> list[int]:
        """The pictures whose responses its normalisations take their statistics from; none if it has no such."""
        if not has_statistics(self._session.network.probe.module):
            return []
        count = min(_MOST, max(_FEWEST, len(self._responses.found.kept) // _SHARE))
        return [int(image) for image in self._responses.spaced(count)]

    @cached_property
    def network(self) -> ProbedNetwork:
        """The twin, ready to be run in float32.

        Raises:
            ModelError: It cannot be made.
        """
        network, config = self._session.network, self._session.config
        module = shuffled_twin(network.probe.module, config.seed)
        if self.normalised:
            recompute_statistics(module, self._batches())
        probe = Probe.of(module, network.layers, network.probe.memory_format)
        return replace(network, probe=probe, fast_probe=probe, fast_dtype=torch.float32)

    def _batches(self) -> Iterator[Tensor]:
        session = self._session
        for images in chunks(self.normalised, session.limit_batch(session.sizes.response_batch)):
            yield session.to_device(session.pictures.tensor(images))
