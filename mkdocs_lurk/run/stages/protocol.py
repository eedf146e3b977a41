"""The protocol of a stage: its units of work, the computation of one, what was found, and what it costs.

The pipeline, the progress and the estimate all go by the one list of stages in ``run/stages/__init__.py``. A new result
is a new module beside this one, with a class that extends ``Stage``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.work import UnitResult, WorkUnit
from mkdocs_lurk.store.store import StoredUnit


@dataclass(frozen=True, slots=True)
class StageEstimate:
    """What a stage still takes.

    Attributes:
        seconds: For the units that are not stored yet, on this machine.
        stored_bytes: The size of all its results once they are complete.
    """

    seconds: float
    stored_bytes: float


class Stage(ABC):
    """One kind of result.

    Args:
        session: The model that is analysed.
        requires: The stages that must be complete before the units of this one are known.

    Attributes:
        name: What the progress and the estimate call this work.
        result: What records and configuration call what it computes; ``name`` where they do not.
        complete: Whether all units are stored; the pipeline sets it.
    """

    name: ClassVar[str]
    result: ClassVar[str] = ""

    def __init__(self, session: Session, *requires: Stage) -> None:
        self.session = session
        self.requires = requires
        self.complete = False

    @property
    def ready(self) -> bool:
        """Whether the stages that this one requires are complete, so that its units are known."""
        return all(stage.complete for stage in self.requires)

    @cached_property
    def units(self) -> tuple[WorkUnit, ...]:
        """All units of work, the same whatever the number of processes; empty for a stage that computes nothing."""
        return tuple(self.list_units())

    def list_units(self) -> Iterable[WorkUnit]:
        """Cut the work into units; called once, when the required stages are complete."""
        return ()

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Compute one unit; what it returns is stored under the unit's key."""
        raise NotImplementedError(f"{type(self).__name__} has no units of work")

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit is one that ``compute`` makes, since a cache or a bundle may hold anything.

        Raises:
            StoreError: It is not; it will be computed again.
        """
        raise NotImplementedError(f"{type(self).__name__} does not check its units")

    def report(self) -> None:  # noqa: B027 - most stages have nothing to say
        """Log what the author should know at once; called by one process when the stage is complete."""

    @abstractmethod
    def collect(self, draft: RecordDraft) -> None:
        """Read what all units found, and write it into the records; called when every stage is complete."""

    def fetch(self, unit: WorkUnit) -> StoredUnit:
        """Read the stored result of a unit; it is computed again if the store lost it."""
        return self.session.runner.fetch(self, unit)

    def cost(self) -> float:
        """Multiply-adds that are left to do; a guess as long as the units are not known."""
        if self.ready:
            return sum(unit.cost for unit in self.session.runner.missing(self))
        return self.expected_cost()

    def expected_cost(self) -> float:
        """Multiply-adds of the whole stage, told before its units are known."""
        return 0.0

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate time and size; by default at the speed at which the trial ran the network, and without a size."""
        return StageEstimate(self.cost() * trial.seconds_per_mac, 0.0)
