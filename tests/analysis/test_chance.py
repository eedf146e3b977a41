"""Whether a network guesses: the binomial test against exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from mkdocs_lurk.analysis.chance import binomial_tail, is_at_chance


def exact_tail(k: int, n: int, p: Fraction) -> Fraction:
    return sum((math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(max(k, 0), n + 1)), Fraction())


@pytest.mark.parametrize("n", [1, 2, 7, 30])
@pytest.mark.parametrize("outputs", [2, 10, 1000])
def test_the_tail_is_the_sum_of_exact_fractions(n: int, outputs: int) -> None:
    for k in range(n + 2):
        assert binomial_tail(k, n, 1 / outputs) == pytest.approx(
            float(exact_tail(k, n, Fraction(1, outputs))), rel=1e-9
        )


@pytest.mark.parametrize(
    ("right", "n", "outputs", "guesses"),
    [
        (10, 100, 10, True),  # exactly what guessing gives
        (17, 100, 10, True),  # p = 0.02
        (19, 100, 10, False),  # p = 0.005
        (0, 100, 10, True),  # worse than guessing: the names of the outputs are in another order
        (2, 158, 1000, True),  # p = 0.011
        (3, 158, 1000, False),
        (1, 3, 10, False),  # of three pictures even half of what guessing leaves could be luck
        (0, 3, 1000, True),
        (5, 10, 2, False),
        (15, 30, 2, True),
        (5_600, 100_000, 20, False),
    ],
)
def test_a_network_guesses_if_guessing_explains_its_right_answers(
    right: int, n: int, outputs: int, guesses: bool
) -> None:
    assert is_at_chance(right, n, outputs) is guesses
