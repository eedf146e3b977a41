"""A detector within a network normalises its own input: a transform that does, too, is refused, and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.transform import TransformSpec
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.tracing.trace import trace_network
from mkdocs_lurk.run.second_normalisation import refuse_second_normalisation

HALF, PLAIN = (TransformSpec(None, None, (mean,) * 3, (std,) * 3, 3) for mean, std in ((0.5, 0.5), (0.0, 1.0)))


class Wrapped(nn.Module):
    """The part of a detector that matters: it takes a list of pictures, and its own transform comes first."""

    def __init__(self, prepare: Callable[[Tensor], Tensor], std: float, runs: bool) -> None:
        super().__init__()
        self.transform = GeneralizedRCNNTransform(16, 20, [0.0] * 3, [std] * 3)
        self.first = nn.Conv2d(3, 2, 3)
        self.prepare, self.runs = prepare, runs

    def forward(self, x: Tensor) -> Tensor:
        x = self.prepare(x)
        return self.first(self.transform(list(x))[0].tensors if self.runs else x)


def passed_on(x: Tensor) -> Tensor:
    return x.flip(1).contiguous()


@pytest.mark.parametrize(
    ("prepare", "own_std", "runs", "transform", "is_refused"),
    [
        (passed_on, 0.25, True, HALF, True),
        (passed_on, 0.25, True, "imagenet", True),
        (passed_on, 0.25, True, PLAIN, False),
        (passed_on, 0.25, True, "own.py:transform", False),
        (passed_on, 1.0, True, HALF, False),
        (passed_on, 0.25, False, HALF, False),
        (lambda x: x * 0.5 + 0.5, 0.25, True, HALF, False),
    ],
)
def test_a_second_normalisation_is_refused(
    prepare: Callable[[Tensor], Tensor], own_std: float, runs: bool, transform: Any, is_refused: bool
) -> None:
    module = Wrapped(prepare, own_std, runs).eval()
    trace = trace_network(module, torch.zeros(1, 3, 16, 16))
    config = ModelConfig(name="n", title="", source="", images="", root=Path(), transform=transform)
    if not is_refused:
        refuse_second_normalisation(module, trace, config)
        return
    with pytest.raises(ModelError, match="normalised twice, by the transform and by 'transform' of a detector"):
        refuse_second_normalisation(module, trace, config)
