"""Small networks made at random: chains, branches, residual sums, joins, windows of every kind."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import Tensor, nn

Draw = Callable[[st.SearchStrategy], object]


class Relu(nn.Module):
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
    """Two branches, cropped to one size and put side by side; perhaps shuffled, so that groups mix them."""

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
    """One half of the channels goes through a module, the other goes by."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, dim=1)
        return torch.cat([self.body(a), b], 1)


class Patch(nn.Module):
    """Writes into a part of a map in place."""

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


def _conv(draw: Draw, channels: int, out: int) -> nn.Module:
    groups = draw(st.sampled_from([g for g in (1, 2, 4) if channels % g == 0 and out % g == 0]))
    kernel = draw(st.sampled_from([1, 2, 3, 5]))
    return nn.Conv2d(
        channels,
        out,
        (kernel, draw(st.sampled_from([kernel, 1, 3]))),
        stride=draw(st.sampled_from([1, 1, 2, (1, 3)])),
        padding=draw(st.integers(0, 2)),
        dilation=draw(st.sampled_from([1, 1, 2])),
        groups=groups,
        padding_mode=draw(st.sampled_from(["zeros", "zeros", "zeros", "reflect"])),
    )


def _same(draw: Draw, channels: int) -> nn.Module:
    kernel = draw(st.sampled_from([1, 3]))
    dilation = draw(st.sampled_from([1, 2]))
    groups = draw(st.sampled_from([1, channels]))
    return nn.Sequential(
        nn.Conv2d(channels, channels, kernel, padding=dilation * (kernel // 2), dilation=dilation, groups=groups),
        draw(st.sampled_from([nn.ReLU(inplace=True), Relu(), nn.GELU(), nn.Identity()])),
    )


def _step(draw: Draw, channels: int) -> tuple[nn.Module, int]:
    kind = draw(st.sampled_from(["conv", "conv", "residual", "join", "split", "pool", "resize", "norm", "patch", "up"]))
    if kind == "conv":
        out = draw(st.sampled_from([4, 8]))
        return _conv(draw, channels, out), out
    if kind == "residual":
        return Residual(_same(draw, channels), draw(st.booleans())), channels
    if kind == "join":
        branch = draw(st.sampled_from([nn.MaxPool2d(3, 1, 1), nn.Identity(), nn.AvgPool2d(3, 1, 1)]))
        return Join(_same(draw, channels), branch, draw(st.booleans())), 2 * channels
    if kind == "split":
        return Split(_same(draw, channels // 2)), channels
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
def nets(draw: Draw) -> tuple[nn.Module, tuple[int, int, int]]:
    """A network in evaluation mode, and the size of its picture."""
    torch.manual_seed(draw(st.integers(0, 1000)))
    size = (3, draw(st.integers(14, 26)), draw(st.integers(14, 26)))
    steps: list[nn.Module] = [nn.Conv2d(3, 4, 3, padding=1)]
    channels = 4
    for _ in range(draw(st.integers(1, 5))):
        step, wider = _step(draw, channels)
        trial = nn.Sequential(*steps, step).eval()
        try:
            with torch.no_grad():
                shape = trial(torch.zeros(1, *size)).shape
        except RuntimeError:
            continue
        if min(shape[2:]) < 3 or max(shape[2:]) > 40 or wider > 16:
            continue
        steps, channels = [*steps, step], wider
    steps.append(nn.Conv2d(channels, 4, 1))
    return nn.Sequential(*steps).eval(), size
