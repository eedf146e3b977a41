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


def calls_of(module, x, change=lambda call, out: out):
    found, owners = [], ParameterOwners(module)

    def catch(call):
        found.append(call)
        return change(call, call.run())

    with torch.no_grad(), owners.track_modules(), LayerCallMode(CallNamer(owners), catch):
        out = module(x)
    return found, out


def test_every_call_is_caught_and_named():
    found, _ = calls_of(Mixed(), X)
    assert [(call.name, call.kind) for call in found] == [
        ("conv", "Conv2d"),
        ("conv:2", "Conv2d"),
        ("kernel", "Conv2d"),
        # A weight that is computed belongs to the module that runs: here the network itself.
        ("", "Conv2d"),
        ("up", "ConvTranspose2d"),
        ("head", "Linear"),
    ]


def test_catching_changes_nothing_unless_asked():
    module = Mixed()
    _, out = calls_of(module, X)
    torch.testing.assert_close(out, module(X).detach())
    _, other = calls_of(module, X, lambda call, out: out * 0 if call.kind == "Linear" else out)
    assert other.abs().max() == 0


def test_settings_have_their_names():
    found, _ = calls_of(nn.Sequential(nn.Conv2d(3, 6, 3, 2, 1, 1, 3, bias=False)), X)
    assert found[0].settings["stride"] == (2, 2)
    assert found[0].settings["groups"] == 3
    assert found[0].bias is None


def test_an_exported_program_is_caught_like_its_module():
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 1)).eval()
    exported = torch.export.export(module, (X,)).module()
    found, _ = calls_of(exported, X)
    assert [call.name for call in found] == ["0", "2"]
    assert {call.kind for call in found} == {"Conv2d"}


def test_hooks_go_when_a_forward_pass_fails():
    module = Mixed()

    def catch(_call):
        raise KeyError("stop")

    owners = ParameterOwners(module)
    with pytest.raises(KeyError), owners.track_modules(), LayerCallMode(CallNamer(owners), catch):
        module(X)
    assert all(not m._forward_hooks and not m._forward_pre_hooks for m in module.modules())
    assert owners.running == ""
