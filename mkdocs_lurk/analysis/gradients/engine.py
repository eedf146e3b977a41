from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch


@dataclass(frozen=True)
class GradientRequest:
    image: int
    layer: str
    filter: int
    position: Any


@dataclass
class GradientResult:
    gradient: Any
    box: Any = None
    field_box: Any = None
    grad_box: Any = None
    field: Any = None
    energy: Any = None


class GradientEngine:
    def __init__(self, network, rule, load, limit_batch):
        from mkdocs_lurk.run.projector import Projector

        s = SimpleNamespace(
            probe=network.probe,
            fast=network.fast_probe,
            fast_dtype=network.fast_dtype,
            dtype=torch.float32,
            config=SimpleNamespace(gradient=rule),
            batch=limit_batch,
            size=network.input_size[1:],
            fields=network.fields,
            layers=network.layers,
            placed=lambda x: x.to(network.device, torch.float32),
            device=network.device,
            pictures=SimpleNamespace(
                tensor=load,
                transform=SimpleNamespace(
                    channels=network.input_size[0], height=network.input_size[1], width=network.input_size[2]
                ),
            ),
        )
        self.s = s
        self.p = Projector(s)

    def compute(self, requests):
        from mkdocs_lurk.names import Box
        from mkdocs_lurk.run.pairs import Pair

        pairs = []
        for r in requests:
            sees = None if r.position is None else self.s.fields[r.layer].box(*r.position, r.filter)
            pairs.append(Pair(r.layer, r.filter, 0, r.image, 0.0, r.position, sees))
        at = {id(p): i for i, p in enumerate(pairs)}
        for p in self.p.project(pairs):
            b = lambda k: Box(*p.facts[k]) if k in p.facts else None
            yield (
                at[id(p)],
                GradientResult(
                    p.gradient, b("box"), b("field_box"), b("grad_box"), p.facts.get("field"), p.facts.get("energy")
                ),
            )
