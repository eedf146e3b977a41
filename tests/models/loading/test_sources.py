from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
import torchvision.models as zoo

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.loading.sources import load_network

CODE = """
import torch
from torch import nn
from neighbour import WIDTH

class Net(nn.Module):
    def __init__(self, width=WIDTH):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3)

    def forward(self, x):
        return self.conv(x)

def late():
    from other import Net as Other
    return Other()

def broken():
    raise ValueError("no such\\nthing")

def leaving():
    raise SystemExit(3)

def nothing():
    return None

def double():
    return Net().double().train()

def on_meta():
    with torch.device("meta"):
        return Net()

made = Net()
number = 3
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "net.py").write_text(CODE)
    (tmp_path / "nets" / "neighbour.py").write_text("WIDTH = 4\n")
    (tmp_path / "nets" / "other.py").write_text("from net import Net\n")
    (tmp_path / "nets" / "wrong.py").write_text("x = 1\nif x\n")
    return tmp_path


def config_of(root: Path, source: str, **values: Any) -> ModelConfig:
    return ModelConfig(name="net", title="Net", source=source, images="photos", root=root, **values)


def load_error(root: Path, source: str, **values: Any) -> str:
    with pytest.raises(ModelError) as caught:
        load_network(config_of(root, source, **values))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_factory_in_a_file_imports_neighbouring_files_and_leaves_no_trace(root: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = list(sys.path)
    network = load_network(config_of(root, "nets/net.py:Net", arguments={"width": 5}))
    assert network.module(torch.zeros(2, 3, 8, 8)).shape == (2, 5, 6, 6)
    assert network.parameters == 5 * 3 * 9 + 5
    assert network.weights_note == "no weights given: as the factory made them, with seed 0"
    assert sys.path == path
    assert "neighbour" not in sys.modules
    assert not list(root.rglob("__pycache__"))
    assert load_network(config_of(root, "nets/net.py:late")).parameters == 4 * 27 + 4


def test_two_factories_may_import_different_modules_of_one_name(root: Path) -> None:
    second = root / "more"
    second.mkdir()
    (second / "net.py").write_text(CODE)
    (second / "neighbour.py").write_text("WIDTH = 6\n")
    assert load_network(config_of(root, "nets/net.py:Net")).parameters == 4 * 28
    assert load_network(config_of(root, "more/net.py:Net")).parameters == 6 * 28


def test_changed_file_is_imported_again(root: Path) -> None:
    load_network(config_of(root, "nets/net.py:Net"))
    (root / "nets" / "neighbour.py").write_text("WIDTH = 8\n")
    assert load_network(config_of(root, "nets/net.py:Net")).parameters == 8 * 28


def test_package_beside_mkdocs_yml_can_hold_the_factory(root: Path) -> None:
    (root / "my_nets_for_lurk").mkdir()
    (root / "my_nets_for_lurk" / "__init__.py").touch()
    (root / "my_nets_for_lurk" / "small.py").write_text(CODE.replace("from neighbour import WIDTH", "WIDTH = 3"))
    assert load_network(config_of(root, "my_nets_for_lurk.small:Net")).parameters == 3 * 28


def test_source_may_be_a_module_instance(root: Path) -> None:
    assert load_network(config_of(root, "nets/net.py:made")).parameters == 4 * 28


def test_network_is_in_evaluation_mode_in_float32_and_without_gradients(root: Path) -> None:
    network = load_network(config_of(root, "nets/net.py:double"))
    assert not network.module.training
    assert all(p.dtype == torch.float32 and not p.requires_grad for p in network.module.parameters())


def test_random_weights_come_from_the_seed_and_the_random_state_is_restored(root: Path) -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = load_network(config_of(root, "nets/net.py:Net"))
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(6)
    assert load_network(config_of(root, "nets/net.py:Net")).weights_digest == first.weights_digest
    assert load_network(config_of(root, "nets/net.py:Net", seed=1)).weights_digest != first.weights_digest


def test_torchvision_network_without_weights_is_noted_as_random(root: Path) -> None:
    network = load_network(config_of(root, "torchvision:squeezenet1_1", seed=2))
    assert network.weights_note == "random weights, seed 2"
    assert network.parameters == 1_235_496


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_networks_with_auxiliary_heads_load_without_a_warning(root: Path, name: str, monkeypatch: Any) -> None:
    passed: dict[str, Any] = {}

    def get_model(name: str, **arguments: Any) -> torch.nn.Module:
        passed.update(arguments)  # the real one takes seconds to initialise
        return zoo.squeezenet1_1()

    monkeypatch.setattr(zoo, "get_model", get_model)
    load_network(config_of(root, f"torchvision:{name}"))
    assert passed == {"init_weights": True}


def test_failing_factory_is_reported_in_one_line_with_its_line_number(root: Path) -> None:
    line = CODE.splitlines().index('    raise ValueError("no such\\nthing")') + 1
    assert load_error(root, "nets/net.py:broken") == (
        f"model 'net': nets/net.py:broken raised ValueError: no such thing (line {line}); "
        "mend the code there, or name another factory"
    )
    assert load_error(root, "nets/net.py:leaving").startswith(
        "model 'net': nets/net.py:leaving raised SystemExit: 3 (line"
    )
    assert load_error(root, "nets/wrong.py:Net").startswith(
        "model 'net': nets/wrong.py:Net raised SyntaxError: expected ':' (line 2)"
    )


def test_unknown_argument_of_a_factory_is_named(root: Path) -> None:
    assert load_error(root, "nets/net.py:Net", arguments={"widht": 3}) == (
        "model 'net': nets/net.py:Net raised TypeError: Net.__init__() got an unexpected keyword argument 'widht'; "
        "see the key 'arguments' of a model's source, or let it take none"
    )
    assert load_error(root, "torchvision:squeezenet1_1", arguments={"widht": 3}).endswith("; see the key 'arguments'")


def test_source_that_is_not_a_network_is_refused(root: Path) -> None:
    assert load_error(root, "nets/net.py:nothing") == (
        "model 'net': nets/net.py:nothing gave a NoneType; it must return a torch.nn.Module"
    )
    assert load_error(root, "nets/net.py:number") == (
        "model 'net': nets/net.py:number is a int; name a function or a class"
    )
    assert "no values (meta device)" in load_error(root, "nets/net.py:on_meta")


def test_unknown_name_is_reported_with_near_matches(root: Path) -> None:
    assert load_error(root, "nets/net.py:Nett") == "model 'net': nets/net.py has no 'Nett'; did you mean 'Net'?"
    assert load_error(root, "torchvision:squeezenet11") == (
        "model 'net': torchvision has no network 'squeezenet11'; "
        "did you mean 'squeezenet1_1' or 'squeezenet1_0' or 'densenet161'?"
    )
    assert load_error(root, "no_such_package_here:Net").startswith(
        "model 'net': no_such_package_here:Net raised ModuleNotFoundError: No module named 'no_such_package_here'"
    )


def test_a_factory_may_export_its_network_or_a_part_of_it(root: Path) -> None:
    (root / "e.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "def part(training=False):\n"
        "    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout()).train(training)\n"
        "    return torch.export.export(net, (torch.zeros(1, 3, 8, 8),)).module()\n"
        "def net(training=False):\n"
        "    return nn.Sequential(part(training), nn.ReLU())\n"
        "class Stubborn(nn.Conv2d):\n"
        "    def eval(self):\n"
        "        raise RuntimeError('never')\n"
        "def stubborn():\n"
        "    return Stubborn(3, 4, 3)\n"
    )
    for source in ("e.py:part", "e.py:net"):
        module = load_network(config_of(root, source)).module
        assert module(torch.zeros(1, 3, 8, 8)).shape == (1, 4, 6, 6)
    assert load_error(root, "e.py:net", arguments={"training": True}) == (
        "model 'net': 0 was exported in training mode (aten.dropout.default); call .eval() on the network first"
    )
    assert load_error(root, "e.py:stubborn") == (
        "model 'net': the network cannot be put into float32 and evaluation mode (RuntimeError: never); let 'source' "
        "name a factory whose network takes .to() and .eval()"
    )


def test_quantised_networks_are_refused(root: Path) -> None:
    assert (
        load_error(root, "torchvision:quantized_resnet18")
        == "model 'net': 'quantized_resnet18' is quantised; give 'resnet18'"
    )
    (root / "q.py").write_text(
        "from torch import nn\n"
        "class Packed(nn.Module):\n"
        "    __module__ = 'torch.ao.nn.quantized.modules.conv'\n"
        "def net():\n"
        "    return nn.Sequential(Packed())\n"
    )
    assert load_error(root, "q.py:net") == (
        "model 'net': 0 is quantised (Packed); give the network before quantisation, whose gradients exist"
    )


def test_torchvision_weights_are_found_by_name(root: Path, monkeypatch: Any) -> None:
    assert load_error(root, "torchvision:squeezenet1_1", weights="IMAGENET1K_V2") == (
        "model 'net': 'squeezenet1_1' has no weights 'IMAGENET1K_V2'; did you mean 'IMAGENET1K_V1'?"
    )
    passed: list[Any] = []

    def get_model(name: str, weights: Any, progress: bool) -> torch.nn.Module:
        passed.append((weights, progress))
        raise URLError("no route")

    monkeypatch.setattr(zoo, "get_model", get_model)
    message = load_error(root, "torchvision:squeezenet1_1", weights="SqueezeNet1_1_Weights.DEFAULT")
    assert passed == [(zoo.SqueezeNet1_1_Weights.IMAGENET1K_V1, False)]
    assert message == (
        "model 'net': the weights 'SqueezeNet1_1_Weights.DEFAULT' cannot be downloaded "
        "(URLError: <urlopen error no route>); give a file that you have as 'weights'"
    )
