"""Five filters and six per column are chosen by the rules that docs/how.md states."""

from __future__ import annotations

from mkdocs_lurk.pages.highlights.choices import choose_columns, choose_story
from tests.pages.highlights.planted import candidate


def chosen_images(story: list) -> list[list[int]]:  # type: ignore[type-arg]  # of candidates
    return [[image for image, _ in one.crops] for one in story]


def test_one_filter_of_each_stage_is_chosen_in_order() -> None:
    stages = [[candidate(1, layer=0), candidate(2, layer=0, peak=5.0)], [], [candidate(3, layer=4)]]
    assert [(one.layer, one.index) for one in choose_story(stages)] == [(0, 2), (4, 3)]


def test_the_deepest_stage_chooses_first_and_no_picture_is_shown_twice() -> None:
    best, next_best = candidate(1, images=(1, 2, 3, 4), peak=5.0), candidate(2, images=(5, 6, 7, 8))
    deep = candidate(0, images=(4, 9, 10, 11), layer=1)
    assert chosen_images(choose_story([[best, next_best], [deep]])) == [[5, 6, 7, 8], [4, 9, 10, 11]]


def test_without_a_filter_that_shares_no_picture_the_best_goes_without_that_crop() -> None:
    best, next_best = candidate(1, images=(1, 2, 3, 4), peak=5.0), candidate(2, images=(4, 6, 7, 8))
    deep = candidate(0, images=(4, 9, 10, 11), layer=1)
    assert chosen_images(choose_story([[best, next_best], [deep]])) == [[1, 2, 3], [4, 9, 10, 11]]


def test_a_panel_shows_four_crops() -> None:
    assert chosen_images(choose_story([[candidate(1, images=(1, 2, 3, 4, 5, 6))]])) == [[1, 2, 3, 4]]


def test_few_pictures_are_shared_among_the_stages_and_repeated_where_all_are_shown() -> None:
    stages = [[candidate(0, images=(0, 1, 2, 3), layer=layer)] for layer in range(5)]
    stages[4] = [candidate(0, images=(3, 4, 5, 6), layer=4)]
    assert chosen_images(choose_story(stages)) == [[0], [2], [1], [0], [3]]
    apart = [[candidate(0, images=(9, 0, 2 * layer, 2 * layer + 1), layer=layer)] for layer in range(5)]
    assert chosen_images(choose_story(apart)) == [[1], [2, 3], [4, 5], [6, 7], [9, 0]]


def test_a_column_has_six_filters_by_layer_and_index() -> None:
    choices = [candidate(index, layer=layer, peak=float(index)) for layer in (1, 0) for index in range(5)]
    (column,) = choose_columns([choices])
    assert [(one.layer, one.index) for one in column] == [(0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4)]


def test_a_duplicate_is_left_out_whichever_of_the_two_says_so() -> None:
    first, second = candidate(0, peak=3.0, duplicate_of=frozenset({1})), candidate(1, peak=2.0)
    third, fourth = candidate(2), candidate(3, peak=0.5, duplicate_of=frozenset({2}))
    (column,) = choose_columns([[first, second, third, fourth]])
    assert [one.index for one in column] == [0, 2]


def test_a_picture_is_repeated_only_where_no_other_filter_is_left() -> None:
    deep = candidate(0, images=(1,), layer=1)
    shared, own = candidate(0, images=(1,), peak=5.0), candidate(1, images=(2,))
    first, last = choose_columns([[shared, own], [deep]], most=1)
    assert (first, last) == ([own], [deep])
    assert choose_columns([[shared], [deep]], most=1) == [[shared], [deep]]


def test_a_filter_without_a_synthesis_comes_after_all_with_one() -> None:
    bare, whole = candidate(0, peak=9.0, drawn=None), candidate(1, images=(7,))
    repeated = candidate(2, images=(7,), peak=0.1)
    (column,) = choose_columns([[bare, whole, repeated]], most=2)
    assert column == [whole, repeated]
