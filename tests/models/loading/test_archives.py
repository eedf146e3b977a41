from __future__ import annotations

import contextlib
import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.loading.network import Network
from mkdocs_lurk.models.loading.sources import load_network
from mkdocs_lurk.models.tracing.layer_calls import CallNamer, LayerCall, LayerCallMode, ParameterOwners
from tests.models.networks import Branching


@pytest.fixture
def net() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Branching().eval()


def save_scripted(net: nn.Module, path: Path) -> None:
    torch.jit.script(net).save(str(path))


def save_exported(net: nn.Module, path: Path) -> None:
    batch = {0: torch.export.Dim("batch", min=1, max=64)}
    torch.export.save(torch.export.export(net, (torch.zeros(2, 3, 8, 8),), dynamic_shapes=(batch,)), path)


def save_with_static_batch(net: nn.Module, path: Path) -> None:
    torch.export.save(torch.export.export(net, (torch.zeros(3, 3, 8, 8),)), path)


def archive_of(save: Callable[[nn.Module, Path], None], net: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns that TorchScript is deprecated
        save(net, path)
    return path


def load(path: Path, trust: bool = True) -> Network:
    return load_network(ModelConfig("net", "Net", path.name, "photos", path.parent, trust=trust))


def run_and_name_layers(module: nn.Module, x: Tensor) -> tuple[Tensor, list[str]]:
    names: list[str] = []

    def handle(call: LayerCall) -> Tensor:
        names.append(call.name)
        return call.run()

    owners = ParameterOwners(module)
    with torch.no_grad(), owners.track_modules(), LayerCallMode(CallNamer(owners), handle):
        return module(x), names


def test_exported_archive_keeps_outputs_layer_names_and_parameters(tmp_path: Path, net: nn.Module) -> None:
    network = load(archive_of(save_exported, net, tmp_path / "net.pt2"))
    x = torch.randn(5, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    expected, names = run_and_name_layers(net, x)
    output, exported_names = run_and_name_layers(network.module, x)
    assert torch.equal(output, expected)
    assert exported_names == names == list(Branching.layers)
    assert network.weights_note is None
    assert network.parameters == sum(p.numel() for p in net.parameters())
    assert not any(p.requires_grad for p in network.module.parameters())


def test_input_gradients_of_an_exported_archive_are_those_of_its_module(tmp_path: Path, net: nn.Module) -> None:
    module = load(archive_of(save_exported, net, tmp_path / "net.pt2")).module
    x, same_x = (torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1)) for _ in range(2))
    net(x.requires_grad_()).sum().backward()
    module(same_x.requires_grad_()).sum().backward()
    assert torch.allclose(same_x.grad, x.grad, atol=1e-6)  # type: ignore[arg-type]


def test_export_for_batches_of_one_size_is_refused(tmp_path: Path, net: nn.Module) -> None:
    line = load_error(archive_of(save_with_static_batch, net, tmp_path / "net.pt2"))
    assert "net.pt2 takes batches of 3 pictures alone; export it with a batch of one picture, or of any number" in line


def load_error(path: Path, trust: bool = True) -> str:
    with pytest.raises(ModelError) as caught:
        load(path, trust)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_torchscript_archive_is_refused_with_two_alternatives(tmp_path: Path, net: nn.Module) -> None:
    assert load_error(archive_of(save_scripted, net, tmp_path / "net.pt")) == (
        "model 'net': net.pt is a TorchScript archive, which PyTorch has deprecated and which is not read; "
        "save the network with torch.export.save(torch.export.export(net, (x,)), 'net.pt2'), or let 'source' name "
        "the factory that makes it and 'weights' its state dict"
    )


def test_state_dict_as_a_source_is_refused(tmp_path: Path, net: nn.Module) -> None:
    torch.save(net.state_dict(), tmp_path / "net.pt")
    assert load_error(tmp_path / "net.pt") == (
        "model 'net': net.pt is no archive of torch.export but a file of torch.save; "
        "give the network's code as 'source' and its state dict as 'weights'"
    )


def test_truncated_archive_is_called_damaged(tmp_path: Path, net: nn.Module) -> None:
    path = archive_of(save_exported, net, tmp_path / "net.pt2")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert load_error(path).startswith("model 'net': net.pt2 is damaged or no archive (File is not a zip file)")


def test_an_archive_whose_directory_or_lists_are_damaged_is_called_damaged(tmp_path: Path, net: nn.Module) -> None:
    path = archive_of(save_exported, net, tmp_path / "net.pt2")
    rewrite(path, lambda name, content: b"\xff" if name.endswith("weights_config.json") else content)
    assert "net.pt2 is damaged (UnicodeDecodeError" in load_error(path)
    content = bytearray(path.read_bytes())
    content[:4] = b"\0" * 4  # the first member has no header any more
    path.write_bytes(content)
    assert load_error(path).startswith("model 'net': net.pt2 is damaged")


def rewrite(path: Path, change: Callable[[str, bytes], bytes | None]) -> None:
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            new = change(name, content)
            if new is not None:
                archive.writestr(name, new)


