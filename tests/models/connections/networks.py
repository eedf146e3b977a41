"""What the tests of connections share: how to find source filters and how to catch layer calls, and small networks."""

import torch
import torch.nn.functional as F
from torch import nn

from mkdocs_lurk.models.connections.input_channels import find_layer_inputs
from mkdocs_lurk.models.tracing.layer_calls import CallNamer, LayerCallMode, ParameterOwners
from mkdocs_lurk.models.tracing.trace import trace_network


def inputs_of(module, *size):
    return find_layer_inputs(trace_network(module.eval(), torch.zeros(1, *(size or (3, 8, 8)))))


def source_filters(network, layer):
    """For each input channel of a layer the set of its source filters, as ``(layer, index)``."""
    inputs = network.layers[layer]
    assert not inputs.unknown_reason
    layers = network.layer_of(inputs.source_filters)
    return [
        {
            (network.names[place], int(number - network.starts[place]))
            for place, number in zip(layers[:, channel], inputs.source_filters[:, channel], strict=True)
            if number >= 0
        }
        for channel in range(inputs.source_filters.shape[1])
    ]


def single_source_filters(network, layer):
    """The source filter of each input channel of a layer whose channels have one each."""
    sources = source_filters(network, layer)
    assert all(len(filters) == 1 for filters in sources)
    return [next(iter(filters)) for filters in sources]


def inputs_and_outputs(module, x, replace=lambda output: output):
    """Run a network, and return each layer's input, and its output as ``replace`` leaves it."""
    calls = {}
    owners = ParameterOwners(module)

    def catch(call):
        output = replace(call.run())
        calls[call.name] = (call.input.clone(), output)
        return output.clone()

    with owners.track_modules(), LayerCallMode(CallNamer(owners), catch):
        module(x)
    return calls


class Between(nn.Module):
    """A layer, another module, and two more layers."""

    def __init__(self, middle, channels=4):
        super().__init__()
        torch.manual_seed(0)
        self.a = nn.Conv2d(3, 4, 3, padding=1)
        self.middle = middle
        self.b = nn.Conv2d(channels, 2, 1)
        self.c = nn.Conv2d(2, 2, 1)

    def forward(self, x):
        return self.c(self.b(self.middle(self.a(x))))


class SqueezeExcitation(nn.Module):
    def __init__(self, side):
        super().__init__()
        self.side = side
        self.squeeze, self.excite = nn.Conv2d(4, 2, 1), nn.Conv2d(2, 4, 1)

    def forward(self, x):
        return self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(x, self.side)))).sigmoid() * x


def module_of(function):
    class Function(nn.Module):
        def forward(self, x):
            return function(x)

    return Function()
