import torch
import torch.nn.functional as F
from torch import nn

from tests.models.connections.networks import inputs_of


def test_kernels_of_transposed_convolutions_have_filters_first():
    module = nn.Sequential(nn.ConvTranspose2d(4, 6, 3, groups=2))
    inputs = inputs_of(module, 4, 8, 8).layers["0"]
    weight = module[0].weight
    assert inputs.kernel.shape == (6, 2, 3, 3)
    for filter_ in range(6):
        group, within = divmod(filter_, 3)
        for channel in range(2):
            assert torch.equal(inputs.kernel[filter_, channel], weight[group * 2 + channel, within])


def test_source_filters_of_a_kernel_computed_from_the_picture_are_unknown():
    class Dynamic(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(3, 3, 3)

        def forward(self, x):
            return F.conv2d(self.a(x), x[:, :, :3, :3])

    network = inputs_of(Dynamic())
    assert [inputs.unknown_reason for inputs in network.layers.values() if inputs.layer != "a"] == [
        "its weights are computed from the picture"
    ]
