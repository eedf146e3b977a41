"""A synthesis that wins at the border or by a constant is told from one that shows what the filter looks for."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.analysis.synthesis.artefacts import flat_pictures, won_by

SIDE = 16
INSIDE = F.pad(torch.ones(SIDE - 2, SIDE - 2, dtype=torch.bool), [1, 1, 1, 1])
EDGE = torch.tensor([[-1.0, 2.0, -1.0]] * 3)
STRIPES = torch.tensor([0.0, 1.0, 0.0, 0.0] * (SIDE // 4)).expand(1, 1, SIDE, SIDE)
FLAT = torch.ones(1, 1, SIDE, SIDE)
BLOB = torch.full((3, 3), 1 / 9)


def judged(picture: Tensor, kernel: Tensor, bias: float = 0.0, inside: Tensor = INSIDE) -> str | None:
    maps, flat = (
        F.conv2d(own, kernel[None, None], torch.tensor([bias]), padding=1)[0, 0]
        for own in (picture, flat_pictures(picture))
    )
    return won_by(maps, flat, inside)


@pytest.mark.parametrize("bias", [0.0, 0.1, -0.1])
def test_a_flat_picture_wins_at_the_padding_of_a_filter_whose_weights_add_up_to_zero(bias: float) -> None:
    assert judged(FLAT, EDGE, bias) == "border"


def test_a_dark_picture_with_a_bright_rim_wins_at_the_border() -> None:
    rim = 1.0 - INSIDE.float()[None, None]
    assert judged(rim, EDGE, -0.01) == "border"


def test_a_colour_that_a_filter_answers_to_is_flat() -> None:
    assert judged(FLAT, BLOB) == "flat"
    assert judged(FLAT, BLOB, bias=-0.3) == "flat"


def test_a_response_that_is_nearly_all_bias_is_flat() -> None:
    assert judged(STRIPES, EDGE, bias=100.0) == "flat"
    assert judged(STRIPES, EDGE, bias=-100.0) == "flat"


@pytest.mark.parametrize("bias", [0.0, 0.05, -0.2])
def test_a_pattern_is_neither(bias: float) -> None:
    texture = F.relu(torch.sin(torch.arange(SIDE) * 1.6)).expand(1, 1, SIDE, SIDE)
    detector = torch.zeros(SIDE, SIDE)
    detector[INSIDE] = 2.0  # what a deeper unit would answer all over the pattern, and not to a flat picture
    assert won_by(detector + bias, torch.full((SIDE, SIDE), bias), INSIDE) is None
    assert torch.equal(flat_pictures(texture), texture.mean().expand_as(texture))


def test_where_no_field_is_inside_only_the_colour_counts() -> None:
    nowhere = torch.zeros_like(INSIDE)
    assert judged(FLAT, EDGE, inside=nowhere) == "flat"
    assert won_by(torch.ones(SIDE, SIDE), torch.zeros(SIDE, SIDE), nowhere) is None


def test_a_gain_that_is_lost_in_the_scale_of_the_layer_is_flat() -> None:
    detector, flat = INSIDE.float() * 8e-9, torch.full((SIDE, SIDE), -8e-9)
    assert won_by(detector, flat, INSIDE) is None
    assert won_by(detector, flat, INSIDE, layer_scale=1.0) == "flat"
    assert won_by(1e6 * detector, 1e6 * flat, INSIDE, layer_scale=1.0) is None
