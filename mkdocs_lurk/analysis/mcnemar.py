"""McNemar's test of two models on the same pictures."""

from __future__ import annotations

from math import exp, lgamma, log


def mcnemar(gained: int, lost: int) -> float:
    """Return the exact two-sided p of McNemar's test (McNemar 1947, *Psychometrika* 12).

    If both models are right equally often, a picture that only one of them names right is as likely the one's as the
    other's: the smaller number is binomial with a half.

    Args:
        gained: Pictures that the second model alone names right.
        lost: Pictures that the first model alone names right.
    """
    n = gained + lost
    tail = sum(
        exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2)) for k in range(min(gained, lost) + 1)
    )
    return min(1.0, 2 * tail)
