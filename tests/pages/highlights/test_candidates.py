"""What a filter is ranked by is what its record says, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from mkdocs_lurk.pages.highlights.candidates import borne_out_label, by_rank, candidates
from tests.pages.highlights.planted import PICTURE, candidate, images, record


def test_a_candidate_holds_what_its_rule_says() -> None:
    (found,) = candidates(3, [record()], images("aaab"))
    assert (found.layer, found.index, found.label, found.correlation) == (3, 5, "a", 0.5)
    assert found.peak == pytest.approx((6.0 - 1.0) / 2.0)  # the fourth picture's score
    assert found.gain == pytest.approx(6.0 / 4.0)  # what the shift leaves
    assert found.duplicate_of == {7}
    assert [image for image, _ in found.crops] == [0, 1, 2, 3]


def test_a_shift_that_raises_the_score_counts_no_more_than_the_score() -> None:
    synthesis = {**record()["max_activ"], "robust": {"shift8": 50.0, "scale10": 1.0}}
    (found,) = candidates(0, [record(max_activ=synthesis)], images("aaab"))
    assert found.gain == pytest.approx(8.0 / 4.0)


@pytest.mark.parametrize(
    ("labels", "label", "expected"),
    [
        ("aaab", {}, ("a", 0.5)),
        ("aabb", {}, ("", 0.0)),  # two of four strongest pictures contradict it
        ("aaab", {"members": 6}, ("", 0.0)),  # more than half of all pictures belong to it
        ("aaab", {"members": 5}, ("a", 0.5)),
        ("abab", {"any_of": ["a", "b"]}, ("a or b", 0.5)),
        ("aaaa", {"any_of": []}, ("", 0.0)),
    ],
)
def test_a_label_counts_where_the_pictures_bear_it_out(
    labels: str, label: dict[str, Any], expected: tuple[str, float]
) -> None:
    item = record()
    changed = record(label={**dict(item["label"]), **label})
    assert borne_out_label(changed, images(labels)) == expected


def test_a_dead_filter_and_one_without_pictures_are_no_candidates() -> None:
    dead = record(stats={**record()["stats"], "dead": True})
    bare = record(best=(), max_activ={"skipped": "not asked for"})
    assert candidates(0, [dead, bare], images("aaab")) == []


def test_crops_of_pictures_that_are_held_back_are_left_out() -> None:
    (found,) = candidates(0, [record()], images("aaab", hidden=(0, 2)))
    assert [image for image, _ in found.crops] == [1, 3]


def test_weights_come_before_a_synthesis_and_a_flat_synthesis_is_none() -> None:
    kernel = {**PICTURE, "blob": "kernel"}
    flat = {**record()["max_activ"], "won_by": "flat"}
    hidden = record(kernel={"skipped": "its weights lie in channels that are not shown"})
    weights, without, unseen = candidates(0, [record(kernel=kernel), record(max_activ=flat), hidden], images("aaab"))
    assert (unseen.drawn, unseen.shows_weights) == (hidden["max_activ"]["picture"], False)
    assert (weights.drawn, weights.shows_weights) == (kernel, True)
    assert (without.drawn, without.shows_weights, without.gain) == (None, False, 0.0)


def test_ranks_are_added_and_ties_go_to_the_earlier_filter() -> None:
    best = candidate(9, peak=3.0, gain=3.0, correlation=0.9)
    middle = candidate(4, peak=2.0, gain=2.0, correlation=0.5)
    equal = candidate(4, layer=1, peak=2.0, gain=2.0, correlation=0.5)
    one_side = candidate(0, peak=9.0, gain=0.0)
    bare = candidate(1, peak=99.0, gain=99.0, correlation=1.0, drawn=None)
    assert by_rank([bare, one_side, equal, middle, best]) == [best, middle, equal, one_side, bare]
