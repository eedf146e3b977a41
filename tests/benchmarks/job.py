"""The cost of the whole of VGG16, extrapolated from an analysis of some filters of every layer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from time import process_time

import torch

from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.run.plan import resolve
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.photos import Photos
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.stages.synthesis import Syntheses
from mkdocs_lurk.run.stages.verification import Verification
from mkdocs_lurk.run.work import Sizes
from mkdocs_lurk.store import Store
from tests.benchmarks import gradients
from tests.benchmarks.cpu_time import interleaved
from tests.benchmarks.rows import Row
from tests.benchmarks.workspace import Workspace, open_first_model

SAMPLE = Sizes().syntheses
_PICTURES, _STEPS = 1000, 32
_MOST_CPU_S = 3200.0


@dataclass
class Meter:
    """Records the CPU-seconds of every unit of an analysis, by stage, in the order in which they are done."""

    spent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    last: float = field(default_factory=process_time)

    def plan(self, costs: dict[str, float]) -> None:
        """Restart the clock: the time so far belongs to no unit."""
        self.last = process_time()

    def advance(self, stage: str, cost: float, seconds: float) -> None:
        """Record one unit."""
        now = process_time()
        self.spent[stage].append(now - self.last)
        self.last = now

    def close(self) -> None:
        """Do nothing."""


def sampled(workspace: Workspace) -> tuple[Meter, str]:
    """Analyse some filters of every layer of VGG16, once for all rows; return the times and the record's key."""
    if "job" not in workspace.shared:
        config = workspace.vgg("sample", filters=SAMPLE, synthesis={"steps": _STEPS})
        store, meter = Store(config.cache_dir), Meter()
        resolve(config, store)
        workspace.shared["job"] = meter, analyze(config, config.models[0], store, meter)
    sample: tuple[Meter, str] = workspace.shared["job"]
    return sample


def measure(workspace: Workspace) -> list[Row]:
    """Scale the cost of every stage by the number of its pictures or filters."""
    meter, _ = sampled(workspace)
    session = open_first_model(workspace.vgg("sample", filters=SAMPLE, synthesis={"steps": _STEPS}))
    n_photos = len(session.images.entries)
    pairs = gradients.sampled(workspace)
    stages = {
        "responses": sum(meter.spent[Responses.name]) / n_photos * _PICTURES,
        "gradients": (pairs.pair_s + pairs.encode_s) * gradients.FILTERS * 2 * gradients.TOP_K,
        "photos": sum(meter.spent[Photos.name]) / n_photos * _PICTURES,
        "synthesis": _scaled_by_layer(session, meter.spent[Syntheses.name]),
        "verifying": _verification_s(session, meter.spent[Verification.name], n_photos),
    }  # fmt: skip
    total = sum(stages.values())
    forward = _forward_s(session)
    described = ", ".join(f"{name} {value:,.0f}" for name, value in stages.items())
    return [
        Row(
            "whole job",
            f"VGG16 in full (4,224 filters, 1,000 photos, {_STEPS} steps), added up from "
            f"{SAMPLE} filters of each layer and {n_photos} photos",
            f"at most {_MOST_CPU_S:,.0f} CPU-seconds",
            f"{total:,.0f} CPU-seconds ({described}); {total / forward:,.0f} plain forwards of {forward:.2f} s",
            total <= _MOST_CPU_S,
            {"stages": stages, "total": total, "forward_s": forward, "pretrained": workspace.weights is not None},
        )
    ]


def _scaled_by_layer(session: Session, units: list[float]) -> float:
    """Scale the CPU-seconds of units, which are ordered by layer, to all filters of each layer."""
    per_layer = len(units) // len(session.layers)
    return sum(
        sum(units[n * per_layer : (n + 1) * per_layer]) * layer.filters / SAMPLE
        for n, layer in enumerate(session.layers)
    )


def _verification_s(session: Session, units: list[float], n_photos: int) -> float:
    """Scale the CPU-seconds of verification: units of photos, then units of syntheses."""
    n_units = -(-n_photos // Sizes().photos)
    photos_s, syntheses = sum(units[:n_units]), units[n_units:]
    return photos_s / n_photos * _PICTURES + (_scaled_by_layer(session, syntheses) if syntheses else 0.0)


def _forward_s(session: Session) -> float:
    """Return the CPU-seconds of a plain forward pass of one picture."""
    x, module = session.pictures.tensor([0]), session.network.probe.module.to(memory_format=torch.contiguous_format)

    def forward() -> object:
        with torch.inference_mode():
            return module(x)

    return min(one["forward"] for one in interleaved({"forward": forward}, 5))
