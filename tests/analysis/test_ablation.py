"""Networks without a filter, against hooks and planted truths; rank correlation against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

from mkdocs_lurk.analysis.ablation import rank_correlation, scores_without
from tests.analysis.networks import Branching, Modular, probed, seeded
from tests.analysis.test_contributions import Pooled, pictures


@pytest.mark.parametrize("make", [Modular, Branching])
def test_outputs_without_a_filter_are_those_of_a_hook_that_replaces_its_map(make: type[nn.Module]) -> None:
    module, x = seeded(make), pictures(2)
    probe = probed(module)
    for layer in probe.shapes:
        found = list(scores_without(probe, x, layer, {3: -0.5, 1: 0.25}))
        with torch.no_grad():
            torch.testing.assert_close(found[0], module(x))
            for own, (index, value) in zip(found[1:], ((3, -0.5), (1, 0.25)), strict=True):

                def replace(_m: nn.Module, _i: object, output: Tensor, at: int = index, value: float = value) -> Tensor:
                    changed = output.clone()
                    changed[:, at] = value
                    return changed

                with module.get_submodule(layer).register_forward_hook(replace):
                    torch.testing.assert_close(own, module(x))
        assert (found[1] - found[0]).abs().max() > 1e-4


def test_with_a_linear_head_the_loss_is_weight_times_mean() -> None:
    module, x = seeded(Pooled), pictures()
    whole, without = scores_without(probed(module), x, "conv", {2: 0.125})
    with torch.no_grad():
        means = module.conv(x).mean((2, 3))[:, 2]  # type: ignore[operator]
        expected = (means - 0.125)[:, None] * module.head.weight[:, 2]  # type: ignore[index, union-attr]
    torch.testing.assert_close(whole - without, expected)


def test_layers_before_are_not_computed_again() -> None:
    module, x = seeded(Modular), pictures(1)
    probe = probed(module)
    runs = scores_without(probe, x, "5", {0: 0.0})
    next(runs)
    with torch.no_grad():
        module[0].weight.fill_(float("nan"))  # type: ignore[index, union-attr]  # computed anew, it would show
    assert next(runs).isfinite().all()


def test_ranks_correlate_as_in_scipy() -> None:
    random = np.random.default_rng(0)
    a = random.integers(0, 5, 40).astype(float)
    b = a + random.normal(size=40)
    assert rank_correlation(a, b) == pytest.approx(spearmanr(a, b).statistic)
    assert rank_correlation(a, np.ones(40)) is None
