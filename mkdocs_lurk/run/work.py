"""Units of work: what a stage is cut into, and how units are shared among processes, computed, stored and read back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from time import perf_counter
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from mkdocs_lurk.errors import ModelError, StoreError
from mkdocs_lurk.records.provenance_record import UnitProvenance
from mkdocs_lurk.run.constancy import Constancy
from mkdocs_lurk.run.environment import describe_environment, format_name
from mkdocs_lurk.run.progress import Progress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.store.store import Store, StoredUnit

log = logging.getLogger("mkdocs.plugins.lurk")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large units of work and batches are. The stored bytes depend on the unit sizes, never on the batches.

    Attributes:
        shard_pictures: Pictures per unit of responses, unless that made more than ``most_shards`` units.
        most_shards: Units of responses at most.
        kept_responses: Pictures whose responses are kept for statistics; evenly spaced ones of a larger set.
        pairs: Pairs of a filter and a picture per unit of gradients.
        photos: Pictures per unit of kept photos.
        all_photos: Up to this many pictures, all are kept for the pages; of more, those that some filter ranks.
        syntheses: Filters per unit of gradient ascent.
        statistics_pictures: Pictures whose colours and spectrum are measured for gradient ascent.
        range_pictures: Pictures among which the range of the responses is shown; evenly spaced ones of a larger set.
        facet_pictures: Pictures whose crops are divided into kinds; evenly spaced ones of a larger set.
        tuning_pictures: Pictures that may be changed for tuning; evenly spaced ones of a larger set.
        connection_pictures: Pictures whose responses weigh the connections.
        effect_pictures: Pictures on which contributions to the output are measured; evenly spaced ones of a larger set.
        effect_batch: Pictures per forward and backward pass then.
        ablation_pictures: Pictures on which the network is run without a filter, half of them the same for all.
        circuit_classes: Classes whose circuits are searched for: those with the most pictures.
        circuit_pictures: Pictures of a class that choose its circuit, and as many others that prove it.
        response_batch: Pictures per forward pass when responses are measured.
        scoring_batch: Pictures per forward pass when scores are computed again, on a CPU (whose caches hold no more)
            and elsewhere.
        stray_score: The largest relative difference between a synthesis's scores in bfloat16 and in float32 that does
            not call for a second computation in float32.
    """

    shard_pictures: int = 64
    most_shards: int = 4000
    kept_responses: int = 10_000
    pairs: int = 256
    photos: int = 32
    all_photos: int = 2_000
    syntheses: int = 16
    statistics_pictures: int = 256
    range_pictures: int = 2_000
    facet_pictures: int = 2_000
    tuning_pictures: int = 2_000
    connection_pictures: int = 128
    effect_pictures: int = 5_000
    effect_batch: int = 8
    ablation_pictures: int = 64
    circuit_classes: int = 40
    circuit_pictures: int = 16
    response_batch: int = 16
    scoring_batch: tuple[int, int] = (4, 16)
    stray_score: float = 0.02


