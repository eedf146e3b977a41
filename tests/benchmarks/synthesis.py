"""The scores of syntheses against those of the usual feature visualisation at the network's input size."""

from __future__ import annotations

import copy
import statistics
from typing import Any

import torch
from torch import Tensor

from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings, Quality, repeats_half_size, steps_within
from mkdocs_lurk.analysis.synthesis.synthesise import synthesise
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.run.session import Session
from tests.benchmarks import baseline
from tests.benchmarks.cpu_time import cpu_seconds, cpu_timer
from tests.benchmarks.rows import Row
from tests.benchmarks.workspace import DEMO, Workspace, open_first_model

_FILTERS = {
    "features.3.expand3x3": (0, 1),
    "features.6.expand3x3": (0, 1),
    "features.9.expand3x3": (0, 1),
    "features.12.expand3x3": (0, 1),
}
_TARGETS: dict[Quality, tuple[float, int]] = {"quick": (0.4, 8), "default": (1.0, 45), "best": (1.0, 90)}
"""The median share of the baseline's score, and the forward passes that a filter may cost."""
_TRIES = 5


def measure(workspace: Workspace) -> list[Row]:
    """Two filters each of four layers of SqueezeNet 1.1, with its trained weights, in every quality."""
    declared = {
        "name": "squeezenet",
        "source": "torchvision:squeezenet1_1",
        "weights": str(DEMO / "squeezenet1_1.safetensors"),
        "images": str(DEMO / "photos"),
    }
    session = open_first_model(
        from_mapping({"models": [declared], "device": "cpu", "cache_dir": "cache"}, workspace.folder)
    )
    pixels = torch.stack([torch.from_numpy(session.pictures.pixels(n)).movedim(-1, 0) / 255 for n in range(100)])
    averages = ImageStatistics.of(pixels)
    goals, goal_forwards = _baseline(session)
    return [_row(session, averages, quality, goals, goal_forwards) for quality in _TARGETS]


def _row(
    session: Session, averages: ImageStatistics, quality: Quality, goals: dict[tuple[str, int], float], usual: float
) -> Row:
    found = [one for layer in _FILTERS for one in _layer(session, averages, quality, layer)]
    shares = [one["score"] / goals[one["layer"], one["filter"]] for one in found]
    least, most_forwards = _TARGETS[quality]
    median, forwards = statistics.median(shares), statistics.mean(one["forwards"] for one in found)
    robust = [statistics.median(one[kind] for one in found) for kind in ("shift8", "scale10")]
    return Row(
        "synthesis",
        f"SqueezeNet 1.1, {len(found)} filters of four layers, quality {quality}: the score, as a share of what 512 "
        f"steps of the usual recipe reach at 224 px ({usual:,.0f} forwards a filter)",
        f"at least {least:g}, median, at no more than {most_forwards} plain float32 forwards a filter",
        f"{median:.2f}, median, lowest {min(shares):.2f}, at {forwards:.0f} forwards; {robust[0]:.2f} of it is left "
        f"after a shift by 8 px, {robust[1]:.2f} after an enlargement by 10 %",
        median >= least and forwards <= most_forwards,
        {"filters": [{**one, "share": share} for one, share in zip(found, shares, strict=True)]},
    )


def _layer(session: Session, averages: ImageStatistics, quality: Quality, layer: str) -> list[dict[str, Any]]:
    """Make the pictures of a layer's filters."""
    transform, network, filters = session.pictures.transform, session.network, _FILTERS[layer]
    steps = steps_within(quality, network.macs_up_to[layer] / max(network.macs_up_to.values()))
    settings = AscentSettings(steps=steps, half_size=repeats_half_size(quality))
    forward_s = _forward_seconds(session)
    with cpu_timer() as spent:
        syntheses = synthesise(
            network.probe,
            layer,
            filters,
            mean=transform.mean,
            std=transform.std,
            size=(transform.channels, transform.height, transform.width),
            statistics=averages,
            settings=settings,
            fast=network.fast_probe,
            batch=len(filters),
        )
    return [
        {
            "layer": layer,
            "filter": index,
            "steps": steps,
            "score": made.score,
            "forwards": spent.seconds / len(filters) / forward_s,
            "shift8": made.robust_shift8 / made.score,
            "scale10": made.robust_scale10 / made.score,
        }
        for index, made in zip(filters, syntheses, strict=True)
    ]


def _baseline(session: Session) -> tuple[dict[tuple[str, int], float], float]:
    """Return the scores of the baseline's pictures as stored, and the forward passes that one takes."""
    transform = session.pictures.transform
    mean, std = (torch.tensor(values)[:, None, None] for values in (transform.mean, transform.std))

    def normalised(pictures: Tensor) -> Tensor:
        return (pictures - mean) / std

    plain = copy.deepcopy(session.network.probe.module)
    scores, forward_s = dict[tuple[str, int], float](), _forward_seconds(session)
    with cpu_timer() as spent:
        for layer, filters in _FILTERS.items():
            for index in filters:
                picture = baseline.synthetic_picture(plain, layer, index, transform.height, normalised)
                stored = (picture * 255).round() / 255
                with torch.no_grad():
                    scores[layer, index] = float(session.network.probe.maps(normalised(stored), layer, [index]).mean())
    return scores, spent.seconds / len(scores) / forward_s


def _forward_seconds(session: Session) -> float:
    """Return the CPU-seconds of a plain forward pass of one picture, the best of several."""
    transform = session.pictures.transform
    x = torch.zeros(1, transform.channels, transform.height, transform.width)
    plain = copy.deepcopy(session.network.probe.module).to(memory_format=torch.contiguous_format)
    with torch.inference_mode():
        return min(cpu_seconds(lambda: plain(x)) for _ in range(_TRIES))
