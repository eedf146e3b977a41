import pytest
import torch
import torch.nn.functional as F
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mkdocs_lurk.errors import LayerError
from mkdocs_lurk.models.receptive_field.field import receptive_fields
from mkdocs_lurk.models.tracing.layer_calls import CallNamer, LayerCallMode, ParameterOwners
from mkdocs_lurk.models.tracing.trace import trace_network
from tests.models.networks import random_networks
from tests.zoo.oracle import Oracle

FEW = settings(max_examples=40, deadline=None, derandomize=True)
VGG16 = [3, 5, 10, 14, 24, 32, 40, 60, 76, 92, 132, 164, 196]
# torchvision's ResNet-18, conv1 to layer4.1.conv2, without the shortcuts.
RESNET18 = [7, 19, 27, 35, 43, 51, 67, 83, 99, 115, 147, 179, 211, 243, 307, 371, 435]


def fields_of(module, *size):
    module.eval()
    return receptive_fields(trace_network(module, torch.zeros(1, *size)))


def units(field, how_many=4, seed=0):
    c, h, w = field.maps
    draw = torch.Generator().manual_seed(seed)
    corners = [(0, 0), (h - 1, w - 1), (h // 2, w // 2)]
    more = [(below(h, draw), below(w, draw)) for _ in range(how_many)]
    return [(y, x, below(c, draw)) for y, x in corners + more]


def below(end, draw):
    return int(torch.randint(end, (), generator=draw))


def outputs_of(module, x):
    found = {}
    owners = ParameterOwners(module)

    def catch(call):
        out = call.run()
        found[call.name] = out.clone()
        return out

    with torch.no_grad(), owners.track_modules(), LayerCallMode(CallNamer(owners), catch):
        module(x)
    return found


def test_vgg16_has_its_known_fields():
    with torch.device("meta"):
        module = torchvision.models.vgg16(weights=None).features
    found = fields_of(module.to_empty(device="cpu"), 3, 224, 224)
    assert [field.size for field in found.values()] == [(n, n) for n in VGG16]
    assert {field.status for field in found.values()} == {"exact"}


def test_resnet18_has_its_known_fields():
    found = fields_of(torchvision.models.resnet18(weights=None), 3, 224, 224)
    assert [field.size[0] for name, field in found.items() if "downsample" not in name] == RESNET18
    last = found["layer4.1.conv2"]
    assert last.status == "exact"
    assert "whole picture" in last.note
    assert last.jump == (32.0, 32.0)
    assert last.start == (-217, -217)


@FEW
@given(random_networks())
def test_fields_equal_the_oracle(net):
    module, size = net
    found = fields_of(module, *size)
    oracle = Oracle(module, size, set(found))
    for name, field in found.items():
        for y, x, channel in units(field):
            assert field.seen(y, x, channel) == oracle.box(name, y, x, channel), (name, y, x, channel)


@FEW
@given(random_networks(), st.integers(0, 99))
def test_pixels_outside_an_exact_box_change_nothing(net, seed):
    module, size = net
    found = fields_of(module, *size)
    x = torch.randn(1, *size)
    before = outputs_of(module, x)
    for name, field in found.items():
        y, column, channel = units(field, seed=seed)[-1]
        box = field.seen(y, column, channel)
        other = torch.randn(1, *size)
        other[:, :, box.top : box.bottom, box.left : box.right] = x[:, :, box.top : box.bottom, box.left : box.right]
        after = outputs_of(module, other)[name]
        torch.testing.assert_close(after[0, channel, y, column], before[name][0, channel, y, column])


def test_a_nominal_box_keeps_its_size_at_the_border():
    field = fields_of(nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 5, padding=2)), 1, 20, 30)["1"]
    for y, x in ((0, 0), (10, 10), (19, 29)):
        box = field.box(y, x)
        assert (box.height, box.width) == (7, 7)
        assert (box.top, box.left) == (y - 3, x - 3)


def test_pixels_that_a_stride_drops_are_not_in_the_box():
    module = nn.Sequential(nn.Conv2d(1, 1, 3, stride=2), nn.Conv2d(1, 1, 3, padding=1))
    field = fields_of(module, 1, 10, 10)["1"]
    assert field.seen(3, 3).as_list() == [4, 4, 9, 9]


def test_filters_of_a_grouped_convolution_see_their_own_branch():
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.small, self.large = nn.Conv2d(1, 2, 1), nn.Conv2d(1, 2, 5, padding=2)
            self.mix = nn.Conv2d(4, 4, 1, groups=2)

        def forward(self, x):
            return self.mix(torch.cat([self.small(x), self.large(x)], 1))

    field = fields_of(Branches(), 1, 12, 12)["mix"]
    assert field.by_filter
    assert field.box(6, 6, 0).as_list() == [6, 6, 7, 7]
    assert field.box(6, 6, 3).as_list() == [4, 4, 9, 9]
    assert field.box(6, 6) == field.box(6, 6, 3)
    assert field.size == (5, 5)


