from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from assets.demo.fashion import fashion_net
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.responses import measure_responses
from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings
from mkdocs_lurk.analysis.synthesis.synthesise import synthesise
from mkdocs_lurk.models.tracing.layers import find_layers
from mkdocs_lurk.models.tracing.trace import trace_network
from tests.analysis.networks import EveryConvolution

DEMO = Path("assets/demo")
MEAN, STD = 0.286, 0.353


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    paths = sorted((DEMO / "fashion").rglob("*.png"))
    return torch.stack([torch.from_numpy(np.asarray(Image.open(path)).copy())[None].float() / 255 for path in paths])


@pytest.mark.parametrize("layer", ["stem", "widen", "refine.second", "top"])
def test_most_syntheses_score_above_the_best_picture(layer: str, pictures: torch.Tensor) -> None:
    module = fashion_net().eval().requires_grad_(False)
    module.load_state_dict(load_file(DEMO / "fashion.safetensors"))
    probe = Probe.of(module, find_layers(trace_network(module, torch.zeros(1, 1, 28, 28)), EveryConvolution).layers)
    best = measure_responses(probe, (pictures - MEAN) / STD)[0][layer].means.max(0)
    filters = list(range(16))
    syntheses = synthesise(
        probe,
        layer,
        filters,
        mean=(MEAN,),
        std=(STD,),
        size=(1, 28, 28),
        statistics=ImageStatistics.of(pictures),
        settings=AscentSettings(steps=32),
    )
    is_better = [one.failed is None and one.score > best[index] for one, index in zip(syntheses, filters, strict=True)]
    assert np.mean(is_better) > 0.8, list(zip(filters, [one.score for one in syntheses], best[filters], strict=True))
