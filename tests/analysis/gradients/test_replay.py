"""Many gradients from one recorded pass equal those taken one by one."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.crops import window
from mkdocs_lurk.analysis.gradients.batch import Row, steps_before
from mkdocs_lurk.analysis.gradients.placeholders import NeedsValuesError
from mkdocs_lurk.analysis.gradients.recording import Recording
from mkdocs_lurk.analysis.gradients.replay import replay
from mkdocs_lurk.analysis.gradients.single import project, project_with_energy
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.models.receptive_field.field import receptive_fields
from mkdocs_lurk.models.tracing.layers import find_layers
from mkdocs_lurk.models.tracing.trace import trace_network
from tests.analysis.gradients.test_relu_rules import Gated
from tests.analysis.networks import Branching, Upside, seeded
from tests.analysis.test_probe import Everything, probed


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
        x = F.relu6(self.last(x)) + self.last(x)
        return self.head(F.relu(self.up(x)).mean((2, 3)))


class Careless(nn.Module):
    """Rectifies in place without looking at what that returns, and adds in place."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = (nn.Conv2d(3 if n == 0 else 4, 4, 3, padding=1) for n in range(3))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x.relu_()
        y = self.second(x)
        y.add_(0.5 * x)
        torch.relu_(y)
        return self.third(torch.cat([F.avg_pool2d(y, 2)[:, :2], F.max_pool2d(y, 2)[:, 2:]], 1))


