"""The cost of a whole analysis: the same bytes everywhere, unless the time is asked for; measured once."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from mkdocs_lurk.analysis import latency
from mkdocs_lurk.analysis.latency import FEWEST, MOST, WARM_UP, time_passes
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.records.cost_check import check_cost
from mkdocs_lurk.run import processor
from mkdocs_lurk.run.processor import processor_model
from tests.run.analyses import Project, analysed
from tests.run.networks import tiny_network

SMALL: dict[str, Any] = {"synthesis": False, "filters": 1, "effect": False, "labels": False, "range": False}


def test_the_record_has_the_cost_and_no_time_unless_it_is_asked_for(project: Project) -> None:
    record: Any = analysed(project(**SMALL)).record
    cost = record["cost"]
    assert [layer["name"] for layer in cost["layers"]][: len(record["layers"])] == [
        layer["name"] for layer in record["layers"]
    ]
    for own, layer in zip(cost["layers"], record["layers"], strict=False):
        assert (own["macs"], own["parameters"], own["output"]) == (layer["macs"], layer["parameters"], layer["output"])
    tensors = [*tiny_network().parameters(), *tiny_network().buffers()]
    assert cost["parameter_bytes"] == sum(one.numel() * one.element_size() for one in tensors)
    assert cost["file_bytes"] is None
    assert "latency" not in cost


def test_the_time_is_measured_once(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    config = project(**SMALL, latency=True)
    first: Any = analysed(config).record
    assert first["cost"]["latency"]["passes"] >= FEWEST
    assert first["cost"]["latency"]["median_s"] > 0
    assert first["provenance"]["precision"]["latency"] == ["float32"]
    monkeypatch.setattr(latency, "perf_counter", None)
    again: Any = analysed(project(**SMALL, latency=True, top_k=2)).record
    assert again["cost"]["latency"] == first["cost"]["latency"]


@pytest.mark.parametrize(("pass_s", "timed"), [(0.25, 8), (10.0, FEWEST), (1e-4, MOST)])
def test_passes_are_timed_for_long_enough_and_the_first_ones_are_not(pass_s: float, timed: int) -> None:
    now, passes = [0.0], []

    class Slow(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            passes.append(x.shape)
            now[0] += pass_s
            return x

    seconds = time_passes(Slow(), torch.zeros(1, 3, 4, 4), lambda: now[0])
    assert seconds == pytest.approx([pass_s] * timed)
    assert len(passes) == timed + WARM_UP


def test_the_processor_is_told_by_its_model_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(processor.platform, "system", lambda: "Linux")
    told = tmp_path / "cpuinfo"
    monkeypatch.setattr(processor, "_CPUINFO", told)
    assert processor_model(torch.device("cpu")) == ""
    told.write_text("processor\t: 0\nmodel name\t: AMD  EPYC 7B13\nflags\t: fpu\nmodel name\t: other\n")
    assert processor_model(torch.device("cpu")) == "AMD EPYC 7B13"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda cost: cost.update(peak_bytes=-1), "peak_bytes is -1"),
        (lambda cost: cost["layers"][0].update(macs=7), "macs is not the sum"),
        (lambda cost: cost["layers"][0].update(activation_bytes=7), "activation_bytes is not the sum"),
        (lambda cost: cost["layers"][0].update(output=[-3, 1]), "should be a shape"),
        (lambda cost: cost["other"].update(parameters=-2), "other.parameters is -2"),
        (lambda cost: cost["latency"].update(low_s=2.0), "rising times"),
    ],
)
def test_numbers_that_cannot_be_right_are_refused(change: Any, message: str) -> None:
    from tests.pages.fake import COST

    cost: Any = {**COST, "layers": [dict(layer) for layer in COST["layers"]]}
    cost |= {"other": dict(COST["other"]), "latency": dict(COST["latency"])}
    check_cost(cost, "cost")
    change(cost)
    with pytest.raises(StoreError, match=message):
        check_cost(cost, "cost")
