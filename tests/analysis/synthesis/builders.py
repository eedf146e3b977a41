"""Syntheses of small networks' filters, and the slow and obvious measurement of their scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings
from mkdocs_lurk.analysis.synthesis.synthesise import Synthesis, synthesise
from tests.analysis.synthesis.pictures import smooth_clouds

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
FEW_STEPS = AscentSettings(steps=16)


def probe_of(module: nn.Module, size: tuple[int, int, int]) -> Probe:
    """A probe of all 2-D convolutions, their output shapes measured by hooks."""
    shapes: dict[str, tuple[int, int, int]] = {}

    def record_shape(name: str) -> Callable[..., None]:
        return lambda _module, _inputs, output: shapes.update({name: tuple(output.shape[1:])})

    handles = [
        part.register_forward_hook(record_shape(name))
        for name, part in module.named_modules()
        if isinstance(part, nn.Conv2d)
    ]
    with torch.no_grad():
        module(torch.zeros(1, *size))
    for handle in handles:
        handle.remove()
    return Probe(module, shapes)


def synthesised(
    module: nn.Module,
    layer: str,
    filters: Sequence[int],
    size: tuple[int, int, int] = (3, 32, 32),
    settings: AscentSettings = FEW_STEPS,
    seed: int = 0,
    batch: int = 16,
) -> list[Synthesis]:
    """Synthesise filters of a network for data of smooth clouds."""
    module.eval().requires_grad_(False)
    channels = size[0]
    return synthesise(
        probe_of(module, size),
        layer,
        filters,
        mean=(MEAN * 2)[:channels],
        std=(STD * 2)[:channels],
        size=size,
        statistics=ImageStatistics.of(smooth_clouds(*size)),
        settings=settings,
        seed=seed,
        batch=batch,
    )


def hooked_score(module: nn.Module, layer: str, index: int, synthesis: Synthesis) -> float:
    """The score of the stored bytes, measured by a plain hook."""
    channels = synthesis.pixels.shape[2]
    mean, std = (torch.tensor((values * 2)[:channels])[:, None, None] for values in (MEAN, STD))
    x = (torch.from_numpy(synthesis.pixels).permute(2, 0, 1).float() / 255 - mean) / std
    scores: list[float] = []
    handle = module.get_submodule(layer).register_forward_hook(
        lambda _module, _inputs, output: scores.append(float(output[0, index].mean()))
    )
    module(x[None])
    handle.remove()
    return scores[0]
