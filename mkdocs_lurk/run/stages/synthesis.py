"""Make, for a run of filters, the picture that excites each most."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings
from mkdocs_lurk.analysis.synthesis.synthesise import Synthesis, synthesise
from mkdocs_lurk.images.webp import encode_picture, pack_pixels
from mkdocs_lurk.run.session import Pictures, Session, WorkUnit, runs
from mkdocs_lurk.run.stages.responses import Findings

STAGE = "gradient ascent"
ALGORITHM = 2
FILTERS = 16
_SAMPLE = 256
_FEW = 8
_COST, _COST_A_STEP = 1.0, 0.15
"""Of a picture, and of each of its steps, in forward passes in float32 as far as its layer: most steps are small."""


def forecast(session: Session) -> float:
    """The cost of the whole stage, before anything is known of the pictures."""
    return sum(_cost(session, number, len(_filters(session, number))) for number in range(len(session.layers)))


@dataclass
class Averages:
    """What the model's own pictures look like, measured when it is first needed.

    Attributes:
        pictures: Where to find them.
        ids: Evenly spaced ones of those that can be read.
        digests: What their contents are known by.
    """

    pictures: Pictures
    ids: tuple[int, ...]
    digests: tuple[str, ...]

    @classmethod
    def of(cls, session: Session, findings: Findings) -> Averages:
        """Choose the pictures to measure."""
        n_images = len(session.images.entries)
        spaced = range(0, n_images, -(-n_images // _SAMPLE))
        ids = tuple(image for image in spaced if image not in findings.skipped)
        return cls(session.pictures, ids, tuple(session.picture_digests(ids)))

    @cached_property
    def statistics(self) -> ImageStatistics:
        """Their averages, as the network sees them."""
        pixels = [torch.from_numpy(self.pictures.pixels(image)).movedim(-1, 0) for image in self.ids]
        return ImageStatistics.of(torch.stack([one / 255 if one.dtype == torch.uint8 else one for one in pixels]))


def units(session: Session, averages: Averages) -> list[WorkUnit]:
    """The units of synthesis: runs of filters of a layer."""
    if session.config.synthesis is None:
        return []
    recipe, seed = _recipe(session).as_dict(), session.config.seed
    found = []
    for number, layer in enumerate(session.layers):
        for chosen in runs(_filters(session, number), FILTERS):
            what = [layer.name, list(chosen), recipe, seed, str(session.fast_dtype), list(averages.digests)]
            key = session.key("synthesise", ALGORITHM, *what)
            found.append(WorkUnit(key, _cost(session, number, len(chosen)), layer.name, chosen))
    return found


def synthesise_run(session: Session, averages: Averages, unit: WorkUnit) -> None:
    """Make and store the pictures of a run of filters."""
    transform = session.pictures.transform
    made = synthesise(
        session.probe,
        unit.layer,
        unit.items,
        mean=transform.mean,
        std=transform.std,
        size=(transform.channels, transform.height, transform.width),
        statistics=averages.statistics,
        settings=_recipe(session),
        seed=session.config.seed,
        fast=session.fast,
        batch=session.batch(_FEW if len(unit.items) <= _FEW else FILTERS),
    )
    blobs: dict[str, bytes] = {}
    facts: dict[str, Any] = {}
    for index, one in zip(unit.items, made, strict=True):
        if one.failed is not None:
            facts[str(index)] = {"failed": one.failed}
            continue
        blobs[str(index)] = encode_picture(one.pixels)
        if one.pixels.shape[2] not in (1, 3):
            blobs[f"{index}/exact"] = pack_pixels(one.pixels)
        facts[str(index)] = _facts(one)
    session.store.put(unit.key, {"layer": unit.layer, "filters": facts}, blobs)


def _facts(one: Synthesis) -> dict[str, Any]:
    """What is stored beside a picture; ``seen`` is its score on a clean pass, in the number format of the ascent."""
    return {
        "seen": one.score,
        "steps": one.steps,
        "seed": one.seed,
        "robust": {"shift8": float(f"{one.robust_shift8:.4g}"), "scale10": float(f"{one.robust_scale10:.4g}")},
    }


def _recipe(session: Session) -> AscentSettings:
    steps = session.config.synthesis.steps if session.config.synthesis else 0
    return AscentSettings(steps=steps)


def _filters(session: Session, number: int) -> tuple[int, ...]:
    layer = session.layers[number]
    return session.config.synthesis_filters(layer.name, layer.filters)


def _cost(session: Session, number: int, n_filters: int) -> float:
    steps = session.config.synthesis.steps if session.config.synthesis else 0
    return (_COST + _COST_A_STEP * steps) * session.depths[session.layers[number].name] * n_filters
