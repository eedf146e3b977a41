import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.models.receptive_field.networks import Gated, clipped_box, fields_of


@pytest.mark.parametrize("norm", [nn.GroupNorm(2, 4), nn.InstanceNorm2d(4), nn.LayerNorm([4, 16, 16])])
def test_statistics_of_the_whole_map_are_treated_as_constants_and_noted(norm):
    fields = fields_of(Gated(norm=norm), 3, 16, 16)
    assert fields["last"].status == "effective"
    assert "statistics" in fields["last"].note
    assert fields["last"].size == (5, 5)


def test_a_normalisation_over_channels_is_local():
    class ChannelsLast(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.LayerNorm(4)

        def forward(self, x):
            return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    assert fields_of(Gated(norm=ChannelsLast()), 3, 16, 16)["last"].status == "exact"


def test_windowed_attention_is_local_and_global_attention_reads_the_whole_picture():
    class Attention(nn.Module):
        def __init__(self, window):
            super().__init__()
            self.window, self.last = window, nn.Conv2d(3, 2, 1)

        def forward(self, x):
            n, c, h, w = x.shape
            k = self.window
            t = x.view(n, c, h // k, k, w // k, k).permute(0, 2, 4, 3, 5, 1).reshape(-1, k * k, c)
            t = F.scaled_dot_product_attention(t, t, t)
            t = t.view(n, h // k, w // k, k, k, c).permute(0, 5, 1, 3, 2, 4).reshape(n, c, h, w)
            return self.last(t)

    windowed = fields_of(Attention(4), 3, 16, 16)["last"]
    assert windowed.status == "exact"
    assert clipped_box(windowed, 5, 14).as_list() == [4, 12, 8, 16]
    everywhere = fields_of(Attention(16), 3, 16, 16)["last"]
    assert everywhere.status == "whole"
    assert "attention" in everywhere.note


@pytest.mark.parametrize("heads", [(), (1,)])
def test_attention_reads_its_values_at_every_position(heads):
    class Pooling(nn.Module):
        def __init__(self):
            super().__init__()
            self.key, self.last = nn.Parameter(torch.ones(1, *heads, 64, 3)), nn.Conv2d(3, 2, 1)

        def forward(self, x):
            # With an axis of heads torch runs one fused operation; without it, its parts.
            t = F.scaled_dot_product_attention(self.key, self.key, x.flatten(2).mT.contiguous().view(self.key.shape))
            return self.last(t.mT.reshape(x.shape))

    field = fields_of(Pooling(), 3, 8, 8)["last"]
    assert field.status == "whole"
    assert clipped_box(field, 3, 3).as_list() == [0, 0, 8, 8]
