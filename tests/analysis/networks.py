"""Small networks, as awkward as real ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


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


def seeded(make: type[nn.Module], seed: int = 0) -> nn.Module:
    """Make a network with repeatable weights, ready to be looked at."""
    torch.manual_seed(seed)
    return make().eval().requires_grad_(False)
