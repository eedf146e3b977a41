"""A crop is shown with what surrounds it, and its rectangle is where it was."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import get_type_hints

import pytest

from mkdocs_lurk.pages.highlights import shown
from mkdocs_lurk.pages.highlights.shown import context_window, from_summary, mark_crop, summarise
from mkdocs_lurk.pages.pictures.sheets import SheetRegion
from mkdocs_lurk.pages.pictures.svg_pictures import PictureSummary, SvgPicture, svg_picture
from tests.pages.conftest import Built


@pytest.mark.parametrize(
    ("box", "frame", "window"),
    [
        ([100, 60, 103, 63], (224, 224), [73, 33, 129, 89]),
        ([0, 221, 3, 224], (224, 224), [0, 168, 56, 224]),
        ([10, 20, 110, 100], (224, 224), [10, 20, 110, 100]),
        ([4, 4, 7, 7], (28, 28), [0, 0, 28, 28]),
        ([0, 0, 100, 20], (224, 224), [0, 0, 100, 56]),
    ],
)
def test_a_window_holds_the_box_and_stays_inside(box: list[int], frame: tuple[int, int], window: list[int]) -> None:
    assert context_window(box, frame) == window


def test_the_mark_is_the_box_at_the_size_of_the_picture() -> None:
    view = svg_picture(SheetRegion("s.webp", 10, 20, 112, 112), {"s.webp": (200, 200)}, "", 96)
    marked = mark_crop(view, [73, 33, 129, 89], [100, 60, 103, 63])
    assert marked.mark == (10 + 27 * 2, 20 + 27 * 2, 6, 6)
    assert mark_crop(view, [0, 0, 56, 56], [0, 0, 56, 56]).mark is None


def test_highlights_come_back_from_json_as_they_were(built: Built) -> None:
    stored = json.loads(json.dumps(built.site.highlights["small"]))
    highlights = from_summary(stored, lambda src: src)
    assert [one.layer for one in highlights.story] == ["features.0", "features.3"]
    assert json.loads(json.dumps(summarise(highlights))) == stored


@pytest.mark.parametrize(
    ("kind", "summary"),
    [
        (SvgPicture, PictureSummary),
        (shown.MarkedPicture, shown.MarkedSummary),
        (shown.ShownFilter, shown.FilterSummary),
        (shown.ShownColumn, shown.ColumnSummary),
        (shown.ShownFind, shown.FindSummary),
        (shown.Highlights, shown.HighlightsSummary),
    ],
)
def test_a_summary_which_is_checked_when_it_is_read_has_the_fields_of_what_is_shown(kind: type, summary: type) -> None:
    assert [field.name for field in fields(kind)] == list(get_type_hints(summary))
