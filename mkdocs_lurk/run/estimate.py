"""Estimate how long an analysis will take on this machine and how much it will store, from a trial of a few seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch

from mkdocs_lurk.analysis.responses import measure_responses, merge_all
from mkdocs_lurk.config.options import LurkConfig, ModelConfig
from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.webp import encode_picture
from mkdocs_lurk.run.findings import Findings
from mkdocs_lurk.run.plan import state_of
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Session, open_session
from mkdocs_lurk.run.stages import Stage, list_stages
from mkdocs_lurk.run.stages.responses import join_layers, summarise_batch
from mkdocs_lurk.run.trial import Trial, seconds
from mkdocs_lurk.run.work import chunks
from mkdocs_lurk.store.store import Store

_PICTURES, _LAYERS = 8, 3
_FILTER_BYTES, _CLASS_BYTES, _PAIR_BYTES = 3000, 60, 200
"""Of the JSON records: for each filter, for each class of a filter, for each pair of a filter and a picture."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an analysis still takes.

    Attributes:
        seconds_left: For what is missing, by the name of the stage.
        stored_bytes: The size of all results, when they are complete.
    """

    seconds_left: dict[str, float]
    stored_bytes: float

    @property
    def total_s(self) -> float:
        """Seconds for all that is missing."""
        return sum(self.seconds_left.values())


def estimate(config: LurkConfig, model: ModelConfig, store: Store) -> Estimate:
    """Estimate what the analysis of a model still takes; nothing for one that is complete.

    Raises:
        LurkError: The network or its pictures cannot be loaded.
    """
    if state_of(config, model, store).key is not None:
        return Estimate({}, 0.0)
    session = open_session(config, model, store, SilentProgress(), Ranks())
    stages = list_stages(session)
    for stage in stages:
        stage.complete = stage.ready and not session.runner.missing(stage)
    return estimate_stages(session, stages, try_pictures(session))


def estimate_stages(session: Session, stages: Sequence[Stage], trial: Trial) -> Estimate:
    """Ask every stage what it still takes."""
    by_stage = {stage.name: stage.estimate(trial) for stage in stages}
    left = {name: own.seconds for name, own in by_stage.items()}
    return Estimate(left, _record_bytes(session) + sum(own.stored_bytes for own in by_stage.values()))


def try_pictures(session: Session) -> Trial:
    """Read, run and encode a few pictures, and note the time.

    Raises:
        ImageError: None of them can be read.
    """
    n_images = len(session.images.entries)
    spaced = range(0, n_images, max(1, n_images // _PICTURES))[:_PICTURES]
    began = perf_counter()
    ids, x, _ = next(session.pictures.batches(spaced, _PICTURES))
    decode_s = (perf_counter() - began) / len(spaced)
    if not ids:
        raise ImageError(f"{session.config.images}: not one of {len(spaced)} pictures that were tried could be read")
    probe = session.network.probe
    measure_responses(probe, session.to_device(x[:1]))  # what happens once should not count
    began = perf_counter()
    batch = session.limit_batch(len(ids))
    responses = [measure_responses(probe, part)[0] for part in torch.split(session.to_device(x), batch)]
    forward_s = (perf_counter() - began) / len(ids)
    mined = merge_all(
        summarise_batch(session, part, join_layers([by_layer[layer.name] for layer in session.layers]))
        for part, by_layer in zip(chunks(ids, batch), responses, strict=True)
    )
    sizes: list[int] = []
    encode_s = seconds(lambda: sizes.extend(len(encode_picture(session.pictures.pixels(image))) for image in ids))
    return Trial(
        images=tuple(ids),
        findings=Findings(mined, np.array(ids), {}, {}, 0),
        decode_s=decode_s,
        forward_s=forward_s,
        encode_s=encode_s / len(ids),
        picture_bytes=float(np.mean(sizes)),
        macs_up_to=tuple(session.network.macs_up_to.values()),
        layers=_layers_to_try(len(session.layers)),
    )


def _layers_to_try(count: int) -> tuple[int, ...]:
    """Early, middle and last layers, by number."""
    last = count - 1
    inner = {round((number + 0.5) / _LAYERS * last) for number in range(_LAYERS - 1)}
    return tuple(sorted(inner | {last}))


def _record_bytes(session: Session) -> float:
    """The size of the records of all layers."""
    n_filters = sum(len(session.filters(layer)) for layer in session.layers)
    n_classes, k = len(session.images.labels), session.config.top_k
    return n_filters * (_FILTER_BYTES + 2 * k * _PAIR_BYTES + 2 * n_classes * _CLASS_BYTES)
