import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mkdocs_lurk.analysis.connections import (
    CONNECTIONS_PER_FILTER,
    kernels_as_pictures,
    strongest_columns,
    strongest_connections,
)
from mkdocs_lurk.models.connections.input_channels import PICTURE, find_layer_inputs
from mkdocs_lurk.models.tracing.trace import trace_network


class Net(nn.Module):
    """Batch normalisation, a residual sum, a concatenation, groups, and a flattened map that a linear layer reads."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.a = nn.Conv2d(3, 8, 3, padding=1)
        self.b = nn.Conv2d(8, 8, 3, padding=1, groups=2)
        self.c = nn.Conv2d(8, 8, 1)
        self.d = nn.Conv2d(16, 5, 3)
        self.e = nn.Linear(5 * 9, 12)
        self.norm = nn.BatchNorm2d(8)
        self.norm.running_mean.normal_()
        self.norm.running_var.uniform_(0.5, 2)
        nn.init.normal_(self.norm.weight)
        nn.init.normal_(self.norm.bias)

    def forward(self, x):
        a = F.relu(self.norm(self.a(x)))
        b = F.relu(self.b(a) + a)
        x = self.d(torch.cat([self.c(b), a], 1))
        return self.e(F.adaptive_avg_pool2d(x, 3).flatten(1))


def inputs_of(module, *size):
    return find_layer_inputs(trace_network(module.eval(), torch.zeros(1, *(size or (3, 8, 8)))))


def random_responses(network, seed=0, n=7, without=()):
    random = np.random.default_rng(seed)
    responses = {}
    for name in network.names[1:]:
        span = network.span(name)
        minima = random.normal(size=(n, span.stop - span.start)).astype(np.float32)
        responses[name] = (minima, minima + random.exponential(size=minima.shape).astype(np.float32))
    return {name: pair for name, pair in responses.items() if name not in without}


def slow_weights(network, responses, name):
    """The slow twin: the weights of all connections to each filter of a layer, one number at a time."""
    layer = network.layers[name]
    n_filters, n_columns = layer.kernel.shape[:2]
    weights = []
    for filter_ in range(n_filters):
        strength, signed = {}, {}
        for column in range(n_columns):
            kernel = layer.kernel[filter_, column].double().flatten().tolist()
            channel = filter_ // (n_filters // layer.groups) * n_columns + column
            for summand in range(len(layer.source_filters)):
                number = int(layer.source_filters[summand, channel])
                place = int(network.layer_of(np.array(number)))
                if number < 0 or network.names[place] == PICTURE:
                    continue
                scale, shift = layer.scale[summand, channel], layer.shift[summand, channel]
                minima, maxima = (side[:, number - network.starts[place]] for side in responses[network.names[place]])
                factor, typical = layer.factor[summand, channel], 0.0
                for low, high in zip(minima, maxima, strict=True):
                    ends = scale * float(low) + shift, scale * float(high) + shift
                    strongest = max(0.0, *ends) if layer.activated[summand, channel] else max(map(abs, ends))
                    typical += strongest / len(minima) * abs(factor)
                strength[number] = strength.get(number, 0) + typical * sum(abs(element) for element in kernel)
                signed[number] = signed.get(number, 0) + typical * np.sign(scale * factor) * sum(kernel)
        largest = max(strength.values(), default=0)
        weights.append(
            {
                number: (-1 if signed[number] < 0 else 1) * size / largest
                for number, size in strength.items()
                if size > 0
            }
        )
    return weights


def ranked(weights):
    return sorted(weights.items(), key=lambda pair: -abs(pair[1]))[:CONNECTIONS_PER_FILTER]


def listed(others, weights):
    return [(int(other), float(weight)) for other, weight in zip(others, weights, strict=True) if other >= 0]


@pytest.mark.parametrize("chunk_size", [1, 1 << 19])
def test_strongest_connections_equal_the_slow_twin(chunk_size):
    network = inputs_of(Net())
    responses = random_responses(network)
    found = strongest_connections(network, responses, chunk_size)
    assert not found.unknown_reasons
    readers = {}
    for name in network.names[1:]:
        for filter_, slow in enumerate(slow_weights(network, responses, name)):
            number = int(network.starts[network.names.index(name)]) + filter_
            inputs = listed(found.inputs[number], found.input_weights[number])
            assert [other for other, _ in inputs] == [other for other, _ in ranked(slow)]
            assert [weight for _, weight in inputs] == pytest.approx([weight for _, weight in ranked(slow)], rel=1e-5)
            assert not inputs or abs(inputs[0][1]) == 1
            for source, weight in slow.items():
                readers.setdefault(source, {})[number] = weight
    assert {len(slow_weights(network, responses, name)[0]) > CONNECTIONS_PER_FILTER for name in "bcde"} == {True, False}
    for number in range(len(found.outputs)):
        outputs = listed(found.outputs[number], found.output_weights[number])
        slow = readers.get(number, {})
        assert [abs(weight) for _, weight in outputs] == pytest.approx(
            [abs(weight) for _, weight in ranked(slow)], rel=1e-5
        )
        assert all(slow[other] == pytest.approx(weight, rel=1e-5) for other, weight in outputs)


def chain_of_known_weights():
    module = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2, eps=0), nn.ReLU(), nn.Conv2d(2, 1, 2))
    with torch.no_grad():
        module[1].running_mean.copy_(torch.tensor([1.0, 0.0]))
        module[1].running_var.copy_(torch.tensor([4.0, 1.0]))
        module[1].weight.copy_(torch.tensor([6.0, -2.0]))
        module[1].bias.copy_(torch.tensor([-3.0, 1.0]))
        module[3].weight.copy_(torch.tensor([[[[1.0, -2.0], [0.0, -1.0]], [[1.0, 1.0], [1.0, 1.0]]]]))
    return inputs_of(module, 1, 4, 4)


def test_known_weights_give_known_connections():
    network = chain_of_known_weights()
    minima, maxima = np.array([[-9, -2], [-9, 3]], np.float32), np.array([[3, 9], [1, 9]], np.float32)
    # filter 0: 3 * maximum - 6 is 3, then below 0: typically 1.5; |w| is 4, and the weights sum to less than 0
    # filter 1: -2 * minimum + 1 is 5, then below 0: typically 2.5; |w| is 4, inverted by the negative scale
    found = strongest_connections(network, {"0": (minima, maxima), "3": (minima[:, :1], maxima[:, :1])})
    assert listed(found.inputs[3], found.input_weights[3]) == [(2, -1), (1, pytest.approx(-0.6))]
    assert listed(found.outputs[1], found.output_weights[1]) == [(3, pytest.approx(-0.6))]
    assert listed(found.outputs[2], found.output_weights[2]) == [(3, -1)]


def test_a_source_filter_that_never_responds_has_no_connection():
    network = chain_of_known_weights()
    minima, maxima = np.array([[-9, 0.5]], np.float32), np.array([[3, 9]], np.float32)
    found = strongest_connections(network, {"0": (minima, maxima), "3": (minima[:, :1], maxima[:, :1])})
    assert listed(found.inputs[3], found.input_weights[3]) == [(1, -1)]
    assert listed(found.outputs[2], found.output_weights[2]) == []


class Bottleneck(nn.Module):
    """A convolution and its batch norm, whose gains have both signs, and a reader that adds it to something else."""

    def __init__(self, activation):
        super().__init__()
        torch.manual_seed(3)
        self.a, self.b = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 4, 3, bias=False)
        self.norm, self.activation = nn.BatchNorm2d(6), activation
        with torch.no_grad():
            self.norm.weight.copy_(torch.tensor([1.0, -1, 2, -0.5, 1, 0]))
            self.norm.bias.copy_(torch.tensor([0.0, 0.2, -3, 0, 40, 5]))

    def forward(self, x):
        return self.b(self.activation(self.norm(self.a(x))))


@pytest.mark.parametrize(
    ("activation", "seen"),
    [
        (nn.Identity(), lambda z: z.abs()),
        (nn.ReLU(), lambda z: z.relu()),
        (nn.Tanh(), lambda z: z.relu()),
        (nn.LeakyReLU(0.5), lambda z: z.relu()),
    ],
)
def test_connections_are_those_of_the_maps_between_the_layers(activation, seen):
    """The oracle runs the network: the strongest value that reaches the reader, per picture, without any trace."""
    module = Bottleneck(activation).eval()
    network = inputs_of(module)
    with torch.no_grad():
        maps = module.a(torch.randn(5, 3, 8, 8))
        typical = seen(module.norm(maps)).amax((2, 3)).double().mean(0) * (module.norm.weight != 0)
    flat = maps.flatten(2)
    responses = {"a": (flat.amin(2).numpy(), flat.amax(2).numpy())}
    responses["b"] = tuple(side[:, :4] for side in responses["a"])
    found = strongest_connections(network, responses)
    sums = module.b.weight.detach().double().flatten(2)
    for filter_, row in enumerate(network.starts[2] + np.arange(4)):
        strength = sums[filter_].abs().sum(1) * typical
        sign = torch.where(sums[filter_].sum(1) * module.norm.weight.sign() < 0, -1, 1)
        expected = {3 + i: float(sign[i] * strength[i] / strength.max()) for i in range(6) if strength[i] > 0}
        assert dict(listed(found.inputs[row], found.input_weights[row])) == pytest.approx(expected, rel=1e-5)


def test_a_kernel_of_zeros_makes_no_connection():
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 3))
    with torch.no_grad():
        module[1].weight[1] = 0
        module[1].weight[0, 1:3] = 0
    network = inputs_of(module)
    found = strongest_connections(network, random_responses(network, n=40))
    first, second = network.starts[1], network.starts[2]
    inputs = listed(found.inputs[second], found.input_weights[second])
    assert sorted(other for other, _ in inputs) == [first, first + 3]
    assert listed(found.inputs[second + 1], found.input_weights[second + 1]) == []
    assert [len(listed(found.outputs[first + n], found.output_weights[first + n])) for n in range(4)] == [1, 0, 0, 1]


def test_inputs_of_a_layer_that_reads_a_hidden_one_are_unknown():
    network = inputs_of(Net())
    found = strongest_connections(network, random_responses(network, without=("c",)))
    assert found.unknown_reasons == {"d": "it reads c, which layers.include does not show"}
    span = network.span("d")
    assert (found.inputs[span] == -1).all()
    assert not (found.outputs >= span.start)[(found.outputs >= 0) & (found.outputs < span.stop)].any()
    assert (found.inputs[network.span("e"), 0] >= span.start).all()


def test_the_reason_for_unknown_source_filters_is_passed_on():
    network = inputs_of(nn.Sequential(nn.Conv2d(3, 4, 1), nn.GroupNorm(2, 4), nn.Conv2d(4, 4, 1)))
    found = strongest_connections(network, random_responses(network))
    assert list(found.unknown_reasons) == ["2"]
    assert "native_group_norm" in found.unknown_reasons["2"]
    assert (found.inputs == -1).all()
    assert (found.outputs == -1).all()


def test_strongest_columns_are_in_falling_order_and_ties_go_to_the_first():
    weights = np.array([[0.5, -1.0, 1.0, 0.0, -0.5, 0.25, 0.5, 0.1]])
    assert strongest_columns(weights).tolist() == [[1, 2, 0, 4, 6, 5]]
    assert strongest_columns(weights[:, :2]).tolist() == [[1, 0]]


def test_kernels_as_pictures_are_in_the_order_of_the_pictures_channels():
    class Permuted(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(3, 4, 5), nn.Conv2d(4, 4, 1)

        def forward(self, x):
            return self.b(self.a(x[:, [2, 0, 1]]))

    module = Permuted()
    network = inputs_of(module)
    pictures = kernels_as_pictures(network, network.layers["a"])
    assert np.array_equal(pictures[:, [2, 0, 1]], module.a.weight.detach().numpy())
    assert kernels_as_pictures(network, network.layers["b"]) is None


@pytest.mark.parametrize("channels", [4, 13])
def test_kernels_of_many_channels_show_those_that_photos_show(channels):
    module = nn.Sequential(nn.Conv2d(channels, 6, (2, 3)))
    network = inputs_of(module, channels, 8, 8)
    pictures = kernels_as_pictures(network, network.layers["0"])
    assert np.array_equal(pictures, module[0].weight[:, :3].detach().numpy())


@pytest.mark.parametrize(("channels", "groups"), [(1, 1), (2, 1), (4, 2), (3, 3), (10, 2)])
def test_kernel_planes_of_fewer_channels_stand_side_by_side(channels, groups):
    module = nn.Sequential(nn.Conv2d(channels, 6, (2, 3), groups=groups))
    network = inputs_of(module, channels, 8, 8)
    pictures = kernels_as_pictures(network, network.layers["0"])
    if channels > 4 * groups:
        assert pictures is None
        return
    for filter_, kernel in enumerate(module[0].weight.detach().numpy()):
        assert np.array_equal(pictures[filter_, 0], np.concatenate(list(kernel), axis=1))
