"""Two analysed models compared from the store alone: a permuted copy, another network, other pictures, a bundle."""

from __future__ import annotations

import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mkdocs_lurk.build import generate
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.disclosure import DisclosedReader
from mkdocs_lurk.pages.redacted_copy import copy_disclosed
from mkdocs_lurk.records.comparison_record import ComparisonRecord
from mkdocs_lurk.records.record_check import check_record
from mkdocs_lurk.run.comparison import compare_models
from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.store import ModelReader, Store
from tests.run.networks import SIDE, draw

NET = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 6, 3, padding=1)

    def forward(self, x):
        return self.second(torch.relu(self.first(x))).amax((2, 3))


def net(seed=0):
    return Net(seed)


def permuted():
    '''The same function but for the order of both layers' filters.'''
    network, first, second = Net(), torch.randperm(8), torch.tensor([5, 3, 1, 0, 2, 4])
    with torch.no_grad():
        network.first.weight.copy_(network.first.weight[first].clone())
        network.first.bias.copy_(network.first.bias[first].clone())
        network.second.weight.copy_(network.second.weight[second][:, first].clone())
        network.second.bias.copy_(network.second.bias[second].clone())
    return network
"""
PLAIN: dict[str, Any] = {
    "images": "pictures",
    "transform": {"crop": SIDE, "mean": [0.5] * 3, "std": [0.25] * 3, "channels": 3},
    "classes": [f"class-{place}" for place in range(6)],
    "synthesis": False, "effect": False, "labels": False, "range": False, "top_k": 2,
}  # fmt: skip


def declared(root: Path, *models: dict[str, Any], **plugin: Any) -> LurkConfig:
    root.mkdir(parents=True, exist_ok=True)
    (root / "other.py").write_text(NET)
    if not (root / "pictures").exists():
        draw(root / "pictures", 20)
    return from_mapping({"models": [PLAIN | model for model in models], **plugin}, root)


def keys_of(config: LurkConfig) -> list[str]:
    store = Store(config.cache_dir)
    return [analyze(config, model, store) for model in config.models]


BASE = {"name": "base", "source": "other.py:net"}
COPY = {"name": "copy", "source": "other.py:permuted"}
OTHER = {"name": "other", "source": "other.py:net", "arguments": {"seed": 3}}


def compared(config: LurkConfig) -> Any:
    return compare_models(Store(config.cache_dir), *keys_of(config))


def test_a_permuted_copy_is_recovered_whole(tmp_path: Path) -> None:
    found = compared(declared(tmp_path, BASE, COPY))
    check_record(found, ComparisonRecord, "the comparison")
    assert found["pictures"] == 20
    assert [[layer["matched"] for layer in layers] for layers in found["layers"]] == [[8, 6], [8, 6]]
    second = {(pair[0], pair[1]): (pair[2], pair[3]) for pair in found["matches"]}
    assert [second["second", index] for index in (5, 3, 1, 0, 2, 4)] == [("second", place) for place in range(6)]
    assert all(pair[4] > 0.999 for pair in found["matches"])
    assert all(one["best"] > 0.999 for layers in found["layers"] for one in layers)
    assert found["layers"][0][1]["same"] < 0.9
    diagonal = [found["cka"]["values"][place][place] for place in (0, 1)]
    assert diagonal == pytest.approx([1.0, 1.0], abs=1e-3)


def test_a_network_is_like_itself_filter_by_filter(tmp_path: Path) -> None:
    found = compared(declared(tmp_path, BASE, {**BASE, "name": "again", "top_k": 3}))
    assert [(a, b) for a, b, c, d, _ in found["matches"] if (a, b) == (c, d)] == [m[:2] for m in found["matches"]]
    assert [layer["same"] for layer in found["layers"][0]] == pytest.approx([1.0, 1.0], abs=1e-4)
    accuracy = found["accuracy"]
    assert accuracy["gained"] == accuracy["lost"] == []
    assert accuracy["p"] == 1.0


def test_the_filters_that_changed_most_are_those_that_nothing_is_like(tmp_path: Path) -> None:
    config = declared(tmp_path, {**BASE, "filters": [0, 1]}, OTHER)
    keys = keys_of(config)
    store = Store(config.cache_dir)
    found: Any = compare_models(store, *keys)
    responses = []
    for key in keys:
        record: Any = ModelReader(store, key).record
        units = [store.get(unit) for unit in record["responses"]]
        parts = [[_array(unit.blob(f"maxima/{n}")) for unit in units if unit] for n in (0, 1)]
        responses.append(np.concatenate([np.concatenate(part) for part in parts], 1))
    table = np.corrcoef(responses[0].T, responses[1].T)[:14, 14:]
    names = [("first", index) for index in range(8)] + [("second", index) for index in range(6)]
    best = sorted((row.max(), name) for name, row in zip(names, table, strict=True) if name[1] < 2)
    assert [tuple(pair[:2]) for pair in found["changed"][0]] == [name for _, name in best]
    assert [pair[4] for pair in found["changed"][0]] == pytest.approx([value for value, _ in best], abs=1e-4)
    best = sorted((column.max(), name) for name, column in zip(names, table.T, strict=True))
    assert [tuple(pair[2:4]) for pair in found["changed"][1]] == [name for _, name in best[:12]]


def _array(data: bytes) -> Any:
    from io import BytesIO

    return np.load(BytesIO(data))


def test_pictures_gained_and_lost_are_those_that_one_alone_names_right(tmp_path: Path) -> None:
    config = declared(tmp_path, BASE, OTHER)
    keys = keys_of(config)
    store = Store(config.cache_dir)
    records: list[Any] = [ModelReader(store, key).record for key in keys]
    right = [{image: own == taken for image, own, taken, _ in record["evaluation"]["pictures"]} for record in records]
    accuracy: Any = compare_models(store, *keys)["accuracy"]  # type: ignore[typeddict-item]
    assert accuracy["right"] == [sum(one.values()) for one in right]
    assert [one["image"] for one in accuracy["gained"]] == [i for i in right[0] if right[1][i] and not right[0][i]]
    assert [one["image"] for one in accuracy["lost"]] == [i for i in right[0] if right[0][i] and not right[1][i]]
    assert accuracy["n"] == 20
    for one in (*accuracy["gained"], *accuracy["lost"]):
        assert one["label"] in one["taken"]


def test_models_with_other_pictures_are_not_compared_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    draw(tmp_path / "fewer", 12)
    config = declared(tmp_path, BASE, {**OTHER, "images": "fewer"}, compare=["base", "other"])
    found = compared(config)
    assert found == {"skipped": "base (20) and other (12) were analysed on other pictures; give both the same 'images'"}
    with caplog.at_level(logging.WARNING, "mkdocs.plugins.lurk"):
        site = generate(config, "error", None)
    assert "compare: base and other: base (20) and other (12)" in caplog.text
    assert "are not compared" in site.path("models/compare-base-other/index.md").read_text("utf-8")


def test_results_that_were_moved_without_responses_are_not_compared(tmp_path: Path) -> None:
    config = declared(tmp_path, BASE, COPY)
    first, second = keys_of(config)
    store = Store(config.cache_dir)
    hidden = replace(config.models[1], anonymous=True)
    copied = copy_disclosed(DisclosedReader(store, second, hidden), store)
    assert "responses of copy are not at hand" in compare_models(store, first, copied)["skipped"]  # type: ignore[typeddict-item]


def test_a_damaged_unit_is_refused(tmp_path: Path) -> None:
    config = declared(tmp_path, BASE, COPY)
    keys = keys_of(config)
    store = Store(config.cache_dir)
    record: Any = ModelReader(store, keys[0]).record
    unit = store.get(record["responses"][0])
    assert unit is not None
    blobs = {name: unit.blob(name) for name in unit.names}
    whole = dict(blobs)
    for damaged, message in (
        (b"no array", "is no array"),
        (whole["maxima/1"], "has another shape"),
        (whole["maxima/0"][:-4], "has another shape"),
        (whole["maxima/0"][:-4] + b"\x00\x00\xc0\x7f", "holds NaN"),
    ):
        store.put(unit.key, unit.record, {**whole, "maxima/0": damaged})
        with pytest.raises(StoreError, match=message):
            compare_models(Store(config.cache_dir), *keys)


def test_a_comparison_imports_no_torch(tmp_path: Path) -> None:
    config = declared(tmp_path, BASE, COPY, compare=[["base", "copy"]])
    keys_of(config)
    code = (
        "import sys, yaml, pathlib\n"
        "from mkdocs_lurk.build import generate\nfrom mkdocs_lurk.config.parsing import from_mapping\n"
        f"config = from_mapping({ {'models': [PLAIN | BASE, PLAIN | COPY], 'compare': [['base', 'copy']]}!r}, "
        f"pathlib.Path({str(tmp_path)!r}))\n"
        "site = generate(config, 'error', None)\n"
        "assert 'models/compare-base-copy/results.json' in [file.uri for file in site.files]\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)  # noqa: S603
