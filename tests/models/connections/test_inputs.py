import torch
import torch.nn.functional as F
from hypothesis import given, settings
from torch import nn

from mkdocs_lurk.models.connections.inputs import PICTURE, connect
from mkdocs_lurk.models.tracing.layer_calls import CallNamer, LayerCallMode, ParameterOwners
from mkdocs_lurk.models.tracing.trace import trace_network
from tests.models.networks import random_networks

FEW = settings(max_examples=40, deadline=None, derandomize=True)


def wires_of(module, *size):
    return connect(trace_network(module.eval(), torch.zeros(1, *(size or (3, 8, 8)))))


def told(wires, layer):
    """For each channel that a layer reads, the filters that it is said to carry."""
    reads = wires.reads[layer]
    assert not reads.why
    places = wires.layer_of(reads.sources)
    return [
        {
            (wires.names[place], int(number - wires.starts[place]))
            for place, number in zip(places[:, channel], reads.sources[:, channel], strict=True)
            if number >= 0
        }
        for channel in range(reads.sources.shape[1])
    ]


def flat(wires, layer):
    """The same where every channel carries one filter of one layer."""
    found = told(wires, layer)
    assert all(len(one) == 1 for one in found)
    return [next(iter(one)) for one in found]


def run_calls(module, x, replace=lambda output: output):
    """Run a network, and note each layer's input, and its output as ``replace`` leaves it."""
    found = {}
    owners = ParameterOwners(module)

    def catch(call):
        output = replace(call.run())
        found[call.name] = (call.input.clone(), output)
        return output.clone()

    with owners.track_modules(), LayerCallMode(CallNamer(owners), catch):
        module(x)
    return found


def by_gradient(module, size):
    """The slow twin: which filters each channel of a layer's input has a gradient from, past no other layer.

    Every layer's output is replaced by positive numbers, so that no activation is shut.
    """
    draw = torch.Generator().manual_seed(0)
    picture = (torch.rand(1, *size, generator=draw) + 0.1).requires_grad_()
    found = run_calls(module, picture, lambda output: (torch.rand(output.shape, generator=draw) + 0.1).requires_grad_())
    leaves = {PICTURE: picture} | {name: output for name, (_, output) in found.items()}
    sources = {}
    for layer, (read, _) in found.items():
        sources[layer] = []
        for channel in range(read.shape[1]):
            total = read[0, channel].sum()
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
def test_sources_equal_those_of_gradients(net):
    module, size = net
    wires = wires_of(module, *size)
    for layer, sources in by_gradient(module, size).items():
        assert told(wires, layer) == sources


class Affine(nn.Module):
    """Everything that scales and moves filters, and no activation: channels must be what the strands say."""

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
        trunk = a + self.layer_scale * self.norms[2](c)
        trunk -= self.d(trunk)
        mixed = torch.cat([-trunk, trunk.flip(1)], 1).view(1, 2, 4, 8, 8).transpose(1, 2).reshape(1, 8, 8, 8)
        return self.f(self.e(mixed).flatten(1))


def test_scales_and_shifts_give_back_what_a_layer_reads():
    module = Affine().eval()
    wires = wires_of(module)
    x = torch.randn(1, 3, 8, 8)
    with torch.no_grad():
        found = run_calls(module, x)
    outputs = [x[0], *(found[name][1].reshape(-1, 8, 8) if name != "f" else None for name in wires.names[1:])]
    for name in "abcde":
        reads, read = wires.reads[name], found[name][0][0]
        places = wires.layer_of(reads.sources)
        total = torch.zeros_like(read, dtype=torch.float64)
        for strand, channel in zip(*(reads.sources >= 0).nonzero(), strict=True):
            place = places[strand, channel]
            output = outputs[place][reads.sources[strand, channel] - wires.starts[place]]
            total[channel] += reads.scale[strand, channel] * output + reads.shift[strand, channel]
        torch.testing.assert_close(total, read.double(), rtol=1e-4, atol=1e-4)
    assert len(wires.reads["d"].sources) == 2
    assert len(wires.reads["e"].sources) == 3


