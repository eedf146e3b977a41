"""Estimate how long an analysis will take on this machine and how much it will store, from a trial of a few seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from mkdocs_lurk.analysis.responses import Responses, measure_responses, merge_all
from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.config.options import LurkConfig, ModelConfig
from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.webp import encode_picture
from mkdocs_lurk.named_warnings import WarningRecord
from mkdocs_lurk.run.findings import Findings
from mkdocs_lurk.run.live_limits import refusal
from mkdocs_lurk.run.pictures import Pictures
from mkdocs_lurk.run.plan import state_of
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.record_trial import seconds_of_records
from mkdocs_lurk.run.session import Session, open_session
from mkdocs_lurk.run.stages import list_stages
from mkdocs_lurk.run.stages.responses import join_layers, summarise_batch
from mkdocs_lurk.run.stopwatch import Clocks, Stopwatch
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.store.store import Store

RECORDS = "writing records"
"""What the estimate calls the work of the pipeline when all stages are complete."""
_PICTURES, _LAYERS = 8, 3
_LIMIT_S = 17.0
"""Of elapsed time; importing PyTorch, and a last try that takes longer than foreseen, fit into the rest of 20 s."""
_SHARE = 0.25
"""Of the time that is left when the network is loaded, for the pictures."""
_FILTER_BYTES, _CLASS_BYTES, _PAIR_BYTES = 3000, 60, 200
"""Of the JSON records: for each filter, for each class of a filter, for each pair of a filter and a picture."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an analysis still takes.

    Attributes:
        seconds_left: Elapsed time on a machine that does nothing else, for what is missing, by the name of the stage;
            the last is ``RECORDS``.
        stored_bytes: The size of all results, when they are complete.
        busy: What shows that the machine is busy; None if it is not.
        opening_s: How long it took to load the network and to rehearse its analysis.
        warnings: What may mislead in the results, as far as it is known before an analysis.
        not_live: Why the network does not run in browsers, as far as that is known before; None if it does.
    """

    seconds_left: dict[str, float]
    stored_bytes: float
    busy: str | None = None
    opening_s: float = 0.0
    warnings: tuple[WarningRecord, ...] = ()
    not_live: str | None = None

    @property
    def total_s(self) -> float:
        """Seconds for all that is missing."""
        return sum(self.seconds_left.values())


def estimate(config: LurkConfig, model: ModelConfig, store: Store, clocks: Clocks | None = None) -> Estimate:
    """Estimate what the analysis of a model still takes; nothing for one that is complete.

    It takes up to 20 s, unless it takes longer to load the network, to rehearse its analysis and to try one picture.

    Raises:
        LurkError: The network or its pictures cannot be loaded.
    """
    if state_of(config, model, store).key is not None:
        return Estimate({}, 0.0)
    watch = Stopwatch(_LIMIT_S, clocks)
    session = open_session(config, model, store, SilentProgress(), Ranks())
    opening_s = watch.elapsed_s
    watch.by_cpu = session.network.device.type == "cpu"
    warnings = session.warnings_at_start
    stages = list_stages(session)
    for stage in stages:
        stage.complete = stage.ready and not session.runner.missing(stage)
    trial = try_pictures(session, watch)
    by_stage = {stage.name: stage.estimate(trial) for stage in stages}
    left = {name: own.seconds for name, own in by_stage.items()} | {RECORDS: seconds_of_records(session, trial)}
    n_filters = sum(len(session.filters(layer)) for layer in session.layers)
    record_bytes = _record_bytes(n_filters, len(session.images.labels), session.config.top_k)
    return Estimate(
        seconds_left=left,
        stored_bytes=record_bytes + sum(own.stored_bytes for own in by_stage.values()),
        busy=watch.describe_load(),
        opening_s=opening_s,
        warnings=tuple(warnings),
        not_live=None if session.config.live is None else refusal(session, session.config.live),
    )


def try_pictures(session: Session, watch: Stopwatch) -> Trial:
    """Read, run and encode a few pictures, fewer if time is short, and note the time.

    Raises:
        ImageError: None of them can be read.
    """
    ids, x = _read_spaced(session.pictures, session.config.images)
    with watch.share(_SHARE):
        decode_s = watch.best_of(lambda: session.pictures.read_all_anew(ids), in_parallel=False) / len(ids)
        run = _MeasuredPictures(session, ids, x)
        forward_s = watch.best_of(lambda: run(1, 1), tries=2)  # the first try does what happens once
        fitting = next((n for n in (len(ids), len(ids) // 2) if n and watch.has_time_for(n * forward_s)), 1)
        ids, batch = ids[:fitting], session.limit_batch(fitting) if fitting > 1 else 1
        if fitting > 1:
            forward_s = watch.best_of(lambda: run(fitting, batch)) / fitting
    joined = [join_layers([by_layer[layer.name] for layer in session.layers]) for by_layer in run.responses]
    summary = merge_all(
        summarise_batch(session.images, session.config.top_k, part, own)
        for part, own in zip(chunks(ids, batch), joined, strict=True)
    )
    encode_s, picture_bytes = _try_encoding(session.pictures, ids, watch)
    return Trial(
        images=tuple(ids),
        findings=Findings(summary, np.array(ids), {}, None),
        decode_s=decode_s,
        forward_s=forward_s,
        encode_s=encode_s,
        picture_bytes=picture_bytes,
        macs_up_to=tuple(session.network.macs_up_to.values()),
        layers=_layers_to_try(len(session.layers)),
        watch=watch,
    )


class _MeasuredPictures:
    """Responses of the first pictures read; ``responses`` holds those of the last call, a mapping by layer a batch."""

    def __init__(self, session: Session, ids: Sequence[int], x: torch.Tensor) -> None:
        self._session, self._ids, self._x = session, ids, x
        self.responses: list[dict[str, Responses]] = []

    def __call__(self, count: int, batch: int) -> None:
        session = self._session
        parts = torch.split(session.to_device(self._x[:count]), batch)
        named = chunks([session.images.name(image) for image in self._ids[:count]], batch)
        self.responses = [
            measure_responses(session.network.probe, part, names=names)[0]
            for part, names in zip(parts, named, strict=True)
        ]


def _read_spaced(pictures: Pictures, declared: str) -> tuple[Sequence[int], torch.Tensor]:
    """Read a few pictures, spread evenly through the ``declared`` set: their ids, and ``(n, c, h, w)``."""
    n_images = len(pictures.images.entries)
    spaced = range(0, n_images, max(1, n_images // _PICTURES))[:_PICTURES]
    ids, x, _ = next(pictures.batches(spaced, _PICTURES))
    if not ids:
        raise ImageError(
            f"{declared}: not one of {len(spaced)} pictures that were tried could be read; repair or replace them"
        )
    return ids, x


def _try_encoding(pictures: Pictures, images: Sequence[int], watch: Stopwatch) -> tuple[float, float]:
    """Return the seconds that it takes to encode a picture for the store, and its mean size in bytes."""
    encoded: list[bytes] = []
    pixels = [pictures.pixels(image) for image in images]
    spent_s = watch.best_of(lambda: encoded.extend(map(encode_picture, pixels)), in_parallel=False)
    return spent_s / len(images), float(np.mean([len(picture) for picture in encoded]))


def _layers_to_try(count: int) -> tuple[int, ...]:
    """Early, middle and last layers, by number."""
    last = count - 1
    inner = {round((number + 0.5) / _LAYERS * last) for number in range(_LAYERS - 1)}
    return tuple(sorted(inner | {last}))


def _record_bytes(n_filters: int, n_classes: int, top_k: int) -> float:
    """The size of the records of all layers."""
    return n_filters * (_FILTER_BYTES + 2 * top_k * _PAIR_BYTES + 2 * n_classes * _CLASS_BYTES)
