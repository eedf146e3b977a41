"""Circuits of a declared network whose way from a colour to a class is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.run.stages.circuits import Circuits
from mkdocs_lurk.run.work import Sizes, UnitResult, WorkUnit
from tests.run.analyses import Project, analysed
from tests.run.stages.test_facets import draw

NETWORK = """
import torch
from torch import nn
from torch.nn import functional as F


class Ways(nn.Module):
    \"\"\"Filters 1, 2 and 0 find blue, red and green; filters 4, 2 and 3 of the next layer hand them on.\"\"\"

    def __init__(self):
        super().__init__()
        self.first, self.second, self.head = nn.Conv2d(3, 5, 1), nn.Conv2d(5, 6, 1), nn.Linear(6, 3, bias=False)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.mul_(0.02)
            for filter, colour in ((0, 1), (1, 2), (2, 0)):
                self.first.weight[filter, :, 0, 0] = -0.5
                self.first.weight[filter, colour] = 1
            for filter, source, output in ((4, 1, 0), (2, 2, 2), (3, 0, 1)):
                self.second.weight[filter, source] = 2
                self.head.weight[output, filter] = 3

    def forward(self, x):
        return self.head(F.relu(self.second(F.relu(self.first(x)))).amax((2, 3)))


def ways():
    return Ways()
"""
PLAIN: dict[str, Any] = {"synthesis": False, "range": False, "labels": False, "circuits": True, "top_k": 1}
KNOWN = {"blue": (1, 4), "red": (2, 2), "green": (0, 3)}


@pytest.fixture
def ways(project: Project, tmp_path: Path) -> LurkConfig:
    draw(tmp_path / "pictures", 60)
    (tmp_path / "ways.py").write_text(NETWORK)
    return project(source="ways.py:ways", classes=["blue", "green", "red"], **PLAIN)


def test_the_known_way_is_found_and_proven(ways: LurkConfig) -> None:
    circuits = analysed(ways, Sizes(effect_batch=3)).record["circuits"]
    assert not isinstance(circuits, dict)
    assert {circuit["name"] for circuit in circuits} == set(KNOWN)
    for circuit in circuits:
        (first, *_), (second, *_) = circuit["nodes"]
        assert (first[1], second[1]) == KNOWN[circuit["name"]]
        assert [first[0], second[0]] == ["first", "second"]
        start, end, value, kept = circuit["edges"][0][0]
        assert (start, end, kept) == (0, 0, 1.0)
        assert value == pytest.approx(first[2], rel=0.1)
        assert circuit["flow"][0] == pytest.approx(1, abs=0.05)
        worth = circuit["worth"]
        assert worth["held_out"]
        assert circuit["n"] == worth["n"] == 10
        span = worth["whole"][0] - worth["none"][0]
        assert worth["only"][0] - worth["none"][0] == pytest.approx(span, rel=0.15)
        assert worth["without"][0] < worth["none"][0] + 0.2 * span
        assert worth["random"][0] > worth["without"][0] + 0.5 * span
        assert worth["whole"][1] == worth["only"][1] == 10
        assert worth["without"][1] < 5


def test_what_is_stored_is_not_computed_again(ways: LurkConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[str] = []
    compute = Circuits.compute

    def counting(self: Circuits, unit: WorkUnit) -> UnitResult:
        computed.append(unit.key)
        return compute(self, unit)

    monkeypatch.setattr(Circuits, "compute", counting)
    first = analysed(ways).record["circuits"]
    assert len(set(computed)) == 3
    again = replace(ways, models=(replace(ways.models[0], range=True),))
    assert analysed(again).record["circuits"] == first
    assert len(computed) == 3


def test_of_many_classes_those_with_the_most_pictures_have_a_circuit(ways: LurkConfig) -> None:
    (ways.root / "pictures" / "red" / "000.png").unlink()
    record = analysed(ways, Sizes(circuit_classes=2, circuit_pictures=3)).record
    circuits = record["circuits"]
    assert not isinstance(circuits, dict)
    assert [circuit["name"] for circuit in circuits] == ["blue", "green"]
    assert [circuit["n"] for circuit in circuits] == [6, 6]  # too few to divide
    assert not any(circuit["worth"]["held_out"] for circuit in circuits)
    assert any("in 2 classes, and not in 1 others" in note for note in record["notes"])


def test_it_is_off_by_default_and_says_why_there_is_none(project: Project, ways: LurkConfig) -> None:
    assert "circuits" not in analysed(project(**PLAIN | {"circuits": False}, count=6)).record
    without = replace(ways, models=(replace(ways.models[0], effect=None),))
    assert analysed(without).record["circuits"] == {"skipped": "it takes the effect of filters: effect: true"}
    few = analysed(project(root=ways.root / "few", count=6, **PLAIN)).record["circuits"]
    assert few == {"skipped": "no class has 4 pictures whose output is known"}
