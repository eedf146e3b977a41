import dataclasses
import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mkdocs_lurk.errors import LayerError, ModelError
from mkdocs_lurk.models.tracing.operations import references
from mkdocs_lurk.models.tracing.trace import trace_network

X = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.act = nn.Conv2d(3, 3, 3, padding=1), nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.act(self.conv(x))
        y += x
        return y


def op_names(trace):
    return [op.name for op in trace.ops]


def inputs_of(trace, name):
    (op,) = [op for op in trace.ops if op.name == name]
    return references(op)


def test_operations_are_in_order_and_reference_the_values_they_read():
    trace = trace_network(Block().eval(), X)
    assert op_names(trace) == ["convolution", "relu_", "add_"]
    conv, relu, add = trace.ops
    assert references(conv) == (trace.input,)
    assert references(relu) == conv.outputs
    assert references(add) == (relu.outputs[0], trace.input)
    assert trace.outputs == add.outputs
    assert trace.size == (3, 8, 8)


def test_operations_have_their_module_call_and_parameters():
    trace = trace_network(nn.Sequential(Block(), Block()).eval(), X)
    calls = trace.module_calls
    assert [calls[op.module_call].name for op in trace.ops] == ["0.conv", "0.act", "0", "1.conv", "1.act", "1"]
    assert trace.ops[0].parameters == ("0.conv.weight", "0.conv.bias")
    assert [calls[call.parent].name for call in calls[1:]] == ["", "0", "0", "", "1", "1"]
    assert [call.ops for call in calls if call.name in ("0", "1")] == [(0, 3), (3, 6)]


def test_in_place_write_is_read_through_every_alias():
    class Aliases(nn.Module):
        def forward(self, x):
            y = x + 1
            view = y[:, :, :4]
            flat = y.view(1, -1)
            view.mul_(2)
            return flat.relu()

    trace = trace_network(Aliases(), X)
    assert op_names(trace) == ["add", "slice", "view", "mul_", "write", "read", "relu"]
    assert references(trace.ops[4]) == (trace.ops[0].outputs[0], trace.ops[3].outputs[0])
    assert references(trace.ops[6]) == trace.ops[5].outputs


def test_constant_that_the_input_is_written_into_becomes_a_value():
    class Pastes(nn.Module):
        def forward(self, x):
            canvas = x.new_zeros(1, 3, 10, 10)
            canvas[:, :, 1:-1, 1:-1] = x
            return canvas.relu()

    trace = trace_network(Pastes(), X)
    assert op_names(trace) == ["copy_", "write", "relu"]
    assert inputs_of(trace, "relu") == trace.ops[1].outputs


def test_operations_on_constants_are_not_recorded():
    class Constants(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3, 3, 1, 1))

        def forward(self, x):
            return F.conv2d(x, self.weight * 2 + torch.zeros_like(self.weight))

    trace = trace_network(Constants(), X)
    assert op_names(trace) == ["convolution"]
    assert trace.ops[0].parameters == ("weight",)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda y: {"out": y, "aux": y * 2},
        lambda y: [y, (y * 2, None)],
        lambda y: dataclasses.make_dataclass("Out", ["logits", "note"])(y, "text"),
    ],
)
def test_tensors_in_any_nest_of_outputs_are_found(wrap):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 1)

        def forward(self, x):
            return wrap(self.conv(x))

    trace = trace_network(Net(), X)
    assert trace.outputs[0] == trace.layer_calls[0].output


def test_network_with_several_inputs_is_refused():
    class Two(nn.Module):
        def forward(self, picture, mask):
            return picture * mask

    with pytest.raises(ModelError, match=r"Two wants 2 inputs \(picture, mask\).*adapter"):
        trace_network(Two(), X)


def test_network_whose_input_has_no_place_is_refused():
    class ByName(nn.Module):
        def forward(self, *, picture):
            return picture

    with pytest.raises(ModelError, match=r"ByName takes its input by name alone \(picture\); let 'source' name"):
        trace_network(ByName(), X)


class Differentiates(nn.Module):
    def forward(self, x):
        return x - torch.autograd.grad(x.square().sum(), x)[0]


class Casts(Block):
    def forward(self, x):
        return super().forward(x.double()).float()


@pytest.mark.parametrize(("make", "remedy"), [(Differentiates, "computes gradients"), (Casts, "leave out casts")])
def test_failure_that_comes_from_how_a_network_is_analysed_names_the_remedy(make, remedy):
    with pytest.raises(ModelError, match=f"^the network fails in .* on a 3 x 8 x 8 picture: RuntimeError: .*{remedy}"):
        trace_network(make().eval(), X)


def test_failure_names_the_module_that_was_running():
    with pytest.raises(ModelError, match=r"fails in '1.conv' \(Conv2d\) on a 3 x 8 x 8 picture: RuntimeError: "):
        trace_network(nn.Sequential(nn.Conv2d(3, 2, 1), Block()).eval(), X)


