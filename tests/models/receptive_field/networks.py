"""What the tests of receptive fields share: how to compute them, which units to check, and a network with a gate."""

import torch
from torch import nn

from mkdocs_lurk.models.receptive_field.field import receptive_fields
from mkdocs_lurk.models.tracing.trace import trace_network


def fields_of(module, *size):
    module.eval()
    return receptive_fields(trace_network(module, torch.zeros(1, *size)))


def clipped_box(field, y, x, filter_=None):
    """The part of a unit's receptive field that lies in the picture."""
    return field.box(y, x, filter_).clip(*field.picture)


def some_units(field, n_random=4, seed=0):
    """Units ``(y, x, filter)`` at corners, in the middle and at random."""
    c, h, w = field.output
    generator = torch.Generator().manual_seed(seed)
    fixed = [(0, 0), (h - 1, w - 1), (h // 2, w // 2)]
    random = [(_below(h, generator), _below(w, generator)) for _ in range(n_random)]
    return [(y, x, _below(c, generator)) for y, x in fixed + random]


def _below(end, generator):
    return int(torch.randint(end, (), generator=generator))


class Gated(nn.Module):
    """A convolution, then a normalisation or a squeeze-and-excitation gate, then another convolution."""

    def __init__(self, expand=False, norm=None):
        super().__init__()
        self.body, self.gate, self.last = (
            nn.Conv2d(3, 4, 3, padding=1),
            nn.Conv2d(4, 4, 1),
            nn.Conv2d(4, 4, 3, padding=1),
        )
        self.expand, self.norm = expand, norm

    def forward(self, x):
        x = self.body(x)
        if self.norm is not None:
            return self.last(self.norm(x))
        gate = torch.sigmoid(self.gate(x.mean((2, 3), keepdim=True)))
        return self.last(gate.expand_as(x) * x if self.expand else x * gate)
