from __future__ import annotations

import pytest
import torch

from mkdocs_lurk.analysis.synthesis.scoring import FilterScorer
from tests.analysis.networks import Branching, seeded
from tests.analysis.synthesis.builders import MEAN, STD, probe_of
from tests.analysis.synthesis.pictures import smooth_clouds

SIZE = (3, 32, 32)


def scorer_of(layer: str) -> FilterScorer:
    return FilterScorer(probe_of(seeded(Branching), SIZE), layer, MEAN, STD)


@pytest.mark.parametrize(("layer", "is_linear"), [("stem", True), ("left", False), ("last", False)])
def test_only_the_first_convolution_is_linear_in_the_picture(layer: str, is_linear: bool) -> None:
    assert scorer_of(layer).is_linear(32, 32, 1e-4) == is_linear


def test_scores_and_gradients_are_those_of_single_pictures() -> None:
    scorer, filters = scorer_of("last"), [0, 3, 5]
    pictures = smooth_clouds(*SIZE, n=3)
    scores, gradients = scorer.scores_and_gradients(pictures, filters)
    for row, index in enumerate(filters):
        picture = pictures[row : row + 1].clone().requires_grad_()
        normalised = (picture - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
        score = scorer.probe.maps(normalised, "last", [index]).mean()
        (gradient,) = torch.autograd.grad(score, picture)
        assert torch.allclose(scores[row], score, atol=1e-6)
        assert torch.allclose(gradients[row], gradient[0], atol=1e-6)
