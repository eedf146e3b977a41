"""Facets of a declared network: the sum of two filters answers to two kinds of things, and each of the two to one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.run.facet_picks import FacetPicks
from mkdocs_lurk.run.stages.facet_crops import FacetCrops
from mkdocs_lurk.run.stages.facets import Facets
from mkdocs_lurk.run.work import Sizes, UnitResult, WorkUnit
from tests.run.analyses import Project, analysed
from tests.run.networks import SIDE

RED, GREEN, SUM = 0, 1, 2
NETWORK = """
import torch
from torch import nn
from torch.nn import functional as F

KERNELS = [[2, -1, -1], [-1, 2, -1], [1, 1, -2], [-1, -1, 2], [.5, -.5, .2], [-.3, .6, .1]]


class Colours(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.head = nn.Linear(6, 3)
        with torch.no_grad():
            self.first.weight.zero_()
            self.first.weight[:, :, 1, 1] = torch.tensor(KERNELS)

    def forward(self, x):
        return self.head(F.relu(self.first(x)).mean((2, 3)))


def colours():
    return Colours()
"""
PLAIN: dict[str, Any] = {"synthesis": False, "range": False, "effect": False, "facets": True, "top_k": 1}


def draw(folder: Path, count: int = 90) -> None:
    """Write grey pictures, each with a spot of red, green or blue."""
    random = np.random.default_rng(0)
    for number in range(count):
        pixels = np.full((SIDE, SIDE, 3), 60) + random.integers(-8, 9, (SIDE, SIDE, 3))
        top, left = random.integers(2, SIDE - 6, 2)
        spot = np.zeros(3)
        spot[number % 3] = 150 + random.integers(0, 40)
        pixels[top : top + 4, left : left + 4] += spot.astype(int)
        path = folder / ("red", "green", "blue")[number % 3] / f"{number:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)


@pytest.fixture
def colours(project: Project, tmp_path: Path) -> LurkConfig:
    draw(tmp_path / "pictures")
    (tmp_path / "colours.py").write_text(NETWORK)
    return project(source="colours.py:colours", **PLAIN)


def test_the_sum_of_two_filters_is_divided_and_each_of_the_two_is_not(colours: LurkConfig) -> None:
    reader = analysed(colours, Sizes(shard_pictures=20, response_batch=7))
    filters = reader.layer("first")["filters"]
    facets = [record["facets"] for record in filters]
    assert facets[RED]["groups"] == facets[GREEN]["groups"] == []
    groups = facets[SUM]["groups"]
    assert {group["classes"][0][0] for group in groups} == {"red", "green"}
    assert all(group["classes"] == [[group["classes"][0][0], group["n"]]] for group in groups)
    assert sum(group["n"] for group in groups) == facets[SUM]["n"] == 22  # a quarter of 90
    assert facets[SUM]["polysemanticity"] > 0.5 > 0.1 > facets[RED]["polysemanticity"]
    assert facets[SUM]["clarity"] < 0.7 < 0.9 < facets[RED]["clarity"]
    by_class = {group["classes"][0][0]: group for group in groups}
    assert by_class["red"]["others"][0][0] in (RED, 4)
    assert by_class["green"]["others"][0][0] in (GREEN, 5)
    for group in groups:
        assert group["clarity"] > 0.9
        scores = [crop["score"] for crop in group["crops"]]
        assert scores == sorted(scores, reverse=True)
        for crop in group["crops"]:
            row, column = crop["position"]
            assert crop["box"] == [max(0, row - 1), max(0, column - 1), min(SIDE, row + 2), min(SIDE, column + 2)]
    assert groups[0]["crops"][0]["score"] == filters[SUM]["top_max"][0]["score"]


def test_what_is_stored_is_read_and_the_shards_do_not_matter(
    colours: LurkConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = analysed(colours).layer("first")
    computed: list[str] = []
    for stage in (FacetCrops, Facets):
        compute = stage.compute

        def counting(self: Any, unit: WorkUnit, compute: Any = compute) -> UnitResult:
            computed.append(self.name)
            result: UnitResult = compute(self, unit)
            return result

        monkeypatch.setattr(stage, "compute", counting)
    again = replace(colours, models=(replace(colours.models[0], labels=False),))
    analysed(again)
    assert computed == []
    other = replace(colours, cache_dir=colours.cache_dir.with_name("other"))
    parts = analysed(other, Sizes(shard_pictures=11, response_batch=4)).layer("first")
    assert [one["facets"] for one in parts["filters"]] == [one["facets"] for one in whole["filters"]]
    assert computed.count("facets") == 1
    assert computed.count("crops for facets") > 3


def test_of_many_pictures_a_spaced_sample_is_looked_at_and_kept(colours: LurkConfig) -> None:
    reader = analysed(colours, Sizes(all_photos=5, facet_pictures=45))
    shown = {image["id"] for image in reader.record["images"] if "picture" in image}
    facets = [record["facets"] for record in reader.layer("first")["filters"]]
    crops = [crop for own in facets for group in own["groups"] for crop in group["crops"]]
    assert {crop["image"] for crop in crops} <= shown
    assert all(crop["image"] % 2 == 0 for crop in crops)
    assert len(shown) < 90


def test_it_is_off_by_default_and_says_why_it_says_nothing(project: Project) -> None:
    off = analysed(project(**PLAIN | {"facets": False}))
    assert all("facets" not in record for record in off.layer("first")["filters"])
    few = analysed(project(root=project().root / "few", count=6, **PLAIN))
    assert few.layer("first")["filters"][0]["facets"] == {"skipped": "fewer than 8 pictures excite the filter"}


def test_a_response_that_differs_the_second_time_fails(colours: LurkConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    of_layers = FacetPicks.of_layers.func  # type: ignore[attr-defined]

    def slightly_less(self: FacetPicks) -> Any:
        return {name: replace(own, scores=own.scores * np.float32(0.99)) for name, own in of_layers(self).items()}

    monkeypatch.setattr(FacetPicks, "of_layers", property(slightly_less))
    with pytest.raises(ModelError, match=r"the score of filter \d of layer 'first' on \w+/\d+.png differs"):
        analysed(colours)
