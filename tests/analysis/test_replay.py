"""Many gradients from one recorded pass equal those taken one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.gradients import project, project_with_energy
from mkdocs_lurk.analysis.replay import Replay, Wanted
from tests.analysis.networks import Branching, Upside, seeded
from tests.analysis.test_probe import probed
from tests.analysis.test_rules import Gated


class Deep(nn.Module):
    """Strides, dilation, groups, normalisation, pooling that overlaps, in-place and repeated steps."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.wide = nn.Conv2d(8, 12, 3, padding=2, dilation=2, groups=4)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True)
        self.last = nn.Conv2d(12, 12, 3, padding=1)
        self.up = nn.ConvTranspose2d(12, 6, 2, stride=2, groups=2)
        self.head = nn.Linear(6, 4)
        self.norm.running_mean.uniform_(-1, 1)
        self.norm.running_var.uniform_(0.5, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu_(self.norm(self.stem(x)))
        x = self.pool(F.relu(self.wide(x), inplace=True))
        x = F.relu(self.last(x)) + self.last(x)
        return self.head(F.gelu(self.up(x)).mean((2, 3)))


def taken(replay: Replay, wanted: list[Wanted], rule: str) -> Tensor:
    replay.set_rule(rule)
    return torch.stack([replay.gradient(one) for one in wanted])


@pytest.mark.parametrize("rule", ["guided", "deconv", "saliency"])
@pytest.mark.parametrize(("make", "layers"), [
    (Deep, ["stem", "wide", "last", "last:2", "up"]), (Branching, ["stem", "left", "right", "last"]),
    (Upside, ["twice", "twice:2", "up"]),
])  # fmt: skip
def test_gradients_are_those_of_single_passes(make: Callable[[], nn.Module], layers: list[str], rule: str) -> None:
    module, x = seeded(make), torch.randn(1, 3, 24, 24)
    probe = probed(module, 24)
    wanted = [Wanted(name, index, place) for name in layers for index in (0, 2) for place in (None, (0, 0), (2, 3))]
    for one, found in zip(wanted, taken(Replay(probe, probe, x, wanted), wanted, rule), strict=True):
        places = None if one.position is None else [one.position]
        single, _ = project(probe, x, one.layer, [one.filter], rule, places)
        assert torch.allclose(found, single[0], atol=1e-5 * float(single.abs().max()) + 1e-9), one


def test_short_numbers_keep_signs_and_pooled_pixels() -> None:
    module, x = seeded(Deep), torch.randn(1, 3, 64, 64)
    probe = probed(module, 64)
    wanted = [Wanted("last", index) for index in range(6)]
    fast = probe.copy_to(torch.device("cpu"), torch.bfloat16)
    found = taken(Replay(probe, fast, x, wanted), wanted, "guided")
    single, _ = project(probe, x.expand(6, -1, -1, -1), "last", list(range(6)), "guided")
    short, _ = project(fast, x.expand(6, -1, -1, -1).bfloat16(), "last", list(range(6)), "guided")
    ours, theirs = (torch.cosine_similarity(one.flatten(1), single.flatten(1)).min() for one in (found, short))
    assert ours > 0.9995
    assert theirs < ours


def test_energies_hold_gates() -> None:
    module, x = seeded(Gated), torch.randn(1, 3, 16, 16)
    probe = probed(module)
    wanted = [Wanted("second", 1, (5, 6))]
    replay = Replay(probe, probe, x, wanted)
    (energy,) = replay.energies(wanted)
    gradient, _, single = project_with_energy(probe, x, "second", [1], "guided", [(5, 6)])
    assert torch.allclose(energy, single[0], atol=1e-9)
    assert torch.allclose(taken(replay, wanted, "guided")[0], gradient[0], atol=1e-7)


def test_the_network_is_left_as_it_was() -> None:
    module, x = seeded(Deep), torch.randn(1, 3, 24, 24)
    before, probe = module(x), probed(module, 24)
    taken(Replay(probe, probe, x, [Wanted("last", 1)]), [Wanted("last", 1)], "guided")
    assert torch.equal(module(x), before)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
