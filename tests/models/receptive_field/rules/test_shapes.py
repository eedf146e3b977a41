import torch
from torch import nn

from tests.models.receptive_field.networks import clipped_box, fields_of


def test_writes_into_shared_memory_move_intervals():
    class Shifted(nn.Module):
        def __init__(self):
            super().__init__()
            self.last = nn.Conv2d(3, 2, 1)

        def forward(self, x):
            out = torch.zeros_like(x)
            out[:, :, 1:] = x[:, :, :-1]
            view = out[:, :, :2]
            out[:, :, :, 4:].zero_()
            return self.last(torch.cat([view, out[:, :, 2:]], 2))

    field = fields_of(Shifted(), 3, 8, 8)["last"]
    assert clipped_box(field, 1, 2).as_list() == [0, 2, 1, 3]
    assert clipped_box(field, 5, 2).as_list() == [4, 2, 5, 3]
    assert clipped_box(field, 0, 2).height == 0
    assert clipped_box(field, 5, 6).height == 0
