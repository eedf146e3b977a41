import torch
from torch import nn

from tests.models.receptive_field.networks import fields_of


def test_an_operation_without_a_rule_is_named():
    class Fourier(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 1)

        def forward(self, x):
            return self.conv(torch.fft.ifft2(torch.fft.fft2(x)).real)

    field = fields_of(Fourier(), 3, 8, 8)["conv"]
    assert field.status == "whole"
    assert "fft" in field.note
