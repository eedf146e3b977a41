"""Share units of work among the processes of one run, on one machine or many.

Every process sees the same store. Work is cut into the same units whatever the number of processes; a process computes
the units that fall to it, and all wait for one another between stages. What is stored is therefore the same bytes.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from mkdocs_lurk.errors import ModelError

_TIMEOUT = dt.timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among the processes of a run.

    Attributes:
        rank: From 0.
        world: The number of processes.
        local_rank: From 0 on each machine; picks the GPU.
    """

    rank: int = 0
    world: int = 1
    local_rank: int = 0

    @property
    def is_main(self) -> bool:
        """Whether this process does what must be done once: progress, records."""
        return self.rank == 0

    def share(self, costs: Sequence[float]) -> list[int]:
        """Return which pieces of work fall to this process: the most expensive first, each to the least busy."""
        loads, mine = [0.0] * self.world, []
        for place in sorted(range(len(costs)), key=lambda place: (-costs[place], place)):
            least_busy = loads.index(min(loads))
            loads[least_busy] += costs[place]
            if least_busy == self.rank:
                mine.append(place)
        return sorted(mine)

    def wait(self) -> None:
        """Wait until every process has come here.

        Raises:
            ModelError: Another process died.
        """
        if self.world == 1:
            return
        import torch.distributed as dist

        try:
            dist.barrier()
        except RuntimeError as error:
            raise ModelError(
                f"rank {self.rank} of {self.world}: another process ended before its work was done; what was finished "
                "is stored: run the same command again to go on"
            ) from error


@contextmanager
def process_group() -> Iterator[Ranks]:
    """Join the processes that ``torchrun`` started; a single process without it.

    Raises:
        ModelError: The processes cannot find one another.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1 or "RANK" not in os.environ:
        yield Ranks()
        return
    import torch
    import torch.distributed as dist

    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    if torch.cuda.is_available():
        torch.cuda.set_device(local_rank % torch.cuda.device_count())
    try:
        dist.init_process_group("gloo", timeout=_TIMEOUT)
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            f"the {world} processes cannot find one another: {error}; see to the network between them, and "
            "to the options of torchrun"
        ) from error
    try:
        yield Ranks(dist.get_rank(), world, local_rank)
    finally:
        dist.destroy_process_group()
