"""The shuffled twin: every tensor keeps its values, nothing its place, and normalisations fit the new responses."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import FrozenBatchNorm2d

from mkdocs_lurk.analysis.shuffled_twin import (
    count_kept_statistics,
    has_statistics,
    recompute_statistics,
    shuffled_twin,
)
from mkdocs_lurk.errors import ModelError
from tests.analysis.networks import Branching


def normalised() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6, momentum=0.3), nn.ReLU(), nn.Conv2d(6, 4, 3), nn.BatchNorm2d(4)
    ).eval()


def test_each_tensor_keeps_its_values_in_another_order_and_the_network_is_left_alone() -> None:
    torch.manual_seed(1)
    network = Branching().eval()
    before = {name: own.clone() for name, own in network.named_parameters()}
    twin, same, other = (dict(shuffled_twin(network, seed).named_parameters()) for seed in (0, 0, 1))
    for name, own in network.named_parameters():
        assert torch.equal(own, before[name])
        assert torch.equal(twin[name].flatten().sort()[0], own.flatten().sort()[0])
        assert torch.equal(twin[name], same[name])
        if own.numel() > 10:
            assert not torch.equal(twin[name], own)
            assert not torch.equal(twin[name], other[name])
    assert not torch.equal(twin["stem.weight"].sum((1, 2, 3)).sort()[0], before["stem.weight"].sum((1, 2, 3)).sort()[0])


def test_statistics_are_the_mean_of_those_of_the_batches_each_after_the_normalisation_before() -> None:
    network = shuffled_twin(normalised(), 0)
    assert isinstance(network, nn.Sequential)
    batches = [torch.randn(4, 3, 12, 12, generator=torch.Generator().manual_seed(seed)) for seed in range(3)]
    recompute_statistics(network, batches)
    first, second = network[1], network[4]

    def normalise(x: Tensor, layer: nn.Module) -> Tensor:
        mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), keepdim=True, unbiased=False)
        scaled = (x - mean) / (variance + 1e-5).sqrt()
        return scaled * layer.weight[:, None, None] + layer.bias[:, None, None]  # type: ignore[index]

    with torch.no_grad():
        responses = [network[0](x) for x in batches]
        deeper = [network[3](normalise(x, first).relu()) for x in responses]
    for layer, own in ((first, responses), (second, deeper)):
        means = torch.stack([x.mean((0, 2, 3)) for x in own]).mean(0)
        variances = torch.stack([x.var((0, 2, 3)) for x in own]).mean(0)
        torch.testing.assert_close(layer.running_mean, means, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(layer.running_var, variances, rtol=1e-4, atol=1e-5)
    assert not network[1].training
    assert first.momentum == 0.3


def test_only_normalisations_of_pytorch_can_be_renewed() -> None:
    assert has_statistics(normalised())
    assert not has_statistics(nn.Sequential(nn.Conv2d(3, 4, 3), FrozenBatchNorm2d(4)))
    assert count_kept_statistics(nn.Sequential(FrozenBatchNorm2d(4), nn.BatchNorm2d(4))) == 1


def test_what_cannot_be_copied_or_normalised_is_refused() -> None:
    class Single(nn.Module):
        def __deepcopy__(self, memo: object) -> None:
            raise TypeError("there is one of it")

    with pytest.raises(ModelError, match=r"cannot be copied \(TypeError: there is one of it\)"):
        shuffled_twin(Single(), 0)
    network = normalised()
    with pytest.raises(ModelError, match="normalisations cannot be renewed"):
        recompute_statistics(network, [torch.zeros(1, 3, 5, 5)])  # one value per channel in the second
    assert not network[4].training
