"""The time of one forward pass of one picture."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

import torch
from torch import Tensor, nn

WARM_UP, FEWEST, MOST = 3, 5, 200
"""Passes before the first that is timed; timed passes at least and at most."""
LONG_ENOUGH_S = 2.0
"""Seconds after which no further pass is timed."""


def time_passes(module: nn.Module, x: Tensor, clock: Callable[[], float] = perf_counter) -> list[float]:
    """Run a network on a picture again and again, and return the seconds of each pass, in their order.

    The first passes, in which kernels are chosen and memory is reserved, are not timed. A GPU is waited for.

    Args:
        module: The network, in evaluation mode.
        x: ``(1, c, h, w)``, on its device.
        clock: Gives the time in seconds.
    """
    seconds: list[float] = []
    with torch.inference_mode():
        for _ in range(WARM_UP):
            module(x)
        _wait_for(x.device)
        while len(seconds) < FEWEST or (len(seconds) < MOST and sum(seconds) < LONG_ENOUGH_S):
            began = clock()
            module(x)
            _wait_for(x.device)
            seconds.append(clock() - began)
    return seconds


def _wait_for(device: torch.device) -> None:
    """Wait until a GPU has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
