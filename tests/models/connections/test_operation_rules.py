import torch
import torch.nn.functional as F
from torch import nn

from tests.models.connections.networks import (
    Between,
    SqueezeExcitation,
    inputs_of,
    module_of,
    single_source_filters,
    source_filters,
)


def test_gates_and_activations_keep_filters_apart():
    filters_of_a = [("a", number) for number in range(4)]
    modules = [
        *[nn.ReLU(), nn.ReLU6(), nn.GELU(), nn.SiLU(), nn.Hardswish(), nn.Mish(), nn.PReLU(4), nn.Softplus(), nn.ELU()],
        *[nn.LeakyReLU(0.1), nn.Tanh(), nn.Sigmoid(), nn.Hardsigmoid(), nn.Dropout(), nn.Dropout2d(), nn.Identity()],
        *[nn.Upsample(scale_factor=2), nn.Upsample(scale_factor=2, mode="bilinear"), nn.ZeroPad2d(1)],
        *[nn.ReflectionPad2d(1), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1), nn.AdaptiveMaxPool2d(2)],
        *[SqueezeExcitation(1), SqueezeExcitation(8), module_of(lambda x: 1 - x)],
        *[module_of(lambda x: x * x.sigmoid()), module_of(lambda x: x * F.relu6(x + 3) / 6)],
        module_of(lambda x: x * x.mean(1, keepdim=True).sigmoid()),
        module_of(lambda x: x.mean((2, 3), keepdim=True)),
        module_of(lambda x: x.amax((2, 3))[:, :, None, None]),
        module_of(lambda x: x.flatten(2).mean(-1).view(1, 4, 1, 1)),
        module_of(lambda x: x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).bfloat16().float()),
    ]
    for module in modules:
        assert single_source_filters(inputs_of(Between(module)), "b") == filters_of_a, module


def prelu(*slopes):
    module = nn.PReLU(len(slopes))
    module.weight.data = torch.tensor(slopes)
    return module


def test_nothing_is_said_behind_an_activation_that_falls():
    falling = [
        *[prelu(0.1, 0.2, -0.5, 0.3), nn.LeakyReLU(-0.1), nn.ELU(-1.0), nn.Threshold(0.0, 2.0)],
        *[module_of(lambda x: x * x.tanh()), module_of(lambda x: x * torch.sigmoid(-x))],
        *[module_of(lambda x: F.relu(x) * F.relu(1 - x)), module_of(lambda x: x * F.relu6(3 - x))],
        *[module_of(lambda x: F.leaky_relu_(x, -1.0)), module_of(lambda x: x * x)],
    ]
    for module in falling:
        reason = inputs_of(Between(module)).layers["b"].unknown_reason
        assert reason.startswith("what it reads has passed through"), module
    for module in (
        *[prelu(0.1, 0.2, 0.0, 0.3), nn.LeakyReLU(0.0), nn.ELU(2.0), nn.Threshold(2.0, 2.0)],
        module_of(lambda x: x * torch.tanh(F.softplus(x))),
        module_of(lambda x: x * (F.hardtanh(x + 3, 0, 6) / 6)),
        module_of(lambda x: x * ((x + 3).clamp(0, 6) * 0.2)),
    ):
        assert not inputs_of(Between(module)).layers["b"].unknown_reason, module


def test_a_constant_added_to_a_sum_belongs_to_none_of_its_summands():
    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = (nn.Conv2d(3, 3, 1) for _ in range(3))

        def forward(self, x):
            a = self.a(x)
            return self.c((a + self.b(x) + 5) * 2)

    inputs = inputs_of(Sum()).layers["c"]
    assert inputs.scale.tolist() == [[2] * 3] * 2
    assert not inputs.shift.any()


def test_a_filter_added_twice_is_one_summand():
    inputs = inputs_of(Between(module_of(lambda x: x + 2 * x))).layers["b"]
    assert inputs.scale.tolist() == [[3] * 4]
    inputs = inputs_of(Between(module_of(lambda x: x.relu() - 3 * x.relu()))).layers["b"]
    assert inputs.scale.tolist() == [[1] * 4]
    assert inputs.factor.tolist() == [[-2] * 4]
    inputs = inputs_of(Between(module_of(lambda x: x + 2 * x.relu()))).layers["b"]
    assert inputs.scale.tolist() == [[1] * 4] * 2
    assert inputs.factor.tolist() == [[1] * 4, [2] * 4]


