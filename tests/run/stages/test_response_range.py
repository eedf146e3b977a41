"""The range of a filter: computed from whole maps, proven, sampled where pictures are many, and left out on request."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from torch import Tensor

from mkdocs_lurk.analysis.response_range import ExtremeFinder
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.run.work import Sizes
from tests.run.analyses import Project, analysed
from tests.run.networks import input_tensors, layer_outputs

PLAIN = {"synthesis": False, "filters": [1, 4]}


def test_the_range_is_that_of_the_maps_whatever_the_shards(project: Project) -> None:
    config = project(**PLAIN)
    reader = analysed(config, Sizes(shard_pictures=3, response_batch=2, photos=7, scoring_batch=(3, 3)))
    maps = layer_outputs(input_tensors(config.root / "pictures"))
    for layer, shape in (("first", (16, 16)), ("second", (8, 8))):
        for record in reader.layer(layer)["filters"]:
            own = maps[layer][:, record["index"]].flatten(1).numpy()
            *picked, lowest = record["range"]
            highest = own.max(1)
            for entry in picked:
                expected = np.quantile(highest, entry["quantile"], method="inverted_cdf")
                assert entry["score"] == pytest.approx(expected, rel=1e-5)
                assert highest[entry["image"]] == pytest.approx(expected, rel=1e-5)
                assert np.unravel_index(own[entry["image"]].argmax(), shape) == tuple(entry["position"])
            assert picked[0]["box"] == record["top_max"][0]["box"]
            image, place = np.unravel_index(own.argmin(), own.shape)
            assert [lowest["image"], *lowest["position"]] == [image, *np.unravel_index(place, shape)]
            assert lowest["score"] == pytest.approx(own.min(), rel=1e-5)
    row, column = reader.layer("first")["filters"][0]["range"][3]["position"]
    box = reader.layer("first")["filters"][0]["range"][3]["box"]
    assert box == [max(0, row - 1), max(0, column - 1), min(16, row + 2), min(16, column + 2)]  # of a 3 x 3 kernel


def test_of_many_pictures_a_spaced_sample_stands_for_all_and_only_its_pictures_are_kept(project: Project) -> None:
    config = project(count=30, top_k=1, **PLAIN)
    reader = analysed(config, Sizes(shard_pictures=4, all_photos=5, range_pictures=8))
    shown = {image["id"] for image in reader.record["images"] if "picture" in image}
    for layer in ("first", "second"):
        for record in reader.layer(layer)["filters"]:
            assert all(entry["image"] % 4 == 0 for entry in record["range"][1:])
            assert shown >= {entry["image"] for entry in record["range"]}
            assert record["range"][0]["score"] == record["top_max"][0]["score"]
    assert len(shown) < 30
    assert any("8 evenly spaced pictures of the 30;" in note for note in reader.record["notes"])


def test_a_response_that_differs_the_second_time_fails(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    receive = ExtremeFinder.receive

    def slightly_more(self: ExtremeFinder, layer: str, maps: Tensor) -> None:
        receive(self, layer, maps * 1.01)

    monkeypatch.setattr(ExtremeFinder, "receive", slightly_more)
    with pytest.raises(ModelError, match=r"the score of filter \d of layer '\w+' on class-\d/\d+.png differs"):
        analysed(project(**PLAIN))


def test_without_it_nothing_is_computed_and_nothing_recorded(project: Project) -> None:
    config = project(**PLAIN, range=False)
    reader = analysed(config)
    assert all("range" not in record for record in reader.layer("first")["filters"])
    assert reader.record["verified"]["scores"] == 11 * 3 * 2
    assert replace(config.models[0], range=True) == project(**PLAIN).models[0]
