"""Whether a network names classes better than by guessing: the exact one-sided binomial test."""

from __future__ import annotations

import math

LEVEL = 0.01
"""Guessing is ruled out where it would be right so often with a lower probability."""


def binomial_tail(k: int, n: int, p: float) -> float:
    """Return the probability of at least ``k`` successes in ``n`` independent trials of probability ``p``, 0 to 1."""
    if k <= 0:
        return 1.0
    if k > n:
        return 0.0
    log_p, log_q = math.log(p), math.log1p(-p)
    logs = [
        math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * log_p + (n - i) * log_q
        for i in range(k, n + 1)
    ]
    highest = max(logs)
    return min(1.0, math.exp(highest) * math.fsum(math.exp(value - highest) for value in logs))


def is_at_chance(right: int, n: int, outputs: int) -> bool:
    """Return whether a share of right guesses is not above ``1 / outputs`` at ``LEVEL``, where a test can tell.

    A test can tell where half of what guessing leaves wrong would be significant: of too few pictures nothing is said.

    Args:
        right: Pictures that were named right, of ``n``.
        n: Pictures.
        outputs: Outputs of the network, 2 or more.
    """
    p = 1 / outputs
    halfway = math.ceil(n * (1 + p) / 2)
    if binomial_tail(halfway, n, p) > LEVEL:
        return False
    return right <= n * p or binomial_tail(right, n, p) > LEVEL
