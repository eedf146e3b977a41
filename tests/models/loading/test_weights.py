from __future__ import annotations

import collections
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import nn

from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.loading.network import digest_weights
from mkdocs_lurk.models.loading.weights import load_weights


class Small(nn.Module):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width))
        self.classifier = nn.Linear(width, 2)


def seeded(seed: int, **arguments: int) -> Small:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Small(**arguments)


@pytest.fixture
def trained() -> Small:
    net = seeded(1)
    with torch.no_grad():
        for value in net.parameters():
            value.copy_(value.half().float())
    return net


def load_error(net: nn.Module, path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        load_weights(net, path, "model 'net'")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_small_file_that_would_fill_the_memory_is_refused(tmp_path: Path, trained: Small) -> None:
    path = tmp_path / "w.pt"
    torch.save({"features.0.weight": torch.zeros(1, dtype=torch.bfloat16).expand(1_000_000, 1_000_000)}, path)
    assert "bytes and says that it holds 2,000,000,000,000" in load_error(trained, path)
    torch.save({**trained.state_dict(), "other": torch.zeros(1).expand(10)}, path)
    assert "not in the network: other" in load_error(trained, path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(1 << 24))
    assert "is compressed, which torch.save never does" in load_error(trained, path)


def with_prefix(state: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {prefix + name: value for name, value in state.items()}


@pytest.mark.parametrize(
    "save_as",
    [
        lambda s: s,
        lambda s: collections.OrderedDict(s),
        lambda s: {"state_dict": s, "epoch": 3, "optimizer": {"lr": torch.tensor(0.1)}},
        lambda s: {"model": s},
        lambda s: {"model_state_dict": with_prefix(s, "module."), "loss": 0.5},
        lambda s: {"model": {"state_dict": s}},
        lambda s: with_prefix(s, "module."),
        lambda s: with_prefix(s, "_orig_mod."),
        lambda s: with_prefix(s, "_orig_mod.module."),
        lambda s: with_prefix(s, "net."),
        lambda s: {name: value.half() if value.is_floating_point() else value for name, value in s.items()},
        lambda s: {name: value for name, value in s.items() if "num_batches" not in name},
        lambda s: {name: nn.Parameter(value, requires_grad=False) for name, value in s.items()},
    ],
    ids=["plain", "ordered", "lightning", "model", "ddp", "twice", "module", "compiled", "both", "wrapper", "half",
         "no counter", "parameters"],
)  # fmt: skip
def test_weights_saved_in_any_usual_way_give_the_same_network(tmp_path: Path, trained: Small, save_as: Any) -> None:
    torch.save(save_as(trained.state_dict()), tmp_path / "w.pt")
    net = seeded(2)
    notes = load_weights(net, tmp_path / "w.pt", "model 'net'").notes
    assert all(note.startswith("In w.pt the weights have other names: ") for note in notes)
    assert digest_weights(net) == digest_weights(trained)
    assert net.features[0].weight.dtype == torch.float32


def test_half_precision_safetensors_become_float32(tmp_path: Path, trained: Small) -> None:
    state = {n: v.half() if v.is_floating_point() else v for n, v in trained.state_dict().items()}
    safetensors.torch.save_file(state, tmp_path / "w.safetensors")
    net = seeded(2)
    load_weights(net, tmp_path / "w.safetensors", "model 'net'")
    assert digest_weights(net) == digest_weights(trained)


def test_digest_depends_on_values_and_names() -> None:
    one, two = seeded(1), seeded(1)
    assert digest_weights(one) == digest_weights(two)
    with torch.no_grad():
        two.classifier.bias[0] += 1
    assert digest_weights(one) != digest_weights(two)
    assert digest_weights(nn.ModuleDict({"a": seeded(1)})) != digest_weights(nn.ModuleDict({"b": seeded(1)}))


def test_digest_does_not_depend_on_batch_counters() -> None:
    one, two = seeded(1), seeded(1)
    two.features[1].num_batches_tracked += 7
    assert digest_weights(one) == digest_weights(two)


def test_double_precision_values_are_rounded_to_float32(tmp_path: Path) -> None:
    state = {name: value.double() for name, value in seeded(1).state_dict().items()}
    torch.save(state, tmp_path / "w.pt")
    net = seeded(2)
    assert load_weights(net, tmp_path / "w.pt", "model 'net'").notes == ()
    assert torch.equal(net.classifier.weight, seeded(1).classifier.weight)
    torch.save(state | {"classifier.bias": state["classifier.bias"] + 1e-12}, tmp_path / "w.pt")
    (note,) = load_weights(net, tmp_path / "w.pt", "model 'net'").notes
    assert note == "The file w.pt holds numbers of 64 bits, which were rounded to 32: classifier.bias."


def test_file_without_the_classifier_is_loaded_with_a_note(tmp_path: Path, trained: Small) -> None:
    state = {name: value for name, value in trained.state_dict().items() if name.startswith("features.")}
    torch.save(state, tmp_path / "w.pth")
    net = seeded(2)
    random_classifier = net.classifier.weight.clone()
    loaded = load_weights(net, tmp_path / "w.pth", "model 'net'")
    assert loaded.notes == ("The file w.pth holds no weights for classifier: these parts keep random values.",)
    assert loaded.parts_without == ("classifier",)
    assert torch.equal(net.features[0].weight, trained.features[0].weight)
    assert torch.equal(net.classifier.weight, random_classifier)


def test_file_with_a_part_of_a_child_does_not_fit(tmp_path: Path, trained: Small) -> None:
    state = trained.state_dict()
    del state["features.0.bias"], state["classifier.weight"]
    torch.save(state, tmp_path / "w.pt")
    assert load_error(seeded(2), tmp_path / "w.pt") == (
        "model 'net': w.pt does not fit the network: missing from the file: features.0.bias, classifier.weight"
        "; give this network's weights, or let 'source' and 'arguments' make the one that they are of"
    )


def test_shapes_and_names_that_do_not_fit_are_listed(tmp_path: Path) -> None:
    state = seeded(1, width=8).state_dict()
    for number in range(5):
        state[f"head.{number}.weight"] = torch.zeros(1)
    torch.save(state, tmp_path / "w.pt")
    message = load_error(seeded(2), tmp_path / "w.pt")
    assert message == (
        "model 'net': w.pt does not fit the network: shapes differ: features.0.weight is 8x3x3x3 in the file, "
        "4x3x3x3 in the network; features.0.bias is 8 in the file, 4 in the network and 5 more; "
        "not in the network: head.0.weight, head.1.weight, head.2.weight and 2 more"
        "; give this network's weights, or let 'source' and 'arguments' make the one that they are of"
    )


def test_weights_that_do_not_fit_leave_the_network_unchanged(tmp_path: Path) -> None:
    torch.save(seeded(1, width=8).state_dict(), tmp_path / "w.pt")
    net = seeded(2)
    before = digest_weights(net)
    load_error(net, tmp_path / "w.pt")
    assert digest_weights(net) == before


class CallsWhenUnpickled:
    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("function", [os.system, Path.touch, eval, subprocess.Popen])
def test_pickled_code_is_refused_and_never_runs(tmp_path: Path, function: Any, legacy: bool) -> None:
    ran = tmp_path / "ran"
    arguments = {Path.touch: ran, eval: f"__import__('os').mkdir({str(ran)!r})"}
    checkpoint = {"state_dict": CallsWhenUnpickled(function, arguments.get(function, f"mkdir {ran}"))}
    torch.save(checkpoint, tmp_path / "w.pt", _use_new_zipfile_serialization=not legacy)
    message = load_error(seeded(2), tmp_path / "w.pt")
    assert not ran.exists()
    assert message.startswith("model 'net': w.pt holds pickled code (")
    assert function.__name__ in message or "getattr" in message
    assert message.endswith(
        "which could do anything and is not run; "
        "save its state dict where you trust it: torch.save(model.state_dict(), 'weights.pt')"
    )


def test_pickled_module_is_refused_and_its_class_is_named(tmp_path: Path, trained: Small) -> None:
    torch.save(trained, tmp_path / "w.pt")
    message = load_error(seeded(2), tmp_path / "w.pt")
    assert "holds pickled code (tests.models.loading.test_weights.Small)" in message


@pytest.mark.parametrize("name", ["w.pt", "w.pth", "w.safetensors"])
@pytest.mark.parametrize("content", [b"", b"not weights at all", b"PK\x03\x04 broken"])
def test_damaged_file_is_called_damaged(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert load_error(seeded(2), tmp_path / name).startswith(f"model 'net': {name} is damaged or no ")


def test_truncated_file_is_called_damaged(tmp_path: Path, trained: Small) -> None:
    for name in ("w.pt", "w.safetensors"):
        if name == "w.pt":
            torch.save(trained.state_dict(), tmp_path / name)
        else:
            safetensors.torch.save_file(trained.state_dict(), tmp_path / name)
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        assert load_error(seeded(2), tmp_path / name).startswith(f"model 'net': {name} is damaged or no ")


def test_file_without_a_state_dict_is_refused_and_its_keys_are_named(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "loss": 0.5}, tmp_path / "w.pt")
    assert load_error(seeded(2), tmp_path / "w.pt").startswith(
        "model 'net': w.pt holds no state dict but epoch, loss; save"
    )
    torch.save([1, 2], tmp_path / "w.pt")
    assert load_error(seeded(2), tmp_path / "w.pt").startswith("model 'net': w.pt holds no state dict but list; save")
