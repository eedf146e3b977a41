"""Small networks, as awkward as real ones, and probes of them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.models.receptive_field.field import receptive_fields
from mkdocs_lurk.models.tracing.layers import find_layers
from mkdocs_lurk.models.tracing.trace import trace_network


class Branching(nn.Module):
    """Strides, a residual, in-place and functional rectifiers, one of them used twice, groups and dilation."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.left = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=2)
        self.right = nn.Conv2d(8, 8, 1)
        self.last = nn.Conv2d(16, 6, 3, padding=1)
        self.head = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.stem(x))
        left, right = self.relu(self.left(x)), F.relu(self.right(x))
        x = F.max_pool2d(torch.cat([left + x, right], 1), 2)
        return self.head(F.relu(self.last(x)).mean((2, 3)))


class Modular(nn.Sequential):
    """ReLU modules only, so that Captum knows them all."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(3, 6, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 8, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 5, 3),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(5, 3),
        )


class Upside(nn.Module):
    """A transposed convolution, and a convolution that is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.twice = nn.Conv2d(3, 3, 3, padding=1)
        self.up = nn.ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1, groups=1)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"maps": self.up(F.gelu(self.twice(F.relu(self.twice(x)))))}


class Gated(nn.Module):
    """Squeeze-and-excitation: a sigmoid gate of the whole map."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.gate, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x))
        return self.second(x * torch.sigmoid(self.gate(F.adaptive_avg_pool2d(x, 1))))


def seeded(make: type[nn.Module], seed: int = 0) -> nn.Module:
    """Make a network with repeatable weights, in evaluation mode."""
    torch.manual_seed(seed)
    return make().eval().requires_grad_(False)


class EveryConvolution:
    """A choice of layers that includes every convolution."""

    include = ("*",)
    exclude = ()


def probed(module: nn.Module, size: int = 16) -> Probe:
    """Make a probe of every convolution of a network that takes pictures of ``size`` px."""
    return Probe.of(module, find_layers(trace_network(module, torch.zeros(1, 3, size, size)), EveryConvolution).layers)


def probed_network(module: nn.Module, size: int = 16, fast_dtype: torch.dtype = torch.float32) -> ProbedNetwork:
    """Make a ``ProbedNetwork`` of every convolution of a network that takes pictures of ``size`` px in 3 colours."""
    trace = trace_network(module, torch.zeros(1, 3, size, size))
    layers = find_layers(trace, EveryConvolution).layers
    probe = Probe.of(module, layers)
    fast = probe if fast_dtype == torch.float32 else probe.copy_to(torch.device("cpu"), fast_dtype)
    return ProbedNetwork(probe, fast, fast_dtype, layers, receptive_fields(trace, layers), (3, size, size))


def hooked(module: nn.Module, x: Tensor, layer: str) -> list[Tensor]:
    """Return the outputs that a plain forward hook receives, copied before anything can change them."""
    outputs: list[Tensor] = []
    handle = module.get_submodule(layer).register_forward_hook(lambda _m, _i, output: outputs.append(output.clone()))
    module(x)
    handle.remove()
    return outputs
