from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from assets.demo.fashion import fashion_net
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.responses import respond
from mkdocs_lurk.analysis.synthesis.synthesise import ImageStatistics, Recipe, synthesise
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
def test_most_filters_prefer_their_synthesis_to_the_best_picture(layer: str, pictures: torch.Tensor) -> None:
    module = fashion_net().eval().requires_grad_(False)
    module.load_state_dict(load_file(DEMO / "fashion.safetensors"))
    probe = Probe.of(module, find_layers(trace_network(module, torch.zeros(1, 1, 28, 28)), EveryConvolution).layers)
    natural = respond(probe, (pictures - MEAN) / STD)[0][layer].means.max(0)
    chosen = list(range(16))
    made = synthesise(
        probe,
        layer,
        chosen,
        mean=(MEAN,),
        std=(STD,),
        size=(1, 28, 28),
        statistics=ImageStatistics.of(pictures),
        recipe=Recipe(steps=32),
    )
    better = [one.failed is None and one.score > natural[index] for one, index in zip(made, chosen, strict=True)]
    assert np.mean(better) > 0.8, list(zip(chosen, [one.score for one in made], natural[chosen], strict=True))