def test_what_follows_the_first_activation_scales_it_and_adds_nothing():
    inputs = inputs_of(Between(module_of(lambda x: 5 - 3 * (2 * x - 1).relu()))).layers["b"]
    assert inputs.scale.tolist() == [[2] * 4]
    assert inputs.shift.tolist() == [[-1] * 4]
    assert inputs.factor.tolist() == [[-3] * 4]
    inputs = inputs_of(Between(module_of(lambda x: x.relu() * torch.tensor([0.0, 1, 2, -1]).view(4, 1, 1) + 4)))
    assert inputs.layers["b"].scale.tolist() == [[0, 1, 1, 1]]
    assert inputs.layers["b"].shift.tolist() == [[4, 0, 0, 0]]
    assert inputs.layers["b"].factor.tolist() == [[1, 1, 2, -1]]


def test_padded_channels_carry_no_filter():
    network = inputs_of(Between(module_of(lambda x: F.pad(x, (1, 1, 0, 0, 1, 2))), 7))
    assert source_filters(network, "b") == [set(), {("a", 0)}, {("a", 1)}, {("a", 2)}, {("a", 3)}, set(), set()]


def test_writes_in_place_move_filters():
    def write(x):
        x = x.relu()
        x[:, :2] = x[:, 2:] + 1
        x[:, 3:] = 0
        return x

    network = inputs_of(Between(module_of(write)))
    assert source_filters(network, "b") == [{("a", 2)}, {("a", 3)}, {("a", 2)}, set()]


def test_source_filters_are_unknown_where_filters_mix():
    modules = {
        "group_norm": nn.GroupNorm(2, 4),
        "native_batch_norm": nn.InstanceNorm2d(4),
        "bmm": module_of(
            lambda x: (x.flatten(2).transpose(1, 2) @ x.flatten(2)[:, :, :4].mT).transpose(1, 2).view(1, 4, 8, 8)
        ),
        "batch_norm": module_of(lambda x: F.batch_norm(x, torch.zeros(4), torch.ones(4), training=True)),
        "cumsum": module_of(lambda x: x.cumsum(1)),
        "mean": module_of(lambda x: x.mean(1, keepdim=True).expand(1, 4, 8, 8)),
        "mul": module_of(lambda x: x * x.flip(1)),
        "mul ": module_of(lambda x: x * x),
        "sub": module_of(lambda x: x - x.mean((2, 3), keepdim=True)),
        "sub ": module_of(lambda x: x.relu() - F.avg_pool2d(x.relu(), 3, 1, 1)),
        "sub  ": module_of(lambda x: x.relu() - x),
        "sub   ": module_of(lambda x: x.relu() - 0.5 * x),
        "sub    ": module_of(lambda x: (2 * x + 1).relu() - x.relu()),
        "sub     ": module_of(lambda x: x.relu() + x - 3 * x),
        "sub      ": module_of(lambda x: x - torch.cat([x[:, 2:].relu(), x[:, 2:].relu()], 1)),
        "add": module_of(lambda x: x.relu() + (-x).relu()),
        "mean ": module_of(lambda x: torch.stack([x.relu(), -x.relu()]).mean(0)),
        "amax": module_of(lambda x: torch.stack([x, -x]).amax(0)),
        "abs": module_of(torch.abs),
        "gt": module_of(lambda x: torch.where(x > 0, x, x.flip(1))),
        "where": module_of(lambda x: torch.where(x.bool(), x, x.flip(1))),
        "sort": module_of(lambda x: x[:, x.mean((0, 2, 3)).argsort()]),
    }
    for operation, module in modules.items():
        network = inputs_of(Between(module))
        assert operation.strip() in network.layers["b"].unknown_reason, operation
        assert not network.layers["b"].source_filters.size
        assert single_source_filters(network, "c") == [("b", 0), ("b", 1)]


def test_two_ways_of_a_filter_that_both_grow_with_it_are_followed():
    for function in (
        lambda x: x.relu() + x,
        lambda x: x.relu() - (-x).relu(),
        lambda x: (2 * x + 1).relu() + x.relu(),
        lambda x: x - x.flip(1),
        lambda x: x * (torch.arange(8) > 2),
    ):
        network = inputs_of(Between(module_of(function)))
        assert all(("a", number) in found for number, found in enumerate(source_filters(network, "b")))


def test_one_unknown_part_makes_the_inputs_of_the_layer_unknown():
    network = inputs_of(Between(module_of(lambda x: torch.cat([x, x.cumsum(1)], 1)), 8))
    assert "cumsum" in network.layers["b"].unknown_reason
    network = inputs_of(Between(module_of(lambda x: x + x.cumsum(1))))
    assert "cumsum" in network.layers["b"].unknown_reason


def test_channels_whose_filters_change_from_place_to_place_are_unknown():
    network = inputs_of(Between(nn.PixelShuffle(2), 1))
    assert "from place to place" in network.layers["b"].unknown_reason