@dataclass(frozen=True, slots=True)
class WorkUnit:
    """A piece of work that is stored when it is done.

    Attributes:
        key: The key of its result in the store.
        cost: Multiply-adds, roughly.
        layer: The layer it is about; empty if it is about pictures.
        items: Pictures, filters or other numbers that its stage knows.
    """

    key: str
    cost: float
    layer: str
    items: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What a unit's computation gives.

    Attributes:
        record: What is stored as JSON.
        blobs: What is stored as bytes, by name.
        formats: The number formats in which the network ran for it; none where it did not run.
    """

    record: Mapping[str, object]
    blobs: Mapping[str, bytes] = field(default_factory=dict)
    formats: Collection[torch.dtype] = ()


class Computable(Protocol):
    """What can be cut into units and computed unit by unit: a stage."""

    @property
    def name(self) -> str:
        """What the progress calls this work."""

    @property
    def units(self) -> Sequence[WorkUnit]:
        """All units, in the same order in every process."""

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Compute one unit."""

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Raise a StoreError if a stored unit is none that ``compute`` makes."""


class BatchLimit:
    """Says how many pictures may go through the network at once; half as many each time that memory runs out.

    Args:
        at_most: How many the network takes, whatever the memory; None for any number.
    """

    _SMALLEST = 64

    def __init__(self, at_most: int | None = None) -> None:
        self._divisor = 1
        self._at_most = at_most

    def __call__(self, pictures: int) -> int:
        """Return the size of a batch that would hold ``pictures`` if memory, and the network, allowed."""
        fitting = max(1, pictures // self._divisor)
        return fitting if self._at_most is None else min(fitting, self._at_most)

    def halve(self, device: torch.device, error: torch.OutOfMemoryError) -> None:
        """Halve all batches from now on.

        Raises:
            ModelError: Not even one picture fits.
        """
        if self._divisor >= self._SMALLEST:
            raise ModelError(
                f"{device}: out of memory with a single picture; use another device, or a smaller crop in the transform"
            ) from error
        self._divisor *= 2
        log.warning("%s: out of memory; going on with batches 1/%d as large", device, self._divisor)


class Runner:
    """Computes the units of stages and stores them.

    Args:
        store: Where results go.
        ranks: The processes that share the work.
        progress: What is told how far the work has come.
        device: Where the network runs.
        limit_batch: Shrinks when the device's memory runs out.
        force: Compute every unit once, even if it is stored.
        repeat: Repeats a forward pass; raises a LurkError if it gives something else than before the analysis.
    """

    def __init__(
        self,
        store: Store,
        ranks: Ranks,
        progress: Progress,
        device: torch.device,
        limit_batch: BatchLimit,
        force: bool = False,
        repeat: Callable[[], None] | None = None,
    ) -> None:
        self.store, self.ranks, self.progress = store, ranks, progress
        self._device, self._limit_batch = device, limit_batch
        self._force, self._computed, self._checked = force, set[str](), set[str]()
        self._constancy = None if repeat is None else Constancy(repeat, store.drop)

    def missing(self, stage: Computable) -> list[WorkUnit]:
        """List the units of a stage that are not stored yet; with ``force``, those that this run did not compute."""
        if self._force:
            return [unit for unit in stage.units if unit.key not in self._computed]
        return [unit for unit in stage.units if not self.store.has(unit.key)]

    def run(self, stage: Computable) -> None:
        """Compute those missing units of a stage that fall to this process, and wait for the others.

        Raises:
            LurkError: The network gives something else than before the analysis; what was computed since it last gave
                the same is dropped.
        """
        missing = self.missing(stage)
        for unit in (missing[place] for place in self.ranks.share([unit.cost for unit in missing])):
            began = perf_counter()
            self._compute(stage, unit)
            self.progress.advance(stage.name, unit.cost * self.ranks.world, perf_counter() - began)
            if self._constancy is not None:
                self._constancy.computed(unit.key)
        if self._constancy is not None:
            self._constancy.check()
        self.ranks.wait()
        self._computed.update(unit.key for unit in missing)

    def fetch(self, stage: Computable, unit: WorkUnit) -> StoredUnit:
        """Read a unit from the store; one that is damaged, or none that its stage makes, is computed again.

        Raises:
            StoreError: It does not stay in the store.
        """
        stored = self._checked_unit(stage, unit)
        if stored is None:
            self._compute(stage, unit)
            self._checked.add(unit.key)
            stored = self.store.get(unit.key)
        if stored is None:
            raise StoreError(
                f"{self.store.root}: the unit {unit.key} was written and is gone; run again, and see "
                "whether the disk is sound or another program deletes files"
            )
        return stored

    def _checked_unit(self, stage: Computable, unit: WorkUnit) -> StoredUnit | None:
        """Return a unit of the store; None if there is none, or if it is dropped since its stage makes no such unit."""
        stored = self.store.get(unit.key)
        if stored is None or unit.key in self._checked:
            return stored
        try:
            stage.check(unit, stored)
        except StoreError as error:
            log.info("a stored unit of %r is damaged (%s): computed again", stage.name, error)
            self.store.drop(unit.key)
            return None
        self._checked.add(unit.key)
        return stored

    def _compute(self, stage: Computable, unit: WorkUnit) -> None:
        """Compute and store a unit; if the device's memory does not suffice, again in batches half as large."""
        while True:
            try:
                result = stage.compute(unit)
            except torch.OutOfMemoryError as error:
                self._limit_batch.halve(self._device, error)
            else:
                self.store.put(unit.key, {**result.record, "made": self._made(result)}, result.blobs)
                return
            if self._device.type == "cuda":
                torch.cuda.empty_cache()

    def _made(self, result: UnitResult) -> UnitProvenance:
        """Return what computed a unit, to be stored beside it."""
        return {**describe_environment(self._device.type), "formats": sorted(map(format_name, result.formats))}


def array_to_bytes(array: NDArray[np.generic]) -> bytes:
    """Write an array in NumPy's own format."""
    buffer = BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def array_from_bytes(data: bytes) -> NDArray[Any]:
    """Read back what ``array_to_bytes`` wrote."""
    array: NDArray[Any] = np.load(BytesIO(data), allow_pickle=False)
    return array
