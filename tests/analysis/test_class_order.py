"""An order of the outputs is doubted only where the predictions speak for another one."""

from __future__ import annotations

import random

import pytest

from mkdocs_lurk.analysis.class_order import find_other_order


def predictions(order: list[int], accuracy: float, n: int, seed: int = 0) -> list[tuple[int, int]]:
    """Of ``n`` pictures of each class, whose output is ``order[class]``: right with a probability, else any output."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    return [
        (assumed, output if draw.random() < accuracy else draw.randrange(len(order)))
        for assumed, output in enumerate(order)
        for _ in range(n)
    ]


def test_classes_that_are_shifted_by_a_renamed_folder_are_found() -> None:
    order = [0, 1, 2, 4, 5, 6, 7, 3, 8, 9]  # "cat", the fourth of CIFAR-10, is called "kitten"
    found = find_other_order(predictions(order, 0.76, 8))
    assert found is not None
    assert found.outputs == {3: 4, 4: 5, 5: 6, 6: 7, 7: 3}
    assert 0.6 < found.right / 80 < 0.9


@pytest.mark.parametrize("accuracy", [0.0, 0.1, 0.3, 0.76, 1.0])
@pytest.mark.parametrize("n", [1, 2, 4, 30])
@pytest.mark.parametrize("outputs", [2, 10, 100])
def test_the_right_order_is_not_doubted(accuracy: float, n: int, outputs: int) -> None:
    assert find_other_order(predictions(list(range(outputs)), accuracy, n, seed=outputs + n)) is None


def test_a_class_that_is_mostly_taken_for_another_is_no_other_order() -> None:
    sure = [(k, k) for k in range(5) for _ in range(20)]
    assert find_other_order([*sure, *[(5, 4)] * 15, *[(5, 5)] * 5]) is None


def test_a_network_that_always_says_the_same_has_no_other_order() -> None:
    assert find_other_order([(k, 3) for k in range(10) for _ in range(20)]) is None


def test_nothing_is_said_of_no_pictures() -> None:
    assert find_other_order([]) is None
