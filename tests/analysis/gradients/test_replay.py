"""Many gradients from one recorded forward pass equal those computed one by one."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Sequence

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.crops import input_window
from mkdocs_lurk.analysis.gradients.batch import BatchRow, find_jumps
from mkdocs_lurk.analysis.gradients.placeholders import NeedsValuesError
from mkdocs_lurk.analysis.gradients.recording import Recording
from mkdocs_lurk.analysis.gradients.replay import replay
from mkdocs_lurk.analysis.gradients.requests import GradientRequest
from mkdocs_lurk.analysis.gradients.single import filter_gradients, joint_gradients
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.models.receptive_field.field import receptive_fields
from mkdocs_lurk.models.tracing.layers import find_layers
from mkdocs_lurk.models.tracing.trace import trace_network
from tests.analysis.networks import Branching, EveryConvolution, Gated, Upside, probed, seeded


class Deep(nn.Module):
    """Strides, dilation, groups, normalisation, overlapping pooling, in-place and repeated operations."""

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


class Turned(nn.Module):
    """Applies a ReLU in place to a part of a view whose first dimension is not that of the pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        x.permute(2, 3, 0, 1).hsplit(2)[0].relu_()
        return self.second(x)


class Careless(nn.Module):
    """Applies ReLUs in place and ignores what they return; adds in place."""

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
    """An activation whose slope depends on its input."""

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


def compare_with_single_passes(probe: Probe, recording: Recording, x: Tensor, layers: Sequence[str], rule: str) -> None:
    rows = [BatchRow(picture, index) for picture in (1, 0) for index in (0, 2)]
    pictures, filters = x[[row.picture for row in rows]], [row.filter for row in rows]
    for layer in layers:
        for place in (None, (0, 0), (2, 3)):
            requested = [BatchRow(row.picture, row.filter, place) for row in rows]
            found = replay(probe, recording, layer, requested, rule).gradients
            places = None if place is None else [place] * len(rows)
            true, _ = filter_gradients(probe, pictures, layer, filters, rule, places)
            assert true.any()
            assert torch.allclose(found, true, atol=1e-5 * float(true.abs().max()) + 1e-9), (layer, place)


@pytest.mark.parametrize("rule", ["guided", "deconv", "saliency"])
@pytest.mark.parametrize("channels_last", [False, True], ids=["nchw", "channels-last"])
@pytest.mark.parametrize(("make", "layers"), NETWORKS)
def test_gradients_from_recordings_of_masks(
    make: Callable[[], nn.Module], layers: list[str], channels_last: bool, rule: str
) -> None:
    module, x = seeded(make), torch.randn(2, 3, 24, 24)
    probe = probed(module, 24)
    probe.memory_format = torch.channels_last if channels_last else None
    compare_with_single_passes(probe, Recording(probe, x, torch.float32, masks_only=True), x, layers, rule)


@pytest.mark.parametrize("rule", ["guided", "deconv", "saliency"])
@pytest.mark.parametrize(
    ("make", "layers"), [*NETWORKS, (Upside, ["twice", "twice:2", "up"]), (Smooth, ["first", "second"])]
)
def test_gradients_from_full_recordings(make: Callable[[], nn.Module], layers: list[str], rule: str) -> None:
    module, x = seeded(make), torch.randn(2, 3, 24, 24)
    probe = probed(module, 24)
    compare_with_single_passes(probe, Recording(probe, x, torch.float32), x, layers, rule)


@pytest.mark.parametrize(("make", "layer"), [(Smooth, "second"), (Upside, "up"), (Gated, "second"), (Turned, "second")])
def test_nothing_is_computed_from_the_values_of_placeholders(make: Callable[[], nn.Module], layer: str) -> None:
    probe, x = probed(seeded(make), 16), torch.randn(1, 3, 16, 16)
    with pytest.raises(NeedsValuesError):
        replay(probe, Recording(probe, x, torch.float32, masks_only=True), layer, [BatchRow(0, 0)], "guided")


