from __future__ import annotations

import pytest
import torch

from mkdocs_lurk.analysis.synthesis.scoring import FilterScorer
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings, Target
from tests.analysis.networks import Branching, seeded
from tests.analysis.synthesis.builders import MEAN, STD, probe_of
from tests.analysis.synthesis.pictures import smooth_clouds

SIZE = (3, 32, 32)


def scorer_of(layer: str, target: Target = "mean") -> FilterScorer:
    exact = AscentSettings(target=target, relu_leak=0.0, pool_leak=0.0)
    return FilterScorer(probe_of(seeded(Branching), SIZE), layer, MEAN, STD, exact)


@pytest.mark.parametrize(("layer", "is_linear"), [("stem", True), ("left", False), ("last", False)])
def test_only_the_first_convolution_is_linear_in_the_picture(layer: str, is_linear: bool) -> None:
    assert scorer_of(layer).is_linear(32, 32, 1e-4) == is_linear


@pytest.mark.parametrize("target", ["mean", "centre"])
def test_without_leaks_gradients_are_those_of_single_pictures(target: Target) -> None:
    scorer, filters = scorer_of("last", target), [0, 3, 5]
    pictures = smooth_clouds(*SIZE, n=3)
    values, gradients = scorer.target_and_gradients(pictures, filters)
    for row, index in enumerate(filters):
        picture = pictures[row : row + 1].clone().requires_grad_()
        normalised = (picture - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
        (unit_map,) = scorer.probe.maps(normalised, "last", [index])
        value = unit_map.mean() if target == "mean" else unit_map[len(unit_map) // 2, unit_map.shape[1] // 2]
        (gradient,) = torch.autograd.grad(value, picture)
        assert torch.allclose(values[row], value, atol=1e-6)
        assert torch.allclose(gradients[row], gradient[0], atol=1e-6)