class Gated(nn.Module):
    def __init__(self, expand=False, norm=None):
        super().__init__()
        self.body, self.gate, self.last = (
            nn.Conv2d(3, 4, 3, padding=1),
            nn.Conv2d(4, 4, 1),
            nn.Conv2d(4, 4, 3, padding=1),
        )
        self.expand, self.norm = expand, norm

    def forward(self, x):
        x = self.body(x)
        if self.norm is not None:
            return self.last(self.norm(x))
        gate = torch.sigmoid(self.gate(x.mean((2, 3), keepdim=True)))
        return self.last(gate.expand_as(x) * x if self.expand else x * gate)


@pytest.mark.parametrize("expand", [False, True])
def test_a_global_gate_is_held_constant_and_said_so(expand):
    found = fields_of(Gated(expand), 3, 16, 16)
    assert found["body"].status == "exact"
    assert found["gate"].status == "whole"
    assert found["gate"].size == (16, 16)
    assert found["last"].status == "effective"
    assert "gate" in found["last"].note
    assert found["last"].size == (5, 5)
    oracle = Oracle(Gated().eval(), (3, 16, 16), {"last"}, hold=True)
    assert found["last"].seen(0, 7) == oracle.box("last", 0, 7, 0)


@pytest.mark.parametrize("norm", [nn.GroupNorm(2, 4), nn.InstanceNorm2d(4), nn.LayerNorm([4, 16, 16])])
def test_statistics_over_the_map_are_held_constant_and_said_so(norm):
    found = fields_of(Gated(norm=norm), 3, 16, 16)
    assert found["last"].status == "effective"
    assert "statistics" in found["last"].note
    assert found["last"].size == (5, 5)


def test_a_normalisation_over_channels_is_local():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.LayerNorm(4)

        def forward(self, x):
            return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    assert fields_of(Gated(norm=Last()), 3, 16, 16)["last"].status == "exact"


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


def test_windowed_attention_is_local_and_global_attention_is_whole():
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

    local = fields_of(Attention(4), 3, 16, 16)["last"]
    assert local.status == "exact"
    assert local.seen(5, 14).as_list() == [4, 12, 8, 16]
    everywhere = fields_of(Attention(16), 3, 16, 16)["last"]
    assert everywhere.status == "whole"
    assert "attention" in everywhere.note


def test_memory_that_is_shared_carries_its_intervals():
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
    assert field.seen(1, 2).as_list() == [0, 2, 1, 3]
    assert field.seen(5, 2).as_list() == [4, 2, 5, 3]
    assert field.seen(0, 2).height == 0
    assert field.seen(5, 6).height == 0


def test_no_such_unit():
    field = fields_of(nn.Sequential(nn.Conv2d(1, 2, 3)), 1, 8, 8)["0"]
    with pytest.raises(LayerError, match=r"no unit \(6, 0\)"):
        field.box(6, 0)
    with pytest.raises(LayerError, match="filter 2"):
        field.box(0, 0, 2)


def test_every_filter_of_a_patch_embedding_sees_its_patch():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.last = nn.Conv2d(3, 8, 4, stride=4), nn.Conv2d(8, 2, 2, stride=2)

        def forward(self, x):
            return {"maps": self.last(F.gelu(self.stem(x)))}

    field = fields_of(Net(), 3, 32, 16)["last"]
    assert field.seen(3, 1).as_list() == [24, 8, 32, 16]
    assert field.jump == (8.0, 8.0)


@pytest.mark.parametrize(
    ("mode", "size"),
    [
        *[("nearest", (16, 24)), ("nearest", (7, 5)), ("nearest-exact", (11, 13)), ("bilinear", (16, 24))],
        *[("bilinear", (5, 20)), ("bicubic", (13, 9)), ("area", (3, 4))],
    ],
)
def test_resizing_reads_what_the_oracle_says(mode, size):
    class Resized(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 1)

        def forward(self, x):
            return self.last(F.interpolate(self.first(x), size=size, mode=mode))

    module = Resized().eval()
    field = fields_of(module, 1, 8, 12)["last"]
    oracle = Oracle(module, (1, 8, 12), {"last"})
    for y, x, channel in units(field, how_many=8):
        assert field.seen(y, x, channel) == oracle.box("last", y, x, channel), (y, x)


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
    assert field.seen(3, 3).as_list() == [0, 0, 8, 8]


def test_an_exported_program_has_the_fields_of_its_module():
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.MaxPool2d(2), nn.Conv2d(4, 2, 3)).eval()
    exported = torch.export.export(module, (torch.zeros(1, 3, 16, 16),)).module()
    found = receptive_fields(trace_network(exported, torch.zeros(1, 3, 16, 16)))
    assert {name: field.size for name, field in found.items()} == {"0": (3, 3), "3": (8, 8)}
