"""Small networks for tests of models: one with everything at once, and random ones of every usual building block."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import Tensor, nn

Draw = Callable[[st.SearchStrategy], object]


class Gate(nn.Module):
    """Squeeze and excitation."""

    def __init__(self) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.squeeze(F.adaptive_avg_pool2d(x, (1, 1))))


class Branching(nn.Module):
    """Control flow, a list, a loop, a module used twice, functional calls and a transposed convolution."""

    layers = ("stem.0", "gate.squeeze", "again", "again:2", "up", "head")

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
        self.gate = Gate()
        self.again = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.up = nn.ConvTranspose2d(4, 4, 2, stride=2)
        self.head = nn.Linear(8, 2)
        self.steps = 2

    def forward(self, x: Tensor) -> Tensor:
        x = self.gate(self.stem(x))
        kept: list[Tensor] = []
        for step in range(self.steps):
            x = F.relu(self.again(x)) + step
            kept.append(x)
        if x.size(2) > 4:
            x = F.max_pool2d(x, 2)
        low, high = x.amin((2, 3)), self.up(x).amax((2, 3))
        assert low.shape[0] == high.shape[0]
        return self.head(torch.cat([low + kept[0].mean((2, 3)), high], 1).view(x.shape[0], -1))


class FunctionalRelu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x)


class Residual(nn.Module):
    def __init__(self, body: nn.Module, in_place: bool) -> None:
        super().__init__()
        self.body, self.in_place = body, in_place

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(x)
        if self.in_place:
            y += x
            return y
        return x + y


class Join(nn.Module):
    """Two branches, cropped to one size and concatenated; channels may be shuffled, as between grouped convolutions."""

    def __init__(self, one: nn.Module, two: nn.Module, shuffle: bool) -> None:
        super().__init__()
        self.one, self.two, self.shuffle = one, two, shuffle

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.one(x), self.two(x)
        h, w = min(a.shape[2], b.shape[2]), min(a.shape[3], b.shape[3])
        y = torch.cat([a[:, :, :h, :w], b[:, :, :h, :w]], 1)
        if self.shuffle:
            y = y.view(y.shape[0], 2, -1, h, w).transpose(1, 2).reshape(y.shape)
        return y


class Split(nn.Module):
    """Half of the channels pass through a module, the others bypass it."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, dim=1)
        return torch.cat([self.body(a), b], 1)


class Patch(nn.Module):
    """In-place writes into parts of a feature map."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.clone()
        x[:, :, ::2] = x[:, :, ::2] + 1
        x[:, :1, 1:].mul_(2)
        return x


class Resize(nn.Module):
    def __init__(self, mode: str, scale: float) -> None:
        super().__init__()
        self.mode, self.scale = mode, scale

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=self.scale, mode=self.mode)


def _convolution(draw: Draw, channels: int, filters: int) -> nn.Module:
    groups = draw(st.sampled_from([g for g in (1, 2, 4) if channels % g == 0 and filters % g == 0]))
    kernel = draw(st.sampled_from([1, 2, 3, 5]))
    return nn.Conv2d(
        channels,
        filters,
        (kernel, draw(st.sampled_from([kernel, 1, 3]))),
        stride=draw(st.sampled_from([1, 1, 2, (1, 3)])),
        padding=draw(st.integers(0, 2)),
        dilation=draw(st.sampled_from([1, 1, 2])),
        groups=groups,
        padding_mode=draw(st.sampled_from(["zeros", "zeros", "zeros", "reflect"])),
    )


def _same_size(draw: Draw, channels: int) -> nn.Module:
    kernel = draw(st.sampled_from([1, 3]))
    dilation = draw(st.sampled_from([1, 2]))
    groups = draw(st.sampled_from([1, channels]))
    return nn.Sequential(
        nn.Conv2d(channels, channels, kernel, padding=dilation * (kernel // 2), dilation=dilation, groups=groups),
        draw(st.sampled_from([nn.ReLU(inplace=True), FunctionalRelu(), nn.GELU(), nn.Identity()])),
    )


def _block(draw: Draw, channels: int) -> tuple[nn.Module, int]:
    """A building block, and its number of output channels."""
    kind = draw(st.sampled_from(["conv", "conv", "residual", "join", "split", "pool", "resize", "norm", "patch", "up"]))
    if kind == "conv":
        filters = draw(st.sampled_from([4, 8]))
        return _convolution(draw, channels, filters), filters
    if kind == "residual":
        return Residual(_same_size(draw, channels), draw(st.booleans())), channels
    if kind == "join":
        branch = draw(st.sampled_from([nn.MaxPool2d(3, 1, 1), nn.Identity(), nn.AvgPool2d(3, 1, 1)]))
        return Join(_same_size(draw, channels), branch, draw(st.booleans())), 2 * channels
    if kind == "split":
        return Split(_same_size(draw, channels // 2)), channels
    if kind == "pool":
        pool = draw(st.sampled_from([nn.MaxPool2d, nn.AvgPool2d]))
        return pool(3, draw(st.sampled_from([1, 2])), draw(st.integers(0, 1)), ceil_mode=draw(st.booleans())), channels
    if kind == "resize":
        mode = draw(st.sampled_from(["nearest", "bilinear"]))
        return Resize(mode, draw(st.sampled_from([2.0, 0.5, 1.5]))), channels
    if kind == "norm":
        return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(inplace=True)), channels
    if kind == "patch":
        return Patch(), channels
    return nn.ConvTranspose2d(channels, 4, 3, stride=2, padding=1, output_padding=draw(st.integers(0, 1))), 4


@st.composite
def random_networks(draw: Draw) -> tuple[nn.Module, tuple[int, int, int]]:
    """A network in evaluation mode, and the size ``(c, h, w)`` of its input."""
    torch.manual_seed(draw(st.integers(0, 1000)))
    size = (3, draw(st.integers(14, 26)), draw(st.integers(14, 26)))
    blocks: list[nn.Module] = [nn.Conv2d(3, 4, 3, padding=1)]
    channels = 4
    for _ in range(draw(st.integers(1, 5))):
        block, new_channels = _block(draw, channels)
        trial = nn.Sequential(*blocks, block).eval()
        try:
            with torch.no_grad():
                shape = trial(torch.zeros(1, *size)).shape
        except RuntimeError:  # a kernel larger than what is left of the feature map
            continue
        if min(shape[2:]) < 3 or max(shape[2:]) > 40 or new_channels > 16:
            continue
        blocks, channels = [*blocks, block], new_channels
    blocks.append(nn.Conv2d(channels, 4, 1))
    return nn.Sequential(*blocks).eval(), size
