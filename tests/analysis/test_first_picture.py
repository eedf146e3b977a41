"""A network is compared with a copy that saw no picture; large parameters are not copied."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mkdocs_lurk.analysis.first_picture import copy_unused, refuse_keeping_the_first
from mkdocs_lurk.errors import ModelError

X = torch.linspace(-1, 1, 3 * 8 * 8).view(1, 3, 8, 8)


class Wide(nn.Module):
    """A layer of 2.4 MB, and a scale that the first picture may set."""

    def __init__(self, keeps: bool = False, folds: bool = False) -> None:
        super().__init__()
        self.small, self.large = nn.Conv2d(3, 256, 1), nn.Conv2d(256, 256, 3, padding=1)
        self.scale = nn.Parameter(torch.zeros(()))
        self.keeps, self.folds = keeps, folds

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            if self.folds:
                self.large.weight.mul_(2)
                self.folds = False
            if self.keeps and not self.scale:
                self.scale.fill_(1 + x.std())
        return self.large(self.small(x)) * (1 + self.scale)


def used(module: nn.Module) -> nn.Module:
    module(torch.zeros_like(X))
    return module


def test_large_parameters_are_shared_and_small_ones_are_not() -> None:
    module = Wide()
    unused = copy_unused(module)
    assert unused is not None
    assert unused.module.large.weight is module.large.weight
    assert unused.module.small.weight is not module.small.weight
    assert list(unused.shared) == [module.large.weight]


def test_what_the_first_picture_sets_is_found_beside_large_parameters() -> None:
    module = Wide(keeps=True)
    unused = copy_unused(module)
    used(module)
    assert unused is not None
    with pytest.raises(ModelError, match="something else for hen where that is the first picture"):
        refuse_keeping_the_first(unused.unless_written(), module, X, "hen")


def test_a_network_that_keeps_nothing_passes() -> None:
    module = Wide()
    unused = copy_unused(module)
    assert unused is not None
    refuse_keeping_the_first(unused.unless_written(), used(module), X, "hen")


def test_a_large_parameter_that_is_written_at_once_is_not_written_twice() -> None:
    module = Wide(folds=True)
    before = module.large.weight.detach().clone()
    unused = copy_unused(module)
    used(module)
    assert unused is not None
    refuse_keeping_the_first(unused.unless_written(), module, X, "hen")
    assert torch.equal(module.large.weight, before * 2)
