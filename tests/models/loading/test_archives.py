from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.loading.network import Network
from mkdocs_lurk.models.loading.sources import load_network
from mkdocs_lurk.models.tracing.layer_calls import CallNamer, LayerCall, LayerCallMode, ParameterOwners


class Gate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.squeeze(F.adaptive_avg_pool2d(x, (1, 1))))


class Branching(nn.Module):
    """Control flow, a list, a tuple, a loop, reuse, functional calls and a transposed convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
        self.gate = Gate()
        self.again = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.up = nn.ConvTranspose2d(4, 4, 2, stride=2)
        self.head = nn.Linear(8, 2)
        self.steps = 2

    def forward(self, x: Tensor) -> Tensor:
        x = self.gate(self.stem(x))
        kept: list[Tensor] = []
        for step in range(self.steps):
            x = F.relu(self.again(x)) + step
            kept.append(x)
        if x.size(2) > 4:
            x = F.max_pool2d(x, 2)
        low, high = x.amin((2, 3)), self.up(x).amax((2, 3))
        assert low.shape[0] == high.shape[0]
        return self.head(torch.cat([low + kept[0].mean((2, 3)), high], 1).view(x.shape[0], -1))


LAYERS = ["stem.0", "gate.squeeze", "again", "again:2", "up", "head"]


@pytest.fixture
def net() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Branching().eval()


def scripted(net: nn.Module, path: Path) -> None:
    torch.jit.script(net).save(str(path))


def exported(net: nn.Module, path: Path) -> None:
    batch = {0: torch.export.Dim("batch", min=1, max=64)}
    torch.export.save(torch.export.export(net, (torch.zeros(2, 3, 8, 8),), dynamic_shapes=(batch,)), path)


def fixed(net: nn.Module, path: Path) -> None:
    torch.export.save(torch.export.export(net, (torch.zeros(3, 3, 8, 8),)), path)


def archived(make: Callable[[nn.Module, Path], None], net: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch itself warns of TorchScript
        make(net, path)
    return path


def loaded(path: Path) -> Network:
    return load_network(ModelConfig("net", "Net", path.name, "photos", path.parent))


def calls(module: nn.Module, x: Tensor) -> tuple[Tensor, list[str]]:
    names: list[str] = []

    def catch(call: LayerCall) -> Tensor:
        names.append(call.name)
        return call.run()

    owners = ParameterOwners(module)
    with torch.no_grad(), owners.track_modules(), LayerCallMode(CallNamer(owners), catch):
        return module(x), names


def test_an_archive_is_the_network_it_was_made_of(tmp_path: Path, net: nn.Module) -> None:
    network = loaded(archived(exported, net, tmp_path / "net.pt2"))
    x = torch.randn(5, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    expected, names = calls(net, x)
    found, found_names = calls(network.module, x)
    assert torch.equal(found, expected)
    assert found_names == names == LAYERS
    assert network.batch_size is None
    assert network.weights_note is None
    assert network.parameters == sum(p.numel() for p in net.parameters())
    assert not any(p.requires_grad for p in network.module.parameters())


def test_gradients_flow_to_the_picture(tmp_path: Path, net: nn.Module) -> None:
    module = loaded(archived(exported, net, tmp_path / "net.pt2")).module
    wanted, got = (torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1)) for _ in range(2))
    net(wanted.requires_grad_()).sum().backward()
    module(got.requires_grad_()).sum().backward()
    assert torch.allclose(got.grad, wanted.grad, atol=1e-6)  # type: ignore[arg-type]


def test_an_export_for_one_batch_size_says_so(tmp_path: Path, net: nn.Module) -> None:
    network = loaded(archived(fixed, net, tmp_path / "net.pt2"))
    assert network.batch_size == 3
    x = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(network.module(x), net(x))


def failure(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        loaded(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_torchscript_archive_is_refused_with_two_ways_out(tmp_path: Path, net: nn.Module) -> None:
    assert failure(archived(scripted, net, tmp_path / "net.pt")) == (
        "model 'net': net.pt is a TorchScript archive, which PyTorch has deprecated and which is not read; "
        "save the network with torch.export.save(torch.export.export(net, (x,)), 'net.pt2'), or let 'source' name "
        "the factory that makes it and 'weights' its state dict"
    )


def test_a_state_dict_is_no_source(tmp_path: Path, net: nn.Module) -> None:
    torch.save(net.state_dict(), tmp_path / "net.pt")
    assert failure(tmp_path / "net.pt") == (
        "model 'net': net.pt is no archive of torch.export but a file of torch.save; "
        "give the network's code as 'source' and its state dict as 'weights'"
    )


def test_a_damaged_archive_is_named(tmp_path: Path, net: nn.Module) -> None:
    path = archived(exported, net, tmp_path / "net.pt2")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert failure(path).startswith("model 'net': net.pt2 is damaged or no archive (File is not a zip file)")


def rewritten(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            changed = change(name, content)
            if changed is not None:
                archive.writestr(name, changed)


def test_an_export_without_its_weights_is_named(tmp_path: Path, net: nn.Module) -> None:
    path = archived(exported, net, tmp_path / "net.pt2")
    rewritten(path, lambda name, content: None if "weights_config" in name else content)
    assert failure(path).startswith("model 'net': net.pt2 cannot be read by torch ")


class Trap:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Path.touch, (self.target,)


def test_pickled_code_in_an_archive_never_runs(tmp_path: Path, net: nn.Module) -> None:
    path = archived(exported, net, tmp_path / "net.pt2")
    torch.save(((Trap(tmp_path / "ran"),), {}), tmp_path / "trap.pt")
    trap = (tmp_path / "trap.pt").read_bytes()
    rewritten(path, lambda name, content: trap if name.endswith("sample_inputs/model.pt") else content)
    assert "net.pt2 holds pickled code (" in failure(path)
    assert not (tmp_path / "ran").exists()


def test_compiled_code_in_an_archive_is_refused(tmp_path: Path, net: nn.Module) -> None:
    path = archived(exported, net, tmp_path / "net.pt2")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("net/data/aotinductor/model/code.so", b"")
    assert failure(path) == "model 'net': net.pt2 holds compiled code; export it with torch.export.save"


class TwoInputs(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


def test_an_export_with_two_inputs_is_refused(tmp_path: Path) -> None:
    program = torch.export.export(TwoInputs(), (torch.zeros(1), torch.zeros(1)))
    torch.export.save(program, tmp_path / "net.pt2")
    assert failure(tmp_path / "net.pt2") == (
        "model 'net': net.pt2 takes 2 inputs; export a network that takes one picture"
    )


@pytest.mark.parametrize("layer", [nn.Dropout(), nn.BatchNorm2d(3)])
def test_an_archive_made_in_training_mode_is_refused(tmp_path: Path, layer: nn.Module) -> None:
    path = archived(exported, nn.Sequential(nn.Conv2d(3, 3, 3), layer).train(), tmp_path / "net.pt2")
    assert "training mode (aten" in failure(path)
    assert failure(path).endswith("call .eval() on the network first")


def test_switching_modes_of_an_export_does_no_harm(tmp_path: Path, net: nn.Module) -> None:
    module = loaded(archived(exported, net, tmp_path / "net.pt2")).module
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(module.train()(x), net(x))
    assert torch.equal(module.eval()(x), net(x))
