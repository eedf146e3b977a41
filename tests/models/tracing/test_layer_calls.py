import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mkdocs_lurk.models.tracing.layer_calls import CallNamer, LayerCallMode, ParameterOwners

X = torch.ones(1, 3, 6, 6)


class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)
        self.kernel = nn.Parameter(torch.ones(3, 3, 1, 1))
        self.head = nn.Linear(3, 2)
        self.up = nn.ConvTranspose2d(3, 3, 2, stride=2)

    def forward(self, x):
        x = self.conv(self.conv(x))
        x = F.conv2d(x, self.kernel, padding="same")
        x = F.conv2d(x, self.kernel / 2)
        return self.head(self.up(x).mean((2, 3)))


def intercept(module, x, change=lambda call, output: output):
    """Run a network; return its layer calls, and its output where ``change`` replaces the layers' outputs."""
    calls, owners = [], ParameterOwners(module)

    def handle(call):
        calls.append(call)
        return change(call, call.run())

    with torch.no_grad(), owners.track_modules(), LayerCallMode(CallNamer(owners), handle):
        output = module(x)
    return calls, output


def test_every_convolution_and_linear_call_is_named():
    calls, _ = intercept(Mixed(), X)
    assert [(call.name, call.kind) for call in calls] == [
        ("conv", "Conv2d"),
        ("conv:2", "Conv2d"),
        ("kernel", "Conv2d"),
        # A computed weight belongs to the module that is running: here the network itself.
        ("forward", "Conv2d"),
        ("up", "ConvTranspose2d"),
        ("head", "Linear"),
    ]


def test_modules_that_share_a_kernel_have_names_of_their_own():
    module = nn.Sequential()
    module.add_module("b", nn.Conv2d(3, 3, 1))
    module.add_module("c", nn.Conv2d(3, 3, 1))
    module.c.weight = module.b.weight
    module.forward = lambda x: F.conv2d(module.b(module.c(x)), module.c.weight)
    calls, _ = intercept(module, X)
    assert [call.name for call in calls] == ["c", "b", "b:2"]  # by itself a kernel belongs to the first
    assert calls[0].bias is module.c.bias


def test_the_second_call_of_a_module_leaves_the_name_of_another_module_alone():
    module = nn.Module()
    module.add_module("x", nn.Conv2d(3, 3, 1))
    module.add_module("x:2", nn.Conv2d(3, 3, 1))
    module.forward = lambda x: module.x(module.x(getattr(module, "x:2")(x)))
    calls, _ = intercept(module, X)
    assert [call.name for call in calls] == ["x:2", "x", "x:3"]


def test_output_changes_only_if_the_handler_changes_it():
    module = Mixed()
    _, output = intercept(module, X)
    torch.testing.assert_close(output, module(X).detach())
    _, zeroed = intercept(module, X, lambda call, output: output * 0 if call.kind == "Linear" else output)
    assert zeroed.abs().max() == 0


def test_settings_are_found_by_name():
    calls, _ = intercept(nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1, 1, 3, bias=False)), X)
    assert calls[0].settings["stride"] == (2, 2)
    assert calls[0].settings["groups"] == 3
    assert calls[0].bias is None


def test_exported_program_has_the_layer_names_of_its_module():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 1)).eval()
    exported = torch.export.export(module, (X,)).module()
    calls, _ = intercept(exported, X)
    assert [call.name for call in calls] == ["0", "2"]
    assert {call.kind for call in calls} == {"Conv2d"}


def test_hooks_are_removed_after_a_failed_forward_pass():
    module = Mixed()

    def handle(_call):
        raise KeyError("stop")

    owners = ParameterOwners(module)
    with pytest.raises(KeyError), owners.track_modules(), LayerCallMode(CallNamer(owners), handle):
        module(X)
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in module.modules())
    assert owners.running == ""
