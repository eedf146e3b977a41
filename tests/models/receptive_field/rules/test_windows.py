import pytest
import torch.nn.functional as F
from torch import nn

from tests.models.receptive_field.networks import clipped_box, fields_of, some_units
from tests.zoo.oracle import Oracle


@pytest.mark.parametrize(
    ("mode", "size"),
    [
        *[("nearest", (16, 24)), ("nearest", (7, 5)), ("nearest-exact", (11, 13)), ("bilinear", (16, 24))],
        *[("bilinear", (5, 20)), ("bicubic", (13, 9)), ("area", (3, 4))],
        *[("bilinear, antialias", size) for size in ((5, 7), (3, 12), (8, 4), (16, 24), (1, 1), (5, 1))],
        *[("bicubic, antialias", size) for size in ((5, 7), (3, 12), (8, 4), (1, 5))],
    ],
)
def test_receptive_fields_of_a_resized_map_equal_those_of_input_gradients(mode, size):
    mode, antialias = mode.partition(",")[0], "antialias" in mode

    class Resized(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 1)

        def forward(self, x):
            return self.last(F.interpolate(self.first(x), size=size, mode=mode, antialias=antialias))

    module = Resized().eval()
    field = fields_of(module, 1, 8, 12)["last"]
    oracle = Oracle(module, (1, 8, 12), {"last"})
    for y, x, channel in some_units(field, n_random=8):
        assert clipped_box(field, y, x, channel) == oracle.box("last", y, x, channel), (y, x)
