"""Weights of unusual kinds and checkpoints that hold themselves are refused in one line."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.loading import state_dicts
from mkdocs_lurk.models.loading.checkpoints import read_checkpoint
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


@pytest.mark.parametrize("kind", ["F4", "F6_E2M3", "F8_E8M0", "F31", "C64", "BOOL"])
def test_a_type_that_is_not_used_for_weights_is_refused(tmp_path: Path, kind: str) -> None:
    header = json.dumps(
        {"0.bias": {"dtype": kind, "shape": [4], "data_offsets": [0, 2 if kind == "F4" else 4]}}
    ).encode()
    (tmp_path / "w.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    assert load_error(tmp_path / "w.safetensors").startswith("model 'net': w.safetensors ")


@pytest.mark.parametrize("kind", ["float4_e2m1fn_x2", "float8_e4m3fn", "float8_e5m2"])
def test_numbers_of_8_bits_and_fewer_are_refused(tmp_path: Path, kind: str) -> None:
    if not hasattr(torch, kind):
        pytest.skip(f"this torch has no {kind}")
    state = network().state_dict()
    state["0.bias"] = torch.zeros(4, dtype=torch.uint8).view(getattr(torch, kind))
    torch.save(state, tmp_path / "w.pt")
    assert load_error(tmp_path / "w.pt") == (
        f"model 'net': w.pt is quantised (0.bias is {kind}, whose scale lies elsewhere); give the weights of the "
        "network before quantisation"
    )


def test_what_does_not_fit_is_refused_before_anything_is_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = network().double().state_dict()
    for wrong in ({"0.bias": torch.zeros(7).double()}, {"other": torch.zeros(10**6).double()}):
        torch.save(state | wrong, tmp_path / "w.pt")
        with monkeypatch.context() as patch:
            patch.setattr(Tensor, "to", lambda value, *_: pytest.fail("converted") if value.numel() > 1 else value)
            assert "does not fit" in load_error(tmp_path / "w.pt")


def holding_each_other(state: dict[str, Tensor]) -> dict[str, Any]:
    """Return mappings of which each holds all others, under every key that is looked for: billions of ways."""
    keys = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "ema", "module")
    ring: list[dict[str, Any]] = [{} for _ in keys]
    for mapping in ring:
        mapping.update(zip(keys, ring, strict=True))
    return ring[0]


def shared_by_other_keys(state: dict[str, Tensor]) -> dict[str, Any]:
    content: dict[str, Any] = {"a" * 100_000: torch.zeros(2)}
    for _ in range(7):
        content = {f"{number}": content for number in range(20)}
    return content


@pytest.mark.parametrize("key", [None, "state_dictt"])
@pytest.mark.parametrize("make", [holding_each_other, shared_by_other_keys])
def test_mappings_that_are_shared_are_looked_at_once(
    tmp_path: Path, make: Callable[[dict[str, Tensor]], object], key: str | None
) -> None:
    torch.save(make({}), tmp_path / "w.pt")
    started = time.process_time()
    with pytest.raises(ModelError, match=r"^w\.pt holds no state dict "):
        read_checkpoint(tmp_path / "w.pt", "w.pt", key)
    assert time.process_time() - started < 2


def test_a_state_dict_under_two_keys_is_one(tmp_path: Path) -> None:
    state = network().state_dict()
    torch.save({"state_dict": state, "model": state}, tmp_path / "w.pt")
    assert load_weights(network(), tmp_path / "w.pt", "model 'net'").notes == ()


def test_a_checkpoint_of_too_many_mappings_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_dicts, "MOST_MAPPINGS", 9)
    torch.save({"optimizer": {number: {} for number in range(9)}}, tmp_path / "w.pt")
    assert load_error(tmp_path / "w.pt").startswith("model 'net': w.pt holds more than 9 mappings; save its state dict")


def test_control_characters_in_names_are_written_out(tmp_path: Path) -> None:
    torch.save(network().state_dict() | {"\x1b[31m\u202e\ud800": torch.zeros(2)}, tmp_path / "w.pt")
    assert r"\x1b[31m\u202e\ud800" in load_error(tmp_path / "w.pt")