@pytest.mark.parametrize("layer", [nn.Conv2d(4, 6, 1), nn.Conv2d(4, 6, 1, groups=2), nn.ConvTranspose2d(4, 6, 1)])
def test_a_first_layer_of_other_channels_names_the_key(layer):
    with pytest.raises(LayerError, match=r"^layer '0' takes 4 channels, but the transform makes pictures of 3$"):
        trace_network(nn.Sequential(layer).eval(), X)


@pytest.mark.parametrize("layer", [nn.Conv1d(3, 2, 1), nn.Conv3d(3, 2, 1)])
def test_1d_and_3d_convolutions_are_refused(layer):
    with pytest.raises(LayerError, match=rf"'0' is a {type(layer).__name__}, which cannot read a picture"):
        trace_network(nn.Sequential(layer), X)


def test_output_that_does_not_depend_on_the_input_is_refused():
    class Blind(nn.Module):
        def forward(self, x):
            return torch.ones(1, 2)

    with pytest.raises(ModelError, match="depends on the picture"):
        trace_network(Blind(), X)


def test_control_flow_that_depends_on_values_is_noted():
    class Branches(nn.Module):
        def forward(self, x):
            return x * 2 if x.sum() > 0 else x

    assert "decides by values" in trace_network(Branches(), X).notes[0]


def test_module_that_runs_twice_has_two_layer_calls():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)

        def forward(self, x):
            return self.conv(F.relu(self.conv(x)))

    assert [call.name for call in trace_network(Twice(), X).layer_calls] == ["conv", "conv:2"]


def test_hooks_and_flags_are_restored_after_tracing():
    net = nn.Sequential(Block(), nn.Sequential(nn.Flatten(), nn.Linear(192, 2))).eval()
    before = net(X)
    fast_path = torch.backends.mha.get_fastpath_enabled()
    trace_network(net, X)
    with pytest.raises(ModelError):
        trace_network(net, X[:, :, 1:])
    assert torch.equal(net(X), before)
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in net.modules())
    assert torch.backends.mha.get_fastpath_enabled() == fast_path


def test_attention_is_not_recorded_as_one_fused_operation():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
            self.conv = nn.Conv2d(3, 4, 2, stride=2)

        def forward(self, x):
            return self.layer(self.conv(x).flatten(2).transpose(1, 2))

    names = op_names(trace_network(Net().eval(), X))
    assert any("attention" in name for name in names)
    assert "_transformer_encoder_layer_fwd" not in names


def test_digest_depends_on_the_architecture_alone():
    def digest(width=4, seed=0, kernel=3):
        torch.manual_seed(seed)
        return trace_network(nn.Sequential(nn.Conv2d(3, width, kernel), nn.ReLU()), X).digest

    class Renamed(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(3, 4, 3)

        def forward(self, x):
            return F.relu(self.first(x))

    assert digest() == digest(seed=1) == trace_network(Renamed(), X).digest
    assert len({digest(), digest(width=5), digest(kernel=2)}) == 3


def test_convolutions_that_do_not_run_are_listed():
    class Auxiliary(nn.Module):
        def __init__(self):
            super().__init__()
            self.main, self.aux = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 5, 1)

        def forward(self, x):
            return (self.main(x), self.aux(x)) if self.training else self.main(x)

    assert trace_network(Auxiliary().eval(), X).unused_convolutions == {"aux": "Conv2d"}


def test_scripted_submodule_is_recorded_as_part_of_its_parent():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns that TorchScript is deprecated
        scripted = torch.jit.script(nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU()))
    trace = trace_network(nn.Sequential(nn.Conv2d(3, 3, 1), scripted).eval(), X)
    assert op_names(trace) == ["convolution", "convolution", "relu"]
    assert [trace.module_calls[op.module_call].name for op in trace.ops] == ["0", "", ""]


def test_digest_depends_on_what_is_computed_from_parameters_and_not_on_parameters():
    class Scaled(nn.Module):
        def __init__(self, factor, seed=0):
            super().__init__()
            torch.manual_seed(seed)
            self.factor, self.conv = factor, nn.Conv2d(3, 4, 3)

        def forward(self, x):
            return F.conv2d(x, self.conv.weight * self.factor)

    class Plain(Scaled):
        def forward(self, x):
            return self.conv(x)

    def digest(module):
        return trace_network(module.eval(), torch.zeros(1, 3, 8, 8)).digest

    assert digest(Scaled(2.0)) == digest(Scaled(2.0)) != digest(Scaled(3.0))
    assert digest(Plain(2.0)) == digest(Plain(2.0, seed=1))

    class Quantile(Plain):
        def forward(self, x):
            return self.conv(x) - torch.quantile(x, self.factor / 10)  # a constant of one element, expanded

    assert digest(Quantile(2.0)) == digest(Quantile(2.0)) != digest(Quantile(3.0))