def test_a_flattened_map_is_read_filter_by_filter():
    assert flat(wires_of(Affine()), "f") == [("e", 0)] * 64 + [("e", 1)] * 64


def test_a_constant_added_to_a_sum_belongs_to_none_of_it():
    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = (nn.Conv2d(3, 3, 1) for _ in range(3))

        def forward(self, x):
            a = self.a(x)
            return self.c((a + self.b(x) + 5) * 2)

    reads = wires_of(Sum()).reads["c"]
    assert reads.scale.tolist() == [[2] * 3] * 2
    assert not reads.shift.any()


def test_what_is_added_twice_is_told_once():
    reads = wires_of(Between(call(lambda x: x + 2 * x.relu()))).reads["b"]
    assert reads.scale.tolist() == [[3] * 4]


def test_shuffled_and_depthwise_channels_are_told():
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

    wires = wires_of(Shuffled())
    assert flat(wires, "b") == [("a", number) for number in (0, 3, 1, 4, 2, 5)]
    assert flat(wires, "c") == [("b", number) for number in (3, 4, 5, 0, 1, 2)]
    assert wires.reads["b"].groups == 6
    assert wires.reads["b"].kernel.shape == (6, 1, 3, 3)


def test_functional_calls_and_shared_weights_are_told():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.kernel = nn.Parameter(torch.randn(3, 3, 3, 3))

        def forward(self, x):
            x = F.conv2d(x, self.kernel, padding=1).clamp_(min=0)
            return F.conv2d(x[:, [2, 0, 1]], self.kernel)

    module = Functional()
    wires = wires_of(module)
    assert flat(wires, "kernel") == [(PICTURE, channel) for channel in range(3)]
    assert flat(wires, "kernel:2") == [("kernel", 2), ("kernel", 0), ("kernel", 1)]
    assert torch.equal(wires.reads["kernel"].kernel, module.kernel)


class Between(nn.Module):
    """One layer, something, another layer."""

    def __init__(self, something, channels=4):
        super().__init__()
        torch.manual_seed(0)
        self.a = nn.Conv2d(3, 4, 3, padding=1)
        self.something = something
        self.b = nn.Conv2d(channels, 2, 1)
        self.c = nn.Conv2d(2, 2, 1)

    def forward(self, x):
        return self.c(self.b(self.something(self.a(x))))


class Gated(nn.Module):
    def __init__(self, side):
        super().__init__()
        self.side = side
        self.squeeze, self.excite = nn.Conv2d(4, 2, 1), nn.Conv2d(2, 4, 1)

    def forward(self, x):
        return self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(x, self.side)))).sigmoid() * x


def call(function):
    class LayerCall(nn.Module):
        def forward(self, x):
            return function(x)

    return LayerCall()


def test_gates_and_activations_keep_filters_apart():
    same = [("a", number) for number in range(4)]
    keeps = [
        *[nn.ReLU(), nn.ReLU6(), nn.GELU(), nn.SiLU(), nn.Hardswish(), nn.Mish(), nn.PReLU(4), nn.Softplus(), nn.ELU()],
        *[nn.LeakyReLU(0.1), nn.Tanh(), nn.Sigmoid(), nn.Hardsigmoid(), nn.Dropout(), nn.Dropout2d(), nn.Identity()],
        *[nn.Upsample(scale_factor=2), nn.Upsample(scale_factor=2, mode="bilinear"), nn.ZeroPad2d(1)],
        *[nn.ReflectionPad2d(1), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1), nn.AdaptiveMaxPool2d(2), Gated(1), Gated(8)],
        *[call(lambda x: x * x.sigmoid()), call(lambda x: x * F.relu6(x + 3) / 6), call(lambda x: 1 - x)],
        call(lambda x: x * x.mean(1, keepdim=True).sigmoid()),
        call(lambda x: x.mean((2, 3), keepdim=True)),
        call(lambda x: x.amax((2, 3))[:, :, None, None]),
        call(lambda x: x.flatten(2).mean(-1).view(1, 4, 1, 1)),
        call(lambda x: x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).bfloat16().float()),
    ]
    for module in keeps:
        assert flat(wires_of(Between(module)), "b") == same, module


