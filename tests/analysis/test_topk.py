from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mkdocs_lurk.analysis.topk import TopK
from mkdocs_lurk.errors import ShapeError

SCORES = arrays(np.float32, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.integers(-3, 3).map(float))


def brute_force(scores: np.ndarray, k: int) -> tuple[list[list[float]], list[list[int]]]:
    ranked = [
        sorted(range(len(scores)), key=lambda image: (-scores[image, f], image))[:k] for f in range(scores.shape[1])
    ]
    return [[float(scores[i, f]) for i in best] for f, best in enumerate(ranked)], ranked


@given(SCORES, st.integers(1, 5), st.randoms(use_true_random=False), st.lists(st.integers(0, 12), max_size=4))
def test_merging_any_parts_in_any_order_gives_the_sorted_list(
    scores: np.ndarray, k: int, random, cuts: list[int]
) -> None:
    positions = np.arange(scores.size).reshape(scores.shape)
    edges = sorted({0, len(scores), *(cut for cut in cuts if cut < len(scores))})
    parts = [TopK.of(scores[a:b], np.arange(a, b), k, positions[a:b]) for a, b in pairwise(edges)]
    random.shuffle(parts)
    merged = TopK.empty(scores.shape[1], k)
    for part in parts:
        merged = merged.merge(part)
    expected_scores, expected_images = brute_force(scores, k)
    n = min(k, len(scores))
    assert merged.scores[:, :n].tolist() == expected_scores
    assert merged.images[:, :n].tolist() == expected_images
    assert (merged.images[:, n:] == -1).all()
    for f in range(scores.shape[1]):
        assert merged.positions[f, :n].tolist() == [int(positions[image, f]) for image in expected_images[f]]


def test_scores_without_an_image_are_refused() -> None:
    with pytest.raises(ShapeError, match="2 rows of scores for 3 pictures"):
        TopK.of(np.zeros((2, 1), np.float32), np.arange(3), 1)
