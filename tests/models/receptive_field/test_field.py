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
from tests.models.receptive_field.networks import clipped_box, fields_of, some_units
from tests.zoo.oracle import Oracle

FEW = settings(max_examples=40, deadline=None, derandomize=True)
VGG16 = [3, 5, 10, 14, 24, 32, 40, 60, 76, 92, 132, 164, 196]
# torchvision's ResNet-18, conv1 to layer4.1.conv2, without the shortcuts.
RESNET18 = [7, 19, 27, 35, 43, 51, 67, 83, 99, 115, 147, 179, 211, 243, 307, 371, 435]


def layer_outputs(module, x):
    outputs = {}
    owners = ParameterOwners(module)

    def catch(call):
        output = call.run()
        outputs[call.name] = output.clone()
        return output

    with torch.no_grad(), owners.track_modules(), LayerCallMode(CallNamer(owners), catch):
        module(x)
    return outputs


def test_vgg16_has_its_published_receptive_fields():
    with torch.device("meta"):
        module = torchvision.models.vgg16(weights=None).features
    fields = fields_of(module.to_empty(device="cpu"), 3, 224, 224)
    assert [field.size for field in fields.values()] == [(n, n) for n in VGG16]
    assert {field.status for field in fields.values()} == {"exact"}


def test_resnet18_has_its_published_receptive_fields():
    fields = fields_of(torchvision.models.resnet18(weights=None), 3, 224, 224)
    assert [field.size[0] for name, field in fields.items() if "downsample" not in name] == RESNET18
    last = fields["layer4.1.conv2"]
    assert last.status == "exact"
    assert "whole picture" in last.note
    assert last.jump == (32.0, 32.0)
    first_unit = last.box(0, 0)
    assert (first_unit.top, first_unit.left) == (-217, -217)


@FEW
@given(random_networks())
def test_receptive_fields_equal_those_of_input_gradients(net):
    module, size = net
    fields = fields_of(module, *size)
    oracle = Oracle(module, size, set(fields))
    for name, field in fields.items():
        for y, x, channel in some_units(field):
            assert clipped_box(field, y, x, channel) == oracle.box(name, y, x, channel), (name, y, x, channel)


@FEW
@given(random_networks(), st.integers(0, 99))
def test_pixels_outside_an_exact_box_change_nothing(net, seed):
    module, size = net
    fields = fields_of(module, *size)
    x = torch.randn(1, *size)
    before = layer_outputs(module, x)
    for name, field in fields.items():
        y, column, channel = some_units(field, seed=seed)[-1]
        box = clipped_box(field, y, column, channel)
        other = torch.randn(1, *size)
        other[:, :, box.top : box.bottom, box.left : box.right] = x[:, :, box.top : box.bottom, box.left : box.right]
        after = layer_outputs(module, other)[name]
        torch.testing.assert_close(after[0, channel, y, column], before[name][0, channel, y, column])


def test_a_nominal_box_keeps_its_size_at_the_border():
    field = fields_of(nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 5, padding=2)), 1, 20, 30)["1"]
    for y, x in ((0, 0), (10, 10), (19, 29)):
        box = field.box(y, x)
        assert (box.height, box.width) == (7, 7)
        assert (box.top, box.left) == (y - 3, x - 3)


def test_pixels_that_a_stride_skips_are_outside_the_box():
    module = nn.Sequential(nn.Conv2d(1, 1, 3, stride=2), nn.Conv2d(1, 1, 3, padding=1))
    field = fields_of(module, 1, 10, 10)["1"]
    assert clipped_box(field, 3, 3).as_list() == [4, 4, 9, 9]


def test_filters_of_a_grouped_convolution_have_the_receptive_field_of_their_own_branch():
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.small, self.large = nn.Conv2d(1, 2, 1), nn.Conv2d(1, 2, 5, padding=2)
            self.mix = nn.Conv2d(4, 4, 1, groups=2)

        def forward(self, x):
            return self.mix(torch.cat([self.small(x), self.large(x)], 1))

    field = fields_of(Branches(), 1, 12, 12)["mix"]
    assert field.box(6, 6, 0).as_list() == [6, 6, 7, 7]
    assert field.box(6, 6, 3).as_list() == [4, 4, 9, 9]
    assert field.box(6, 6) == field.box(6, 6, 3)
    assert field.size == (5, 5)


def test_a_box_of_a_unit_that_does_not_exist_is_refused():
    field = fields_of(nn.Sequential(nn.Conv2d(1, 2, 3)), 1, 8, 8)["0"]
    with pytest.raises(LayerError, match=r"no unit \(6, 0\)"):
        field.box(6, 0)
    with pytest.raises(LayerError, match="filter 2"):
        field.box(0, 0, 2)


def test_the_receptive_field_of_a_patch_embedding_is_its_patch():
    class Patches(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.last = nn.Conv2d(3, 8, 4, stride=4), nn.Conv2d(8, 2, 2, stride=2)

        def forward(self, x):
            return {"maps": self.last(F.gelu(self.stem(x)))}

    field = fields_of(Patches(), 3, 32, 16)["last"]
    assert clipped_box(field, 3, 1).as_list() == [24, 8, 32, 16]
    assert field.jump == (8.0, 8.0)


def test_an_exported_program_has_the_receptive_fields_of_its_module():
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.MaxPool2d(2), nn.Conv2d(4, 2, 3)).eval()
    exported = torch.export.export(module, (torch.zeros(1, 3, 16, 16),)).module()
    fields = receptive_fields(trace_network(exported, torch.zeros(1, 3, 16, 16)))
    assert {name: field.size for name, field in fields.items()} == {"0": (3, 3), "3": (8, 8)}
