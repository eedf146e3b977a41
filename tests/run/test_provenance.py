"""What made a model's results is recorded as it was, and changes no key."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import pytest
import torch
import torchvision

import mkdocs_lurk
from mkdocs_lurk.analysis.gradients.engine import GradientEngine
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.models.loading.sources import load_network
from mkdocs_lurk.run import work
from mkdocs_lurk.run.devices import use_full_float32
from mkdocs_lurk.run.environment import describe_environment
from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.run.plan import resolve
from mkdocs_lurk.run.stages.verification import Verification
from mkdocs_lurk.run.work import Runner
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store

Project = Callable[..., LurkConfig]
SMALL: dict[str, Any] = {"count": 6, "filters": 2, "synthesis": {"steps": 1}}
LARGER = {"resize": 96, "crop": 96, "mean": [0.5] * 3, "std": [0.25] * 3, "channels": 3}
"""Gradients of smaller pictures are computed in plain passes, in float32."""
FORWARD = "return self.head(F.relu(self.second(F.relu(self.first(x), inplace=True))).mean((2, 3)))"
NOT_IN_BFLOAT16 = """if self.first.weight.dtype == torch.bfloat16:
            raise RuntimeError("not in bfloat16")
        """
ROUNDED = "were computed in bfloat16; every score is float32."


def record_of(config: LurkConfig) -> Any:
    store = Store(config.cache_dir)
    return ModelReader(store, analyze(config, config.models[0], store)).record


def rounding_notes(record: Any) -> list[str]:
    return [note for note in record["notes"] if "bfloat16" in note]


def without_provenance(store: Store) -> None:
    """Make all units such as an earlier version stored."""
    for key in list(store.keys()):
        unit = store.get(key)
        assert unit is not None
        if "made" in unit.record:
            record = {name: value for name, value in unit.record.items() if name != "made"}
            store.put(key, record, {name: unit.blob(name) for name in unit.names})


def test_versions_device_seed_and_digests_are_recorded(project: Project) -> None:
    config = project(**SMALL, seed=7)
    found = record_of(config)["provenance"]
    assert found["environments"] == [
        {
            "mkdocs_lurk": mkdocs_lurk.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "numpy": np.__version__,
            "pillow": PIL.__version__,
            "device": "cpu",
        }
    ]
    assert (found["seed"], found["threads"], found["unrecorded"]) == (7, None, 0)
    files = sorted((config.root / "pictures").rglob("*.png"))
    lines = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in files)
    assert found["digests"]["pictures"] == hashlib.sha256(lines.encode()).hexdigest()
    assert found["digests"]["weights"] == load_network(config.models[0]).weights_digest


def test_another_transform_has_another_digest(project: Project, tmp_path: Path) -> None:
    found = [
        record_of(project(**SMALL, root=tmp_path / str(mean), transform={"crop": 16, "mean": mean, "std": 0.25}))
        for mean in (0.5, 0.4)
    ]
    one, other = (record["provenance"]["digests"] for record in found)
    assert one["transform"] != other["transform"]
    assert one["pictures"] == other["pictures"]


@pytest.mark.parametrize(
    ("declared", "used", "note"),
    [
        ({}, {"gradients": ["float32"], "syntheses": ["float32"]}, []),
        (
            {"precision": "bfloat16", "transform": LARGER},
            {"gradients": ["bfloat16"], "syntheses": ["bfloat16"]},
            [f"Gradients and syntheses {ROUNDED}"],
        ),
        (
            {"precision": "bfloat16", "synthesis": False, "transform": LARGER},
            {"gradients": ["bfloat16"]},
            [f"Gradients {ROUNDED}"],
        ),
        (
            {"precision": "bfloat16"},
            {"gradients": ["float32"], "syntheses": ["bfloat16"]},
            [f"Syntheses {ROUNDED}"],
        ),
    ],
)
def test_the_number_formats_are_those_that_were_used(
    project: Project, declared: dict[str, Any], used: dict[str, list[str]], note: list[str]
) -> None:
    record = record_of(project(**{**SMALL, **declared}))
    scores = {"responses": ["float32"], "verification": ["float32"], "effect": ["float32"]}
    assert record["provenance"]["precision"] == used | scores
    assert rounding_notes(record) == note


def test_gradients_that_fell_back_to_float32_are_not_said_to_be_bfloat16(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mkdocs_lurk.run.session.choose_fast_dtype", lambda *_: torch.bfloat16)
    config = project(**{**SMALL, "synthesis": False}, transform=LARGER)
    network = config.root / "net.py"
    network.write_text(network.read_text().replace(FORWARD, NOT_IN_BFLOAT16 + FORWARD))
    record = record_of(config)
    assert record["provenance"]["precision"]["gradients"] == ["float32"]
    assert rounding_notes(record) == []


def test_a_layer_whose_gradients_fell_back_is_told_apart(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    compute = GradientEngine._of_layer

    def failing(self: Any, method: Any, recording: Any, layer: str, tasks: Any) -> Any:
        if layer == "second":
            raise RuntimeError("not this layer")
        return compute(self, method, recording, layer, tasks)

    monkeypatch.setattr(GradientEngine, "_of_layer", failing)
    record = record_of(project(**{**SMALL, "synthesis": False}, precision="bfloat16", transform=LARGER))
    assert record["provenance"]["precision"]["gradients"] == ["bfloat16", "float32"]
    assert rounding_notes(record) == [f"Some gradients {ROUNDED}"]


def test_results_of_two_versions_name_both(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """An analysis that was interrupted, and goes on after an update."""
    config = project(**SMALL)

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(work, "describe_environment", lambda device: {**describe_environment(device), "torch": "2.5.0"})
        patched.setattr(Verification, "compute", interrupted)
        with pytest.raises(KeyboardInterrupt):
            record_of(config)
    environments = record_of(config)["provenance"]["environments"]
    assert {one["torch"] for one in environments} == {"2.5.0", torch.__version__}


def test_units_of_a_version_that_recorded_nothing_are_counted_and_not_computed_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = project(**SMALL, precision="bfloat16")
    before = record_of(config)
    store = Store(config.cache_dir)
    without_provenance(store)
    units = {key: store.file(key).read_bytes() for key in before["uses"]}
    for request in store.requests():
        store.drop_alias(request)
    monkeypatch.setattr(Runner, "_compute", None)
    after = record_of(config)
    assert after["provenance"]["unrecorded"] == len(units)
    assert after["provenance"]["precision"] == {}
    assert rounding_notes(after) == [
        "Of results from an earlier version it is not recorded whether they are bfloat16 or float32."
    ]
    assert units == {key: store.file(key).read_bytes() for key in units}


@pytest.mark.parametrize("made", [7, {}, {"torch": "2.5.0"}, {"formats": [[]]}])
def test_what_no_version_records_is_not_believed(project: Project, made: object) -> None:
    config = project(**SMALL)
    store, record = Store(config.cache_dir), record_of(config)
    unit = store.get(record["uses"][0])
    assert unit is not None
    store.put(unit.key, {**unit.record, "made": made}, {name: unit.blob(name) for name in unit.names})
    for request in store.requests():
        store.drop_alias(request)
    assert record_of(config)["provenance"]["unrecorded"] == 1


def test_float32_is_full_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    use_full_float32(torch.device("cpu"))
    assert torch.backends.cudnn.allow_tf32
    use_full_float32(torch.device("cuda"))
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32


def test_declared_threads_are_used_recorded_and_part_of_the_keys(project: Project) -> None:
    before = torch.get_num_threads()
    config = project(**SMALL)
    auto = record_of(config)
    try:
        declared = record_of(replace(config, threads=2))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert declared["provenance"]["threads"] == 2
    assert not {*declared["uses"]} & {*auto["uses"]}
    (state,) = resolve(config, Store(config.cache_dir))
    assert state.key is not None  # threads that are not declared are in no key