@pytest.mark.parametrize("masks_only", [True, False])
def test_gradients_of_units_from_their_input_windows(masks_only: bool) -> None:
    module, x = seeded(Deep), torch.randn(2, 3, 64, 64)
    trace = trace_network(module, x[:1])
    layers = find_layers(trace, EveryConvolution).layers
    probe, known = Probe.of(module, layers), receptive_fields(trace, layers)
    recording = Recording(probe, x, torch.float32, masks_only=masks_only)
    for layer in ("stem", "wide", "last"):
        jump = tuple(int(step) for step in known[layer].jump)
        corner = Recording(probe, x[:1, :, :32, :32], torch.float32, masks_only=masks_only, until=layer)
        jumps = find_jumps(recording, corner, (32, 32))
        assert jumps is not None
        for place in ((0, 0), (7, 5), (15, 15)):
            window = input_window(known[layer].box(*place), place, jump, (64, 64))
            assert window.box.height < 64
            rows = [BatchRow(1, 3, place), BatchRow(0, 1, place)]
            found = replay(probe, recording, layer, rows, "saliency", windows=[window] * 2, jumps=jumps).gradients
            true, _ = filter_gradients(probe, x[[1, 0]], layer, [3, 1], "saliency", [place] * 2)
            box = window.box
            inside = true[:, :, box.top : box.bottom, box.left : box.right]
            assert torch.allclose(found, inside, atol=1e-5 * float(true.abs().max()))
            assert inside.abs().sum() == pytest.approx(float(true.abs().sum()), rel=1e-5)


def test_maps_of_a_fixed_size_cannot_be_cut() -> None:
    module = seeded(lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(7), nn.Conv2d(4, 4, 3)))
    probe, x = probed(module, 32), torch.randn(1, 3, 32, 32)
    whole, corner = (Recording(probe, own, torch.float32, until="2") for own in (x, x[:, :, :16, :16]))
    assert find_jumps(whole, corner, (16, 16)) is None


@pytest.mark.parametrize("masks_only", [True, False])
def test_bfloat16_keeps_the_signs_and_pooled_pixels_of_float32(masks_only: bool) -> None:
    module, x = seeded(Deep), torch.randn(1, 3, 64, 64)
    probe = probed(module, 64)
    fast = probe.copy_to(torch.device("cpu"), torch.bfloat16)
    recording = Recording(probe, x, torch.bfloat16, masks_only=masks_only)
    found = replay(fast, recording, "last", [BatchRow(0, index) for index in range(6)], "guided").gradients
    single, _ = filter_gradients(probe, x.expand(6, -1, -1, -1), "last", list(range(6)), "guided")
    naive, _ = filter_gradients(fast, x.expand(6, -1, -1, -1).bfloat16(), "last", list(range(6)), "guided")
    ours, theirs = (torch.cosine_similarity(one.flatten(1), single.flatten(1)).min() for one in (found, naive))
    assert ours > 0.9995
    assert theirs < ours


@pytest.mark.parametrize(("make", "masks_only"), [(Gated, False), (Deep, True), (Deep, False)])
def test_energies_equal_those_of_single_passes(make: Callable[[], nn.Module], masks_only: bool) -> None:
    module, x, layer = seeded(make), torch.randn(1, 3, 16, 16), "second" if make is Gated else "last"
    probe = probed(module)
    recording = Recording(probe, x, torch.float32, masks_only=masks_only)
    found = replay(probe, recording, layer, [BatchRow(0, 1, (2, 3))], "guided", with_energy=True)
    gradient, _, energy = joint_gradients(probe, x, [GradientRequest(0, layer, 1, (2, 3))], "guided", with_energy=True)
    assert energy.any()
    assert torch.allclose(found.energies, energy, atol=1e-9)
    assert torch.allclose(found.gradients, gradient, atol=1e-7)


def test_the_network_is_not_changed() -> None:
    module, x = seeded(Deep), torch.randn(1, 3, 24, 24)
    before, probe = module(x), probed(module, 24)
    for masks_only in (True, False):
        replay(probe, Recording(probe, x, torch.float32, masks_only=masks_only), "last", [BatchRow(0, 1)], "guided")
    assert torch.equal(module(x), before)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


@pytest.mark.parametrize("masks_only", [True, False])
def test_recordings_are_freed(masks_only: bool) -> None:
    probe = probed(seeded(Deep), 24)
    recording = Recording(probe, torch.randn(1, 3, 24, 24), torch.float32, masks_only=masks_only)
    references = [
        weakref.ref(operation.output if operation.output is not None else operation.pool_indices)
        for operation in recording.operations
        if operation.pool_indices is not None
    ]
    assert references
    replay(probe, recording, "last", [BatchRow(0, 1)], "guided")
    del recording
    gc.collect()
    assert not any(one() is not None for one in references)
