"""The networks that the benchmarks analyse."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers


class Vgg16(nn.Module):
    """The thirteen convolutions of VGG16 (Simonyan and Zisserman 2014, arXiv:1409.1556), without its classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.features = make_layers(cfgs["D"], batch_norm=False)
        for module in self.features:
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)


class Tiny(nn.Module):
    """Two convolutions, for rows that depend on the pictures and not on the network."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x).relu())


class Chain(nn.Sequential):
    """Convolutions of three filters one after the other, each with a ReLU.

    Args:
        size: How many.
    """

    def __init__(self, size: int) -> None:
        torch.manual_seed(0)
        convolutions = [nn.Conv2d(3, 3, 3, padding=1) for _ in range(size)]
        for convolution in convolutions:
            nn.init.kaiming_normal_(convolution.weight)
        super().__init__(*(part for convolution in convolutions for part in (convolution, nn.ReLU())))


class Wide(nn.Sequential):
    """A convolution of many filters between two small ones.

    Args:
        size: How many filters.
    """

    def __init__(self, size: int) -> None:
        torch.manual_seed(0)
        super().__init__(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, size, 3, padding=1), nn.ReLU(), nn.Conv2d(size, 4, 1)
        )
