"""Syntheses beside photos, on a declared network: by hand from the published pictures, and left out where few are."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from mkdocs_lurk.images.webp import decode_picture
from tests.run.analyses import Project, analysed
from tests.run.networks import input_tensors
from tests.run.stages.test_twin import source

PLAIN: dict[str, Any] = {"range": False, "effect": False, "labels": False, "top_k": 1, "sanity_checks": True}


def test_the_figures_are_those_of_the_published_syntheses_and_the_best_photos(project: Project) -> None:
    config = source(project(**PLAIN, synthesis={"steps": 8}), "wide")
    reader = analysed(config)
    names: dict[str, Any] = {}
    exec((config.root / "net.py").read_text(), names)  # noqa: S102 - what the test wrote
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = names["wide"]().eval()

    def means(x: torch.Tensor) -> dict[str, Any]:
        with torch.no_grad():
            first = network.first(x)
            found = {"first": first, "second": network.second(first.relu())}
        return {name: maps.mean((2, 3)).numpy() for name, maps in found.items()}

    own = means(input_tensors(config.root / "pictures"))
    records = [record["max_activ"] for record in reader.layer("second")["filters"]]
    pixels = [torch.tensor(decode_picture(reader.picture(record["picture"]))).movedim(-1, 0) for record in records]
    made = means((torch.stack(pixels).float() / 255 - 0.5) / 0.25)
    best = [np.argsort(-own["second"][:, index], kind="stable")[:4] for index in range(10)]
    layers = reader.record["twin"]["layers"]  # type: ignore[typeddict-item]
    assert [layer["name"] for layer in layers if "paths" in layer] == ["first", "second"]
    for layer in layers:
        profiles, found = own[layer["name"]], layer["paths"]
        synthesis, photos = [], []
        for index in range(10):
            rows = [profiles[image] for image in best[index]]
            one = made[layer["name"]][index]
            synthesis.append(np.mean([spearmanr(one, row).statistic for row in rows]))
            photos.append(np.mean([spearmanr(*pair).statistic for pair in combinations(rows, 2)]))
        assert found["n"] == 10
        assert found["synthesis"] == pytest.approx(np.median(synthesis), abs=2e-3)
        assert found["photos"] == pytest.approx(np.median(photos), abs=2e-3)


def test_without_syntheses_or_channels_there_is_no_check(project: Project) -> None:
    without, few = {"synthesis": False}, {"synthesis": {"steps": 4, "filters": [0, 1, 2]}}
    for more in (without, few):
        layers = analysed(source(project(**PLAIN, **more), "wide")).record["twin"]["layers"]  # type: ignore[typeddict-item]
        assert not any("paths" in layer for layer in layers)
    narrow = analysed(project(**PLAIN)).record["twin"]["layers"]  # type: ignore[typeddict-item]
    assert not any("paths" in layer for layer in narrow)
