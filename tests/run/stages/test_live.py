"""The network for browsers: proven against the stored scores, stored once, and refused where it would mislead."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnxruntime
import pytest

from mkdocs_lurk.config.live import LiveConfig
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.records.live_record import LIVE_LEVELS
from mkdocs_lurk.run.live_limits import refusal
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Session, open_session
from mkdocs_lurk.run.stages import live
from mkdocs_lurk.run.stages.live import Live, check_pixels
from mkdocs_lurk.run.work import UnitResult, WorkUnit, array_from_bytes
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store, StoredUnit
from tests.run.analyses import Project, analysed
from tests.run.networks import input_tensors, layer_outputs

PLAIN = {"synthesis": False, "filters": [1, 4], "effect": False, "live": True}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder whose results several tests read."""
    return {"root": tmp_path_factory.mktemp("live")}


@pytest.fixture
def config(project: Project, shared: dict[str, Path]) -> LurkConfig:
    return project(**PLAIN, **cast(Any, shared))


def unit_of(reader: ModelReader) -> StoredUnit:
    unit = reader.store.get(reader.record["live"]["unit"])  # type: ignore[index]
    assert unit is not None
    return unit


def test_the_exported_network_is_proven_on_the_stored_scores(config: LurkConfig) -> None:
    reader = analysed(config)
    record = cast(dict[str, Any], reader.record["live"])
    assert record["precision"] == "float16"
    assert record["pictures"] == 16
    assert record["same_first"] == 16
    assert 0 < record["largest"] < record["tolerance"] == 0.01
    unit = unit_of(reader)
    network = gzip.decompress(unit.blob("network"))
    assert record["bytes"] == 4 * -(-len(unit.blob("network")) // 3)
    x = input_tensors(config.root / "pictures")
    session = onnxruntime.InferenceSession(network)
    maxima = np.concatenate([session.run(["maxima"], {"picture": one[None].numpy()})[0] for one in x])
    wanted = np.concatenate([maps.amax((2, 3)).numpy() for maps in layer_outputs(x).values()], 1)
    np.testing.assert_allclose(maxima, wanted, atol=2e-3)
    quantiles = array_from_bytes(unit.blob("quantiles"))
    np.testing.assert_allclose(quantiles, np.quantile(wanted, LIVE_LEVELS, axis=0), rtol=1e-4, atol=1e-5)


def test_the_unit_says_what_a_page_needs(config: LurkConfig) -> None:
    unit = unit_of(analysed(config))
    record = cast(dict[str, Any], unit.record)
    assert [layer["name"] for layer in record["layers"]] == ["first", "second"]
    assert record["layers"][0]["rows"][0] == [-1, 2]
    assert record["layers"][1]["columns"][-1] == [12, 17]
    assert record["classes"] == ["class-0", "class-1", "class-2"]
    assert (record["outputs"], record["photos"], record["are_probabilities"]) == (3, 20, False)
    pixels = array_from_bytes(unit.blob("check/pixels"))
    assert pixels.tolist() == check_pixels((3, 16, 16)).tolist()
    x = (pixels.astype(np.float32) / 255 - 0.5) / 0.25
    outputs = onnxruntime.InferenceSession(gzip.decompress(unit.blob("network"))).run(
        ["outputs"], {"picture": np.moveaxis(x, -1, 0)[None]}
    )
    np.testing.assert_allclose(outputs[0][0], array_from_bytes(unit.blob("check/outputs")), atol=2e-3)


def test_what_is_stored_is_not_computed_again_unless_it_is_damaged(
    config: LurkConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysed(config)
    computed: list[str] = []
    compute = Live.compute

    def counting(self: Live, unit: WorkUnit) -> UnitResult:
        computed.append(unit.key)
        return compute(self, unit)

    monkeypatch.setattr(Live, "compute", counting)
    other = replace(config, models=(replace(config.models[0], labels=False),))  # a new record, of stored units
    reader = analysed(other)
    assert computed == []
    unit = unit_of(reader)
    store = Store(config.cache_dir)
    blobs = {name: unit.blob(name) for name in unit.names if name != "quantiles"}
    store.put(unit.key, unit.record, blobs)
    analysed(replace(config, models=(replace(config.models[0], labels=False, range=False),)))
    assert computed == [unit.key]


def test_a_network_that_differs_is_not_published(config: LurkConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    run = live.run_exported

    def shifted(data: bytes, pictures: Any, *, has_outputs: bool) -> Any:
        found = run(data, pictures, has_outputs=has_outputs)
        return replace(found, maxima=found.maxima + 0.5)

    monkeypatch.setattr(live, "run_exported", shifted)
    other = replace(config.models[0], live=LiveConfig(precision="int8"))
    reader = analysed(replace(config, models=(other,)))
    reason = reader.record["live"]["skipped"]  # type: ignore[index]
    assert "of the largest value of" in reason
    assert "where 0.1 is allowed" in reason


def test_what_cannot_be_exported_is_stored_with_the_reason(config: LurkConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> bytes:
        raise live.ModelError("PyTorch cannot export the network to ONNX (no)")

    monkeypatch.setattr(live, "export_network", failing)
    other = replace(config.models[0], live=LiveConfig(precision="float32"))
    reader = analysed(replace(config, models=(other,)))
    assert reader.record["live"] == {"skipped": "PyTorch cannot export the network to ONNX (no)"}


def opened(config: LurkConfig) -> Session:
    return open_session(config, config.models[0], Store(config.cache_dir), SilentProgress(), Ranks())


def test_a_network_that_is_too_large_or_too_slow_is_refused(config: LurkConfig) -> None:
    session = opened(config)
    assert refusal(session, LiveConfig()) is None
    large = replace(session, loaded=replace(session.loaded, parameters=11_700_000))
    assert refusal(large, LiveConfig(limit_mb=12)) == (
        "a visitor would load 23.4 MB of weights (float16), and live.limit_mb is 12: raise it, or give precision: int8"
    )
    assert refusal(large, LiveConfig(limit_mb=12, precision="int8")) is None
    assert "billion multiply-adds" in str(refusal(session, LiveConfig(limit_gmacs=0)))


@pytest.mark.parametrize(
    ("transform", "reason"),
    [
        ("prepare.py:make", "prepared by code of the author's"),
        ({"crop": 16, "mean": [0.5] * 3, "std": [0.25] * 3, "value_range": [0, 200]}, "no usual ones"),
    ],
)
def test_pictures_that_a_browser_cannot_prepare_are_refused(project: Project, transform: Any, reason: str) -> None:
    config = project(**PLAIN)
    (config.root / "prepare.py").write_text(
        "import torch\n\n\ndef make():\n    return lambda x: torch.ones(3, 16, 16)\n"
    )
    session = opened(project(**(PLAIN | {"transform": transform})))
    assert reason in str(refusal(session, LiveConfig()))


def test_the_packages_that_are_missing_are_named(config: LurkConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    find: Callable[[str], object] = live.importlib.util.find_spec
    monkeypatch.setattr(live.importlib.util, "find_spec", lambda name: None if name == "onnxscript" else find(name))
    with pytest.raises(ConfigError, match=r"models\[0\]\.live: onnxscript is not installed.*mkdocs-lurk\[live\]"):
        analysed(replace(config, models=(replace(config.models[0], top_k=2),)))


def test_live_is_no_new_request_where_it_is_off(project: Project) -> None:
    from mkdocs_lurk.run.declaration import declaration

    off, on = (project(**(PLAIN | {"live": live_})) for live_ in (False, True))
    assert "live" not in declaration(off, off.models[0])
    assert json.dumps(declaration(on, on.models[0])["live"]) == (
        '{"limit_mb": 16, "limit_gmacs": 5, "precision": "float16"}'
    )
