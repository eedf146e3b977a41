"""Receptive fields that are smaller than what a network reads are found by forward passes, and no others."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.crops import needs_effective_box
from mkdocs_lurk.analysis.field_check import find_wrong_fields
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.models.receptive_field.field import ReceptiveField
from tests.analysis.networks import Branching, Gated, Modular, Upside, probed_network, seeded

PICTURE = torch.randn(1, 3, 40, 40, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("make", [Branching, Gated, Modular, Upside])
def test_right_fields_pass(make: type[nn.Module]) -> None:
    assert find_wrong_fields(network_of(seeded(make)), PICTURE) == frozenset()


def network_of(module: nn.Module) -> ProbedNetwork:
    return probed_network(module, 40)


def moved(field: ReceptiveField, axis: str, by: int) -> ReceptiveField:
    bounds = getattr(field, axis) + torch.tensor([1.0, -1.0, 1.0, -1.0]).view(4, 1, 1, 1) * by
    return replace(field, **{axis: bounds})


@pytest.mark.parametrize(("axis", "by"), [("rows", 12), ("rows", -12), ("columns", 9), ("columns", -9)])
def test_wrong_fields_are_found(axis: str, by: int) -> None:
    network = network_of(seeded(Modular))
    fields = {name: moved(field, axis, by) if name == "3" else field for name, field in network.fields.items()}
    assert find_wrong_fields(replace(network, fields=fields), PICTURE) == {"3"}


class Strict(nn.Module):
    """Fails on every picture but one."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        if not torch.equal(x, PICTURE) and bool(x.any()):
            raise ValueError("unknown picture")
        return F.relu(self.first(x))


def test_a_network_that_fails_on_noise_is_not_compared() -> None:
    assert find_wrong_fields(network_of(Strict().eval()), PICTURE) == frozenset()


def test_a_layer_that_reads_whole_pictures_has_effective_boxes() -> None:
    network = network_of(seeded(Modular))
    assert not needs_effective_box(network, "0")
    wide = network.reading_whole_pictures({"0"}, "because")
    assert needs_effective_box(wide, "0")
    assert (wide.fields["0"].status, wide.fields["0"].note, wide.fields["0"].size) == ("whole", "because", (40, 40))
    assert wide.fields["0"].box(3, 5).as_list() == [0, 0, 40, 40]
    assert wide.fields["3"] is network.fields["3"]