def test_padded_channels_carry_nothing():
    wires = wires_of(Between(call(lambda x: F.pad(x, (1, 1, 0, 0, 1, 2))), 7))
    assert told(wires, "b") == [set(), {("a", 0)}, {("a", 1)}, {("a", 2)}, {("a", 3)}, set(), set()]


def test_what_is_written_in_place_is_told():
    def write(x):
        x = x.relu()
        x[:, :2] = x[:, 2:] + 1
        x[:, 3:] = 0
        return x

    assert told(wires_of(Between(call(write))), "b") == [{("a", 2)}, {("a", 3)}, {("a", 2)}, set()]


def test_nothing_is_told_where_filters_mix():
    mixed = {
        "group_norm": nn.GroupNorm(2, 4),
        "native_batch_norm": nn.InstanceNorm2d(4),
        "bmm": call(
            lambda x: (x.flatten(2).transpose(1, 2) @ x.flatten(2)[:, :, :4].mT).transpose(1, 2).view(1, 4, 8, 8)
        ),
        "batch_norm": call(lambda x: F.batch_norm(x, torch.zeros(4), torch.ones(4), training=True)),
        "cumsum": call(lambda x: x.cumsum(1)),
        "mean": call(lambda x: x.mean(1, keepdim=True).expand(1, 4, 8, 8)),
        "mul": call(lambda x: x * x.flip(1)),
        "abs": call(torch.abs),
        "gt": call(lambda x: torch.where(x > 0, x, x.flip(1))),
        "where": call(lambda x: torch.where(x.bool(), x, x.flip(1))),
        "sort": call(lambda x: x[:, x.mean((0, 2, 3)).argsort()]),
    }
    for name, module in mixed.items():
        wires = wires_of(Between(module))
        assert name in wires.reads["b"].why, name
        assert not wires.reads["b"].sources.size
        assert flat(wires, "c") == [("b", 0), ("b", 1)]


def test_a_part_that_is_lost_loses_the_layer():
    wires = wires_of(Between(call(lambda x: torch.cat([x, x.cumsum(1)], 1)), 8))
    assert "cumsum" in wires.reads["b"].why
    wires = wires_of(Between(call(lambda x: x + x.cumsum(1))))
    assert "cumsum" in wires.reads["b"].why


def test_channels_that_change_from_place_to_place_are_not_told():
    wires = wires_of(Between(nn.PixelShuffle(2), 1))
    assert "from place to place" in wires.reads["b"].why


def test_a_kernel_from_the_picture_is_not_told():
    class Dynamic(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Conv2d(3, 3, 3)

        def forward(self, x):
            return F.conv2d(self.a(x), x[:, :, :3, :3])

    wires = wires_of(Dynamic())
    assert [reads.why for reads in wires.reads.values() if reads.layer != "a"] == [
        "its weights are computed from the picture"
    ]


def test_transposed_kernels_have_filters_first():
    module = nn.Sequential(nn.ConvTranspose2d(4, 6, 3, groups=2))
    reads = wires_of(module, 4, 8, 8).reads["0"]
    weight = module[0].weight
    assert reads.kernel.shape == (6, 2, 3, 3)
    for filter_ in range(6):
        group, within = divmod(filter_, 3)
        for channel in range(2):
            assert torch.equal(reads.kernel[filter_, channel], weight[group * 2 + channel, within])


def test_linear_layers_read_tokens():
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
    wires = wires_of(module)
    assert flat(wires, "bias") == [("patches", number) for number in range(5)]
    assert flat(wires, "plain") == [("bias", number) for number in range(6)]
    for name in ("bias", "plain"):
        assert torch.equal(wires.reads[name].kernel[:, :, 0, 0], getattr(module, name).weight)
