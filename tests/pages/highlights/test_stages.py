"""Layers are folded into the most columns that fit a screen, and into five stages."""

from __future__ import annotations

import pytest

from mkdocs_lurk.pages.highlights.stages import MOST_COLUMNS, column_name, column_runs, column_title, story_runs
from tests.pages.highlights.planted import layers

FIRE = [f"features.{block}.{part}" for block in (3, 4, 6, 7, 9, 10, 11, 12) for part in ("squeeze", "e1", "e3")]
SQUEEZENET = layers(("features.0", 111), *((name, 55) for name in FIRE), ("classifier.1", 13))
VGG = layers(*((f"features.{n}", 224 >> stage) for stage in range(5) for n in range(3 * stage, 3 * stage + 3)))


def test_blocks_of_one_name_are_columns() -> None:
    runs = column_runs(SQUEEZENET)
    assert [len(run) for run in runs] == [1, *[3] * 8, 1]
    assert column_name([SQUEEZENET[place] for place in runs[1]]) == "features.3"


def test_layers_that_no_name_groups_are_folded_by_the_size_of_their_outputs() -> None:
    assert [len(run) for run in column_runs(VGG)] == [3] * 5
    assert column_name(VGG[:3]) == "features"
    assert column_name(layers(("stem", 8), ("body.0", 8))) == "stem to body.0"


@pytest.mark.parametrize(
    ("titles", "title"),
    [
        (["Fire 8, expand 3x3"], "Fire 8, expand 3x3"),
        (["Fire 8, squeeze", "Fire 8, expand 3x3"], "Fire 8"),
        (["Fire 8, squeeze", "Fire 9, squeeze", "Fire 10, squeeze"], "Fire 8 to 10"),
        (["Convolution 1", "Convolution 2"], "Convolution 1 to 2"),
        (["Stem", "Fire 2, squeeze"], "Stem to Fire 2"),
        (["Stem", "Body"], "Stem to Body"),
    ],
)
def test_a_column_is_called_by_the_blocks_of_its_layers(titles: list[str], title: str) -> None:
    assert column_title(titles) == title


def test_few_layers_are_a_column_each() -> None:
    assert column_runs(VGG[:4]) == [[0], [1], [2], [3]]


def test_too_many_columns_of_every_kind_are_joined() -> None:
    many = layers(*((f"l{n}", 8 + n % 2) for n in range(25)))
    runs = column_runs(many)
    assert len(runs) == MOST_COLUMNS
    assert [place for run in runs for place in run] == list(range(25))


def test_five_stages_follow_the_sizes_and_the_longest_is_halved() -> None:
    assert story_runs(VGG, 5) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11], [12, 13, 14]]
    sizes = [len(run) for run in story_runs(SQUEEZENET, 5)]
    assert sizes == [1, 6, 6, 12, 1]
    assert len(story_runs(VGG[:2], 5)) == 2
