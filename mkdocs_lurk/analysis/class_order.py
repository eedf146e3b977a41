"""Whether the predictions speak for another order of the outputs than the one that was assumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mkdocs_lurk.analysis.chance import binomial_tail

LEVEL = 0.001
"""Of a sign test on the pictures that only one of both orders explains: chance is ruled out below it."""
LEAST_GAIN = 0.1
"""Of all pictures: the share that another order must explain beyond the assumed one."""


@dataclass(frozen=True, slots=True)
class OtherOrder:
    """An order that explains the predictions far better than the assumed one.

    Attributes:
        right: Pictures that are named right by it, where it was found on other pictures.
        outputs: The outputs that it gives to classes, by the assumed ones, for those that it changes.
    """

    right: int
    outputs: Mapping[int, int]


def find_other_order(predicted: Sequence[tuple[int, int]]) -> OtherOrder | None:
    """Find an order of the outputs that explains predictions far better than the assumed one.

    An order is fitted to every second picture of a class and counted on the others, and the other way around, so that
    it cannot fit the noise of few pictures.

    Args:
        predicted: For each picture the output that its class is assumed to be, and the likeliest one.

    Returns:
        None if there is none.
    """
    halves: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    seen: Counter[int] = Counter()
    for assumed, output in predicted:
        halves[seen[assumed] % 2].append((assumed, output))
        seen[assumed] += 1
    right, only_other, only_assumed = 0, 0, 0
    for fitted, counted in (halves, halves[::-1]):
        order = _fit(fitted)
        for assumed, output in counted:
            by_other, by_assumed = order.get(assumed, assumed) == output, assumed == output
            right += by_other
            only_other += by_other and not by_assumed
            only_assumed += by_assumed and not by_other
    if not only_other or only_other - only_assumed < LEAST_GAIN * len(predicted):
        return None
    if binomial_tail(only_other, only_other + only_assumed, 0.5) > LEVEL:
        return None
    changed = {assumed: output for assumed, output in _fit(predicted).items() if assumed != output}
    return OtherOrder(right, changed)


def _fit(predicted: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Give each class an output of its own, the most frequent pairs first; of equals, the assumed one first."""
    counts = Counter(predicted)
    order: dict[int, int] = {}
    taken: set[int] = set()
    for assumed, output in sorted(counts, key=lambda pair: (-counts[pair], pair[0] != pair[1], pair)):
        if assumed not in order and output not in taken:
            order[assumed] = output
            taken.add(output)
    return order
