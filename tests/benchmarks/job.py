"""The whole of VGG16, added up from an analysis of some filters of every layer."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from time import process_time
from typing import Any

import torch

from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.run.plan import resolve
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages import photos
from mkdocs_lurk.run.stages import responses as mining
from mkdocs_lurk.run.stages import synthesis as synthesising
from mkdocs_lurk.run.stages import verification as verifying
from mkdocs_lurk.store import Store
from tests.benchmarks import gradients
from tests.benchmarks.clock import in_turns
from tests.benchmarks.rows import Row
from tests.benchmarks.setting import Setting, opened

SAMPLE = synthesising.FILTERS
_PICTURES, _STEPS = 1000, 32
_MOST_CPU_S = 3200.0


@dataclass
class Meter:
    """Notes the CPU-seconds of every unit of an analysis, by stage, in the order in which they are done."""

    spent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    last: float = field(default_factory=process_time)

    def plan(self, costs: dict[str, float]) -> None:
        """Begin anew: what came before is no unit's."""
        self.last = process_time()

    def advance(self, stage: str, cost: float, seconds: float) -> None:
        """Note one unit."""
        now = process_time()
        self.spent[stage].append(now - self.last)
        self.last = now

    def close(self) -> None:
        """Do nothing."""


def sampled(setting: Setting) -> tuple[Meter, str]:
    """Analyse some filters of every layer of VGG16, once for all rows; returns what it took, and the record's key."""
    if "job" not in setting.memory:
        config = setting.vgg("sample", filters=SAMPLE, synthesis={"steps": _STEPS})
        store, meter = Store(config.cache_dir), Meter()
        resolve(config, store)
        setting.memory["job"] = meter, analyze(config, config.models[0], store, meter)
    found: tuple[Meter, str] = setting.memory["job"]
    return found


def measure(setting: Setting) -> list[Row]:
    """Every stage, scaled by its pictures or filters."""
    meter, _ = sampled(setting)
    session = opened(setting.vgg("sample", filters=SAMPLE, synthesis={"steps": _STEPS}))
    seen = len(session.images.entries)
    pairs = gradients.sampled(setting)
    stages = {
        "mining": sum(meter.spent[mining.STAGE]) / seen * _PICTURES,
        "gradients": (pairs.pair_s + pairs.encode_s) * gradients.FILTERS * 2 * gradients.TOP_K,
        "photos": sum(meter.spent[photos.STAGE]) / seen * _PICTURES,
        "synthesis": _over_layers(session, meter.spent[synthesising.STAGE]),
        "verifying": _verifying(session, meter.spent[verifying.STAGE], seen),
    }  # fmt: skip
    total = sum(stages.values())
    forward = _forward_s(session)
    each = ", ".join(f"{name} {value:,.0f}" for name, value in stages.items())
    return [
        Row(
            "whole job",
            f"VGG16 in full (4,224 filters, 1,000 photos, {_STEPS} steps), added up from "
            f"{SAMPLE} filters of each layer and {seen} photos",
            f"at most {_MOST_CPU_S:,.0f} CPU-seconds",
            f"{total:,.0f} CPU-seconds ({each}); {total / forward:,.0f} plain forwards of {forward:.2f} s",
            total <= _MOST_CPU_S,
            {"stages": stages, "total": total, "forward_s": forward, "pretrained": setting.weights is not None},
        )
    ]


def _over_layers(session: Session, units: list[float]) -> float:
    per_layer = len(units) // len(session.layers)
    return sum(
        sum(units[n * per_layer : (n + 1) * per_layer]) * layer.filters / SAMPLE
        for n, layer in enumerate(session.layers)
    )


def _verifying(session: Session, units: list[float], seen: int) -> float:
    pictures = -(-seen // 32)
    of_photos, of_syntheses = sum(units[:pictures]), units[pictures:]
    return of_photos / seen * _PICTURES + (_over_layers(session, of_syntheses) if of_syntheses else 0.0)


def _forward_s(session: Session) -> float:
    x, module = session.pictures.tensor([0]), session.probe.module.to(memory_format=torch.contiguous_format)

    def forward() -> Any:
        with torch.inference_mode():
            return module(x)

    return min(one["forward"] for one in in_turns({"forward": forward}, 5))
