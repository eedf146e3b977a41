"""The range of responses: quantiles as they are defined, positions against whole maps, boxes at the edges."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.response_range import PERCENTS, ExtremeFinder, MapQuery, centred_box, pick_at_quantiles
from mkdocs_lurk.names import Box

SCORES = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.integers(-3, 3).map(float)
)


@given(SCORES)
def test_a_pick_has_the_score_of_the_quantile_and_is_the_first_that_has_it(scores: np.ndarray) -> None:
    picked = pick_at_quantiles(scores)
    for percent, rows in zip(PERCENTS, picked, strict=True):
        for own, row in zip(scores.T, rows, strict=True):
            assert own[row] == min(value for value in own if 100 * (own <= value).sum() >= percent * len(own))
            assert not (own[:row] == own[row]).any()


@given(st.integers(1, 500), st.integers(0, 100))
def test_a_quantile_is_the_smallest_score_that_so_many_pictures_do_not_exceed(n: int, percent: int) -> None:
    (row,) = pick_at_quantiles(np.arange(n, dtype=np.float32)[:, None], [percent])[:, 0]
    assert 100 * (row + 1) >= percent * n
    assert row == 0 or 100 * row < percent * n


def test_the_extremes_are_those_of_the_maps_with_the_first_of_equal_ones() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Conv2d(3, 4, 3, stride=2)).eval()
    probe = Probe(module, {"0": (3, 6, 6), "2": (4, 2, 2)})
    x = torch.randn(5, 2, 8, 8)
    x[4] = 1.0  # a flat picture: every place is as good as the first
    rows, filters, are_minima = np.array([0, 4, 2, 2]), np.array([1, 0, 2, 2]), np.array([False, True, False, True])
    with torch.no_grad():
        first = module[0](x)
        maps = {"0": first, "2": module[2](first.relu())}
    finder = ExtremeFinder({name: MapQuery(rows, filters, are_minima) for name in maps})
    with torch.no_grad():
        probe.read(x, finder.receive)
    found = finder.found
    assert set(found) == {"0", "2"}
    for name, (values, positions) in found.items():
        for n, (row, index, is_minimum) in enumerate(zip(rows, filters, are_minima, strict=True)):
            own = maps[name][row, index].flatten().numpy()
            best = own.min() if is_minimum else own.max()
            assert values[n] == pytest.approx(best, rel=1e-5)
            assert own[positions[n]] == pytest.approx(best, rel=1e-5)
        assert positions[1] == 0


def test_layers_without_a_query_are_left_out() -> None:
    finder = ExtremeFinder({})
    finder.receive("0", torch.zeros(1, 1, 2, 2))
    assert finder.found == {}


@pytest.mark.parametrize(
    ("centre", "size", "expected"),
    [
        ((10.0, 10.0), (4, 6), Box(8, 7, 12, 13)),
        ((0.0, 19.5), (4, 6), Box(0, 14, 4, 20)),  # shifted into the picture
        ((-3.0, 30.0), (50, 5), Box(0, 15, 20, 20)),  # no larger than it
    ],
)
def test_a_box_around_a_point_lies_in_the_picture(
    centre: tuple[float, float], size: tuple[int, int], expected: Box
) -> None:
    assert centred_box(centre, size, (20, 20)) == expected
