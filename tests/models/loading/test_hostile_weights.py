"""Weights of unusual kinds and checkpoints that hold themselves are refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.loading.weights import load_weights

WHOLE = {"int8": torch.int8, "uint8": torch.uint8, "int64": torch.int64, "bool": torch.bool}


def network() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))


def load_error(path: Path) -> str:
    net = network()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with pytest.raises(ModelError) as caught:
        load_weights(net, path, "model 'net'")
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
    return str(caught.value)


@pytest.mark.parametrize("file", ["w.pt", "w.safetensors"])
@pytest.mark.parametrize("kind", WHOLE)
def test_whole_numbers_for_real_ones_are_refused(tmp_path: Path, kind: str, file: str) -> None:
    state = network().state_dict()
    state["0.weight"] = (state["0.weight"] * 9).to(WHOLE[kind])
    save: Callable[..., object] = torch.save if file == "w.pt" else safetensors.torch.save_file
    save(state, tmp_path / file)
    assert load_error(tmp_path / file) == (
        f"model 'net': {file} holds {kind} for 0.weight, where the network has real numbers; "
        "give the weights as they were before quantisation"
    )


def test_whole_numbers_for_whole_ones_are_loaded(tmp_path: Path) -> None:
    state = network().state_dict() | {"1.num_batches_tracked": torch.tensor(7)}
    torch.save(state, tmp_path / "w.pt")
    net = network()
    load_weights(net, tmp_path / "w.pt", "model 'net'")
    assert int(net.state_dict()["1.num_batches_tracked"]) == 7


def holding_itself(state: dict[str, Tensor]) -> dict[str, Any]:
    content: dict[str, Any] = {"state_dict": {}}
    content["state_dict"]["model"] = content
    return content


def holding_itself_beside(state: dict[str, Tensor]) -> dict[str, Any]:
    content: dict[str, Any] = {"epoch": {"a": torch.zeros(2)}}
    content["epoch"]["again"] = content
    return content


def deep(state: dict[str, Tensor]) -> dict[str, Any]:
    content: dict[str, Any] = dict(state)
    for _ in range(100):
        content = {"model": content}
    return content


@pytest.mark.parametrize("make", [holding_itself, holding_itself_beside, deep])
def test_a_checkpoint_without_an_end_is_refused(tmp_path: Path, make: Callable[[dict[str, Tensor]], object]) -> None:
    torch.save(make(network().state_dict()), tmp_path / "w.pt")
    assert load_error(tmp_path / "w.pt").startswith("model 'net': w.pt holds no state dict but ")


def test_control_characters_in_names_are_written_out(tmp_path: Path) -> None:
    torch.save(network().state_dict() | {"\x1b[31m\u202e\ud800": torch.zeros(2)}, tmp_path / "w.pt")
    assert r"\x1b[31m\u202e\ud800" in load_error(tmp_path / "w.pt")
