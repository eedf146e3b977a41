"""A small network for Fashion-MNIST: five convolutions, one of its paths around a residual block."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class Refine(nn.Module):
    """Two 3 x 3 convolutions whose result is added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, kernel_size=3, padding=1)
        self.second = nn.Conv2d(channels, channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, channels, h, w)`` to the same shape."""
        return F.relu(x + self.second(F.relu(self.first(x))))


class FashionNet(nn.Module):
    """From a 28 px grey picture to the logits of its class.

    Without batch normalisation: what a convolution puts out is what its ReLU sees, so that a filter's score
    on a picture reads directly, and zero means "would not have fired".

    Args:
        width: Filters of the first convolution; the later ones have two and three times as many.
        classes: Logits to give.
    """

    def __init__(self, width: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, width, kernel_size=5, padding=2)
        self.widen = nn.Conv2d(width, 2 * width, kernel_size=3, padding=1)
        self.refine = Refine(2 * width)
        self.top = nn.Conv2d(2 * width, 3 * width, kernel_size=3, padding=1)
        self.classify = nn.Linear(3 * width * 3 * 3, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures ``(n, 1, 28, 28)`` to logits ``(n, classes)``."""
        x = F.max_pool2d(F.relu(self.stem(x)), 2)
        x = self.refine(F.relu(self.widen(x)))
        x = F.max_pool2d(F.relu(self.top(F.max_pool2d(x, 2))), 2)
        return self.classify(x.flatten(1))


def fashion_net(width: int = 16, classes: int = 10) -> FashionNet:
    """Build the network, untrained; its weights lie beside this file, in ``fashion.safetensors``."""
    return FashionNet(width, classes)