def test_export_without_its_weights_is_refused(tmp_path: Path, net: nn.Module) -> None:
    path = archive_of(save_exported, net, tmp_path / "net.pt2")
    rewrite(path, lambda name, content: None if "weights_config" in name else content)
    assert load_error(path).startswith("model 'net': net.pt2 cannot be read by torch ")


class TouchesFile:
    """Creates a file where it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, tuple[Path]]:
        return Path.touch, (self.target,)


def test_pickled_code_in_an_archive_is_refused_and_never_runs(tmp_path: Path, net: nn.Module) -> None:
    path = archive_of(save_exported, net, tmp_path / "net.pt2")
    torch.save(((TouchesFile(tmp_path / "ran"),), {}), tmp_path / "code.pt")
    code = (tmp_path / "code.pt").read_bytes()
    rewrite(path, lambda name, content: code if name.endswith("sample_inputs/model.pt") else content)
    assert "net.pt2 holds pickled code (" in load_error(path)
    assert not (tmp_path / "ran").exists()


class Doubled(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 2


@pytest.mark.parametrize("example", [torch.tensor(1.0), 3])
def test_an_export_of_a_number_is_refused(tmp_path: Path, example: Any) -> None:
    torch.export.save(torch.export.export(Doubled(), (example,)), tmp_path / "net.pt2")
    assert load_error(tmp_path / "net.pt2").startswith("model 'net': net.pt2 takes no picture (")


def test_compiled_code_in_an_archive_is_refused(tmp_path: Path, net: nn.Module) -> None:
    path = archive_of(save_exported, net, tmp_path / "net.pt2")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("net/data/aotinductor/model/code.so", b"")
    assert load_error(path) == "model 'net': net.pt2 holds compiled code; export it with torch.export.save"


def put_in_expressions(value: Any, code: str) -> int:
    """Replace every ``expr_str`` in a JSON value; returns how many there were."""
    if isinstance(value, list):
        return sum(put_in_expressions(item, code) for item in value)
    if not isinstance(value, dict):
        return 0
    found = "expr_str" in value
    if found:
        value["expr_str"] = code
    return found + sum(put_in_expressions(item, code) for item in value.values())


def write_file_in_graph(program: Any, path: str) -> int:
    """Let the first node of a graph make a file, which an operator of PyTorch does."""
    node = program["graph_module"]["graph"]["nodes"][0]
    node["target"] = "torch.ops.aten.from_file.default"
    arguments = {"filename": {"as_string": path}, "shared": {"as_bool": True}, "size": {"as_int": 4}}
    node["inputs"] = [{"name": name, "arg": value, "kind": 1} for name, value in arguments.items()]
    return 1


def infect(path: Path, change: Callable[[Any], int]) -> None:
    def edit(name: str, content: bytes) -> bytes:
        if not name.endswith("models/model.json"):
            return content
        program = json.loads(content)
        assert change(program)
        return json.dumps(program).encode()

    rewrite(path, edit)


@pytest.mark.parametrize("way", ["expression", "operator"])
def test_an_archive_that_runs_code_is_refused_before_any_of_it_runs(tmp_path: Path, net: nn.Module, way: str) -> None:
    path, marker = archive_of(save_exported, net, tmp_path / "net.pt2"), tmp_path / "ran"
    if way == "expression":
        code = f"__import__('pathlib').Path({str(marker)!r}).touch()"
        infect(path, lambda program: put_in_expressions(program, code))
    else:
        infect(path, lambda program: write_file_in_graph(program, str(marker)))
    assert load_error(path, trust=False) == (
        "model 'net': net.pt2 is an archive of torch.export, and it can run code that it holds; "
        "set 'trust: true' if you made it yourself, or give a factory as 'source' and a state dict as 'weights'"
    )
    assert not marker.exists()
    # what the refusal is for: torch runs it
    with contextlib.suppress(Exception):
        torch.export.load(path).module()(torch.zeros(2, 3, 8, 8))
    assert marker.exists()


def test_a_sound_archive_is_refused_without_trust(tmp_path: Path, net: nn.Module) -> None:
    assert "set 'trust: true'" in load_error(archive_of(save_exported, net, tmp_path / "net.pt2"), trust=False)


class TwoInputs(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


def test_export_with_two_inputs_is_refused(tmp_path: Path) -> None:
    program = torch.export.export(TwoInputs(), (torch.zeros(1), torch.zeros(1)))
    torch.export.save(program, tmp_path / "net.pt2")
    assert load_error(tmp_path / "net.pt2") == (
        "model 'net': net.pt2 takes 2 inputs; export a network that takes one picture"
    )


@pytest.mark.parametrize("layer", [nn.Dropout(), nn.BatchNorm2d(3)])
def test_export_in_training_mode_is_refused(tmp_path: Path, layer: nn.Module) -> None:
    path = archive_of(save_exported, nn.Sequential(nn.Conv2d(3, 3, 3), layer).train(), tmp_path / "net.pt2")
    assert "training mode (aten" in load_error(path)
    assert load_error(path).endswith("call .eval() on the network first")


def test_train_and_eval_change_nothing_of_an_exported_module(tmp_path: Path, net: nn.Module) -> None:
    module = load(archive_of(save_exported, net, tmp_path / "net.pt2")).module
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(module.train()(x), net(x))
    assert torch.equal(module.eval()(x), net(x))
