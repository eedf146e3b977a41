from __future__ import annotations

import pytest
import torch

from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from mkdocs_lurk.errors import ShapeError
from tests.analysis.synthesis.pictures import COLOURS, coloured_clouds


def same(one: ImageStatistics, other: ImageStatistics) -> bool:
    return all(torch.equal(vars(one)[name], vars(other)[name]) for name in vars(one))


def test_colours_of_the_pictures_are_measured() -> None:
    statistics = ImageStatistics.of(coloured_clouds())
    assert statistics.mean == pytest.approx(torch.zeros(2), abs=0.02)
    assert statistics.colours @ statistics.colours.T == pytest.approx(COLOURS @ COLOURS.T, rel=0.1)


def test_order_of_the_pictures_does_not_matter() -> None:
    pictures = coloured_clouds()
    assert same(ImageStatistics.of(pictures), ImageStatistics.of(pictures.flip(0)))
    assert not same(ImageStatistics.of(pictures), ImageStatistics.of(pictures * 0.9))


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_blank_pictures_have_finite_statistics(value: float) -> None:
    statistics = ImageStatistics.of(torch.full((3, 1, 8, 8), value))
    assert statistics.mean.isfinite().all()
    assert statistics.colours.isfinite().all()
    assert statistics.colours.abs().sum() > 0


def test_empty_batch_of_pictures_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(n, c, h, w\), got \(0, 3, 8, 8\)"):
        ImageStatistics.of(torch.zeros(0, 3, 8, 8))
