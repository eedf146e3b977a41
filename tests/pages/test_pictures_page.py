"""The page of all pictures: which are listed, and where hidden ones stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_lurk.pages import pictures_page
from tests.pages.conftest import Built
from tests.pages.test_evaluation import built_page

URI = "models/small/pictures/index.md"


def test_every_picture_that_could_be_read_is_listed_by_class(built: Built) -> None:
    page = built.text(URI)
    assert [page.count(f'href="#photo-{image}"') for image in range(6)] == [1, 1, 1, 1, 0, 1]
    assert page.count("<li>") == page.count("<image") == 5
    assert [page.index(f"<p>{label}</p>") for label in ("cat", "dog", "zebra")] == sorted(
        page.index(f"<p>{label}</p>") for label in ("cat", "dog", "zebra")
    )


@pytest.mark.parametrize(
    ("counts", "most", "each"), [([2, 1, 2], 5, 2), ([9, 1, 9], 7, 3), ([1, 1, 1], 2, 1), ([100], 7, 7), ([], 7, 1)]
)
def test_of_too_many_pictures_each_class_shows_its_first_ones(counts: list[int], most: int, each: int) -> None:
    assert pictures_page._share(counts, most) == each


def test_hidden_pictures_are_listed_without_picture_and_name(tmp_path: Path) -> None:
    page = built_page(tmp_path, pictures="none")[URI]
    assert "<image" not in page
    assert page.count("not shown</span>") == 5
    assert "0002.jpg" not in page