class Smooth(nn.Module):
    """A rectifier whose slope depends on its input."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(F.silu(self.first(x)))


NETWORKS = [
    (Deep, ["stem", "wide", "last", "last:2", "up"]),
    (Branching, ["stem", "left", "right", "last"]),
    (Careless, ["first", "second", "third"]),
]


def compare(probe: Probe, recording: Recording, x: Tensor, layers: Sequence[str], rule: str) -> None:
    rows = [Row(picture, index) for picture in (1, 0) for index in (0, 2)]
    pictures, filters = x[[row.picture for row in rows]], [row.filter for row in rows]
    for layer in layers:
        for place in (None, (0, 0), (2, 3)):
            asked = [Row(row.picture, row.filter, place) for row in rows]
            found = replay(probe, recording, layer, asked, rule).gradients
            places = None if place is None else [place] * len(rows)
            true, _ = project(probe, pictures, layer, filters, rule, places)
            assert true.any()
            assert torch.allclose(found, true, atol=1e-5 * float(true.abs().max()) + 1e-9), (layer, place)


@pytest.mark.parametrize("rule", ["guided", "deconv", "saliency"])
@pytest.mark.parametrize("last", [False, True], ids=["nchw", "channels-last"])
@pytest.mark.parametrize(("make", "layers"), NETWORKS)
def test_gradients_of_short_recordings(make: Callable[[], nn.Module], layers: list[str], last: bool, rule: str) -> None:
    module, x = seeded(make), torch.randn(2, 3, 24, 24)
    probe = probed(module, 24)
    probe.memory_format = torch.channels_last if last else None
    compare(probe, Recording(probe, x, torch.float32, short=True), x, layers, rule)


@pytest.mark.parametrize("rule", ["guided", "deconv", "saliency"])
@pytest.mark.parametrize(
    ("make", "layers"), [*NETWORKS, (Upside, ["twice", "twice:2", "up"]), (Smooth, ["first", "second"])]
)
def test_gradients_of_full_recordings(make: Callable[[], nn.Module], layers: list[str], rule: str) -> None:
    module, x = seeded(make), torch.randn(2, 3, 24, 24)
    probe = probed(module, 24)
    compare(probe, Recording(probe, x, torch.float32), x, layers, rule)


@pytest.mark.parametrize(("make", "layer"), [(Smooth, "second"), (Upside, "up"), (Gated, "second")])
def test_nothing_is_computed_from_values_that_are_not_there(make: Callable[[], nn.Module], layer: str) -> None:
    probe, x = probed(seeded(make), 16), torch.randn(1, 3, 16, 16)
    with pytest.raises(NeedsValuesError):
        replay(probe, Recording(probe, x, torch.float32, short=True), layer, [Row(0, 0)], "guided")


@pytest.mark.parametrize("short", [True, False])
def test_units_need_only_their_part_of_the_picture(short: bool) -> None:
    module, x = seeded(Deep), torch.randn(2, 3, 64, 64)
    trace = trace_network(module, x[:1])
    layers = find_layers(trace, Everything).layers
    probe, known = Probe.of(module, layers), receptive_fields(trace, layers)
    recording = Recording(probe, x, torch.float32, short=short)
    for layer in ("stem", "wide", "last"):
        jump = tuple(int(step) for step in known[layer].jump)
        corner = Recording(probe, x[:1, :, :32, :32], torch.float32, short=short, until=layer)
        steps = steps_before(recording, corner, (32, 32))
        assert steps is not None
        for place in ((0, 0), (7, 5), (15, 15)):
            part = window(known[layer].box(*place), place, jump, (64, 64))
            assert part.box.height < 64
            rows = [Row(1, 3, place), Row(0, 1, place)]
            found = replay(probe, recording, layer, rows, "saliency", windows=[part] * 2, steps=steps).gradients
            true, _ = project(probe, x[[1, 0]], layer, [3, 1], "saliency", [place] * 2)
            box = part.box
            inside = true[:, :, box.top : box.bottom, box.left : box.right]
            assert torch.allclose(found, inside, atol=1e-5 * float(true.abs().max()))
            assert inside.abs().sum() == pytest.approx(float(true.abs().sum()), rel=1e-5)


def test_maps_of_a_fixed_size_are_not_cut() -> None:
    module = seeded(lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(7), nn.Conv2d(4, 4, 3)))
    probe, x = probed(module, 32), torch.randn(1, 3, 32, 32)
    whole, part = (Recording(probe, own, torch.float32, until="2") for own in (x, x[:, :, :16, :16]))
    assert steps_before(whole, part, (16, 16)) is None


@pytest.mark.parametrize("short", [True, False])
def test_short_numbers_keep_signs_and_pooled_pixels(short: bool) -> None:
    module, x = seeded(Deep), torch.randn(1, 3, 64, 64)
    probe = probed(module, 64)
    fast = probe.copy_to(torch.device("cpu"), torch.bfloat16)
    recording = Recording(probe, x, torch.bfloat16, short=short)
    found = replay(fast, recording, "last", [Row(0, index) for index in range(6)], "guided").gradients
    single, _ = project(probe, x.expand(6, -1, -1, -1), "last", list(range(6)), "guided")
    naive, _ = project(fast, x.expand(6, -1, -1, -1).bfloat16(), "last", list(range(6)), "guided")
    ours, theirs = (torch.cosine_similarity(one.flatten(1), single.flatten(1)).min() for one in (found, naive))
    assert ours > 0.9995
    assert theirs < ours


@pytest.mark.parametrize(("make", "short"), [(Gated, False), (Deep, True), (Deep, False)])
def test_energies_are_those_of_single_passes(make: Callable[[], nn.Module], short: bool) -> None:
    module, x, layer = seeded(make), torch.randn(1, 3, 16, 16), "second" if make is Gated else "last"
    probe = probed(module)
    recording = Recording(probe, x, torch.float32, short=short)
    found = replay(probe, recording, layer, [Row(0, 1, (2, 3))], "guided", with_energy=True)
    gradient, _, energy = project_with_energy(probe, x, layer, [1], "guided", [(2, 3)])
    assert energy.any()
    assert torch.allclose(found.energies, energy, atol=1e-9)
    assert torch.allclose(found.gradients, gradient, atol=1e-7)


def test_the_network_is_left_as_it_was() -> None:
    module, x = seeded(Deep), torch.randn(1, 3, 24, 24)
    before, probe = module(x), probed(module, 24)
    for short in (True, False):
        replay(probe, Recording(probe, x, torch.float32, short=short), "last", [Row(0, 1)], "guided")
    assert torch.equal(module(x), before)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


@pytest.mark.parametrize("short", [True, False])
def test_nothing_is_held_when_it_is_done(short: bool) -> None:
    probe = probed(seeded(Deep), 24)
    recording = Recording(probe, torch.randn(1, 3, 24, 24), torch.float32, short=short)
    held = [
        weakref.ref(note.value if note.value is not None else note.places)
        for note in recording.notes
        if note.places is not None
    ]
    assert held
    replay(probe, recording, "last", [Row(0, 1)], "guided")
    del recording
    gc.collect()
    assert not any(one() is not None for one in held)
