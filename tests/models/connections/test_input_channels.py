import torch
import torch.nn.functional as F
from hypothesis import given, settings
from torch import nn

from mkdocs_lurk.models.connections.input_channels import PICTURE
from tests.models.connections.networks import inputs_and_outputs, inputs_of, single_source_filters, source_filters
from tests.models.networks import random_networks

FEW = settings(max_examples=40, deadline=None, derandomize=True)


def source_filters_by_gradient(module, size):
    """The slow twin: which filters each channel of a layer's input has a gradient from, without other layers between.

    Every layer's output is replaced by positive numbers, so that no activation is shut.
    """
    generator = torch.Generator().manual_seed(0)

    def positive(shape):
        return (torch.rand(shape, generator=generator) + 0.1).requires_grad_()

    picture = positive((1, *size))
    calls = inputs_and_outputs(module, picture, lambda output: positive(output.shape))
    leaves = {PICTURE: picture} | {name: output for name, (_, output) in calls.items()}
    sources = {}
    for layer, (layer_input, _) in calls.items():
        sources[layer] = []
        for channel in range(layer_input.shape[1]):
            total = layer_input[0, channel].sum()
            gradients = torch.autograd.grad(total, leaves.values(), retain_graph=True, allow_unused=True)
            sources[layer].append(
                {
                    (name, int(filter_))
                    for name, gradient in zip(leaves, gradients, strict=True)
                    if gradient is not None
                    for filter_ in gradient[0].abs().sum((1, 2)).nonzero()
                }
            )
    return sources


@FEW
@given(random_networks())
def test_source_filters_equal_those_of_gradients(net):
    module, size = net
    network = inputs_of(module, *size)
    for layer, sources in source_filters_by_gradient(module, size).items():
        assert source_filters(network, layer) == sources


class Affine(nn.Module):
    """Scales, shifts and moves filters without activations, so that channels equal their channel sources."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.a = nn.Conv2d(3, 4, 3, padding=1)
        self.b = nn.Conv2d(4, 4, 3, padding=1)
        self.c = nn.Conv2d(8, 4, 1)
        self.d = nn.Conv2d(4, 4, 1)
        self.e = nn.Conv2d(8, 2, 1)
        self.f = nn.Linear(8 * 8 * 2, 3)
        self.norms = nn.ModuleList([nn.BatchNorm2d(4), nn.BatchNorm2d(8), nn.BatchNorm2d(4, affine=False)])
        for norm in self.norms:
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2)
            if norm.affine:
                nn.init.normal_(norm.weight)
                nn.init.normal_(norm.bias)
        self.layer_scale = nn.Parameter(torch.randn(4, 1, 1))

    def forward(self, x):
        a = self.norms[0](self.a(x))
        b = self.b(a)
        c = self.c(self.norms[1](torch.cat([b * 2 - 1, (3 - a) / 4], 1)))
        stream = a + self.layer_scale * self.norms[2](c)
        stream -= self.d(stream)
        mixed = torch.cat([-stream, stream.flip(1)], 1).view(1, 2, 4, 8, 8).transpose(1, 2).reshape(1, 8, 8, 8)
        return self.f(self.e(mixed).flatten(1))


def test_scales_and_shifts_reconstruct_the_input_of_a_layer():
    module = Affine().eval()
    network = inputs_of(module)
    x = torch.randn(1, 3, 8, 8)
    with torch.no_grad():
        calls = inputs_and_outputs(module, x)
    outputs = [x[0], *(calls[name][1].reshape(-1, 8, 8) if name != "f" else None for name in network.names[1:])]
    for name in "abcde":
        inputs, expected = network.layers[name], calls[name][0][0]
        places = network.layer_of(inputs.source_filters)
        total = torch.zeros_like(expected, dtype=torch.float64)
        for summand, channel in zip(*(inputs.source_filters >= 0).nonzero(), strict=True):
            place = places[summand, channel]
            output = outputs[place][inputs.source_filters[summand, channel] - network.starts[place]]
            total[channel] += inputs.scale[summand, channel] * output + inputs.shift[summand, channel]
        torch.testing.assert_close(total, expected.double(), rtol=1e-4, atol=1e-4)
    assert len(network.layers["d"].source_filters) == 2
    assert len(network.layers["e"].source_filters) == 3


def test_elements_of_a_flattened_map_keep_their_filter():
    assert single_source_filters(inputs_of(Affine()), "f") == [("e", 0)] * 64 + [("e", 1)] * 64


def test_shuffled_and_depthwise_channels_keep_their_filters():
    class Shuffled(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(3, 6, 1)
            self.b = nn.Conv2d(6, 6, 3, groups=6)
            self.c = nn.Conv2d(6, 4, 1, groups=2)

        def forward(self, x):
            x = self.a(x)
            x = x.view(1, 2, 3, 8, 8).transpose(1, 2).contiguous().view(1, 6, 8, 8)
            one, two = F.max_pool2d(F.relu(self.b(x)), 2).chunk(2, 1)
            return self.c(torch.cat([two, one], 1))

    network = inputs_of(Shuffled())
    assert single_source_filters(network, "b") == [("a", number) for number in (0, 3, 1, 4, 2, 5)]
    assert single_source_filters(network, "c") == [("b", number) for number in (3, 4, 5, 0, 1, 2)]
    assert network.layers["b"].groups == 6
    assert network.layers["b"].kernel.shape == (6, 1, 3, 3)


def test_functional_calls_with_shared_weights_are_layers_of_their_own():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.kernel = nn.Parameter(torch.randn(3, 3, 3, 3))

        def forward(self, x):
            x = F.conv2d(x, self.kernel, padding=1).clamp_(min=0)
            return F.conv2d(x[:, [2, 0, 1]], self.kernel)

    module = Functional()
    network = inputs_of(module)
    assert single_source_filters(network, "kernel") == [(PICTURE, channel) for channel in range(3)]
    assert single_source_filters(network, "kernel:2") == [("kernel", 2), ("kernel", 0), ("kernel", 1)]
    assert torch.equal(network.layers["kernel"].kernel, module.kernel)


def test_linear_layers_read_the_channels_of_tokens():
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches = nn.Conv2d(3, 5, 4, stride=4)
            self.bias = nn.Linear(5, 6)
            self.plain = nn.Linear(6, 2, bias=False)

        def forward(self, x):
            tokens = self.patches(x).flatten(2).transpose(1, 2)
            return self.plain(F.gelu(self.bias(tokens)))

    module = Tokens()
    network = inputs_of(module)
    assert single_source_filters(network, "bias") == [("patches", number) for number in range(5)]
    assert single_source_filters(network, "plain") == [("bias", number) for number in range(6)]
    for name in ("bias", "plain"):
        assert torch.equal(network.layers[name].kernel[:, :, 0, 0], getattr(module, name).weight)
