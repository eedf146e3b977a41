from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkdocs_lurk.run.ranks import Ranks

COSTS = st.lists(st.floats(0, 100), max_size=20)


@given(COSTS, st.integers(1, 4))
def test_every_piece_falls_to_one_process(costs: list[float], world: int) -> None:
    shares = [Ranks(rank, world).share(costs) for rank in range(world)]
    assert sorted(place for share in shares for place in share) == list(range(len(costs)))
    assert all(share == sorted(share) for share in shares)


@given(COSTS, st.integers(1, 4))
def test_no_process_has_a_whole_piece_more_than_another(costs: list[float], world: int) -> None:
    loads = [sum(costs[place] for place in Ranks(rank, world).share(costs)) for rank in range(world)]
    assert max(loads) - min(loads) <= max(costs, default=0.0) + 1e-6


@pytest.mark.parametrize(("rank", "share"), [(0, [0, 3, 5]), (1, [1, 2, 4, 6])])
def test_a_small_last_piece_does_not_go_to_who_has_most(rank: int, share: list[int]) -> None:
    assert Ranks(rank, 2).share([10.0, 9.0, 10.0, 10.0, 10.0, 10.0, 1.0]) == share
