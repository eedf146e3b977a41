"""Foretell how long an analysis will take on this machine and how much it will store, from a trial of a few seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from mkdocs_lurk.analysis import responses as activations
from mkdocs_lurk.analysis.gradients.requests import GradientRequest
from mkdocs_lurk.analysis.responses import Mined
from mkdocs_lurk.analysis.synthesis.synthesise import Recipe, synthesise
from mkdocs_lurk.config.options import LurkConfig, ModelConfig
from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.webp import encode_picture
from mkdocs_lurk.run.pipeline import open_session
from mkdocs_lurk.run.plan import state_of
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Session, WorkUnit
from mkdocs_lurk.run.stages import gradients as projecting
from mkdocs_lurk.run.stages import photos
from mkdocs_lurk.run.stages import responses as mining
from mkdocs_lurk.run.stages import synthesis as synthesising
from mkdocs_lurk.run.stages.responses import Findings
from mkdocs_lurk.store.store import Store

_PICTURES, _LAYERS, _FILTERS, _PAIRS = 8, 3, 32, 6
_PASS, _CPU_PASS = 8, 2
_EARLY, _LATE = 6, 2
_RECORD_BYTES, _CLASS_BYTES, _WIRE_BYTES = 3000, 60, 200


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an analysis still takes.

    Attributes:
        left_s: Seconds for what is missing, by stage.
        stored_bytes: The size of all results, when they are complete.
    """

    left_s: dict[str, float]
    stored_bytes: float

    @property
    def total_s(self) -> float:
        """Seconds for all that is missing."""
        return sum(self.left_s.values())


@dataclass(frozen=True, slots=True)
class Ascent:
    """What a picture made by gradient ascent takes, in seconds.

    Attributes:
        small_s: A step on the small canvas; none where the layer has none.
        full_s: A step at full size.
        rest_s: What comes before and after, and the verification.
    """

    small_s: float
    full_s: float
    rest_s: float

    def seconds(self, steps: int) -> float:
        """A whole ascent."""
        early = Recipe(steps=steps).turn
        return self.rest_s + early * self.small_s + (steps - early) * self.full_s


@dataclass(frozen=True, slots=True)
class Trial:
    """What a few pictures and filters took; lists are by layer, in the order of the session's.

    Attributes:
        look_s: For a picture, to decode it and look at it.
        keep_s: For a picture, to encode it.
        keep_bytes: Its size.
        pass_s: For a picture's forward pass, from which gradients are taken.
        pair_s: For a pair of a filter and a picture.
        pair_bytes: The size of a pair's gradient.
        ascents: For a filter's gradient ascent.
    """

    look_s: float
    keep_s: float
    keep_bytes: float
    pass_s: float
    pair_s: list[float]
    pair_bytes: list[float]
    ascents: list[Ascent]


def estimate(config: LurkConfig, model: ModelConfig, store: Store) -> Estimate:
    """Estimate what the analysis of a model still takes; nothing for one that is complete.

    Raises:
        LurkError: The network or its pictures cannot be loaded.
    """
    state = state_of(config, model, store)
    if state.key is not None:
        return Estimate({}, 0.0)
    session, *_ = open_session(config, model, store, SilentProgress(), Ranks())
    trial = _try(session)
    shards = mining.shards(session)
    missing = [unit for unit in shards if not store.has(unit.key)]
    left = {mining.STAGE: trial.look_s * _items(missing)}
    if missing:
        left |= _all_to_do(session, trial)
    else:
        left |= _some_to_do(session, trial, mining.merge(session, shards))
    return Estimate(left, _size(session, trial, len(shards)))


def _all_to_do(session: Session, trial: Trial) -> dict[str, float]:
    """The stages that follow mining, before it is known which pictures they are about."""
    pairs = [count * 2 * session.config.top_k for count in _filters(session)]
    return {
        projecting.STAGE: sum(count * seconds for count, seconds in zip(pairs, trial.pair_s, strict=True))
        + min(len(session.images.entries), sum(pairs)) * trial.pass_s,
        photos.STAGE: trial.keep_s * _shown(session),
        synthesising.STAGE: sum(
            _synthesis_s(session, trial, number, count) for number, count in enumerate(_syntheses(session))
        ),
        "verifying scores": trial.look_s * _shown(session),
    }


def _some_to_do(session: Session, trial: Trial, findings: Findings) -> dict[str, float]:
    """The same where all pictures were looked at: the units are known, and which of them are stored."""

    def missing(units: Sequence[WorkUnit]) -> list[WorkUnit]:
        return [unit for unit in units if not session.store.has(unit.key)]

    number = {layer.name: at for at, layer in enumerate(session.layers)}
    projections = projecting.Projections(session, findings)
    left = [projections.ranked[place] for unit in missing(projections.units) for place in unit.items]
    kept = _items(missing(photos.units(session, findings)))
    return {
        projecting.STAGE: sum(trial.pair_s[number[pair.layer]] for pair in left)
        + len({pair.image for pair in left}) * trial.pass_s,
        photos.STAGE: trial.keep_s * kept,
        synthesising.STAGE: sum(
            _synthesis_s(session, trial, number[unit.layer], len(unit.items))
            for unit in missing(synthesising.units(session, synthesising.Averages.of(session, findings)))
        ),
        "verifying scores": trial.look_s * kept,
    }


def _size(session: Session, trial: Trial, n_shards: int) -> float:
    n_filters, k = sum(layer.filters for layer in session.layers), session.config.top_k
    n_classes = len(session.images.labels)
    mined = n_filters * (32 * k + 16 * n_classes + 4)
    responses = 8 * n_filters * min(len(session.images.entries), 10_000)
    shown = _filters(session)
    gradients = sum(2 * k * count * size for count, size in zip(shown, trial.pair_bytes, strict=True))
    pictures = trial.keep_bytes * (_shown(session) + sum(_syntheses(session)))
    records = sum(shown) * (_RECORD_BYTES + 2 * k * _WIRE_BYTES + 2 * n_classes * _CLASS_BYTES)
    return n_shards * mined + responses + gradients + pictures + records


def _synthesis_s(session: Session, trial: Trial, number: int, count: int) -> float:
    steps = session.config.synthesis.steps if session.config.synthesis else 0
    return -(-count // _PASS) * _PASS * trial.ascents[number].seconds(steps) if count else 0.0


def _filters(session: Session) -> list[int]:
    return [len(session.config.chosen_filters(layer.name, layer.filters)) for layer in session.layers]


def _syntheses(session: Session) -> list[int]:
    return [len(session.config.synthesis_filters(layer.name, layer.filters)) for layer in session.layers]


def _shown(session: Session) -> int:
    """How many pictures will be kept."""
    n_images = len(session.images.entries)
    if n_images <= photos.ALL_UP_TO:
        return n_images
    return min(n_images, sum(_filters(session)) * 2 * session.config.top_k)


def _items(units: Sequence[WorkUnit]) -> int:
    return sum(len(unit.items) for unit in units)


def _try(session: Session) -> Trial:
    spaced = range(0, len(session.images.entries), max(1, len(session.images.entries) // _PICTURES))[:_PICTURES]
    began = perf_counter()
    ids, x, _ = next(session.pictures.batches(spaced, _PICTURES))
    decode_s = (perf_counter() - began) / len(spaced)
    if not ids:
        raise ImageError(f"{session.config.images}: not one of {len(spaced)} pictures that were tried could be read")
    activations.respond(session.probe, session.placed(x[:1]))  # what happens once should not count
    began = perf_counter()
    by_layer, _ = activations.respond(session.probe, session.placed(x))
    look_s = (perf_counter() - began) / len(ids)
    found = mining.side_by_side([by_layer[layer.name] for layer in session.layers])
    labels = mining.labels_of(session, ids)
    mined = Mined.of(found, np.array(ids), labels, len(session.images.labels), session.config.top_k)
    findings = Findings(mined, np.array(ids), {}, {}, 0, ())
    began = perf_counter()
    sizes = [len(encode_picture(session.pictures.pixels(image))) for image in ids]
    keep_s = (perf_counter() - began) / len(ids)
    costs = np.cumsum([layer.macs for layer in session.layers]).astype(float)
    last = len(session.layers) - 1
    tried = sorted({round((n + 0.5) / _LAYERS * last) if n < _LAYERS - 1 else last for n in range(_LAYERS)})
    pass_s, projected = _try_projecting(session, findings, tried)
    pair_s, pair_bytes = (_between(costs, tried, [one[column] for one in projected]) for column in range(2))
    ascents = [Ascent(0.0, 0.0, 0.0)] * len(costs)
    if any(_syntheses(session)):
        rest_s = look_s * costs / costs[-1] + keep_s
        tries = [_try_synthesis(session, findings, number, float(rest_s[number])) for number in tried]
        columns = [_between(costs, tried, values) for values in zip(*tries, strict=True)]
        ascents = [Ascent(*values) for values in zip(*columns, strict=True)]
    return Trial(decode_s + look_s, keep_s, float(np.mean(sizes)), pass_s, pair_s, pair_bytes, ascents)


def _try_projecting(
    session: Session, findings: Findings, tried: Sequence[int]
) -> tuple[float, list[tuple[float, float]]]:
    """Seconds for a picture's forward pass; for each layer that is tried, seconds and bytes a pair."""
    image, names = int(findings.kept[0]), [layer.name for layer in session.layers]

    def some(number: int, n_pairs: int) -> list[GradientRequest]:
        filters = session.config.chosen_filters(names[number], session.layers[number].filters)[:_FILTERS]
        ranked = projecting.ranked_pictures(session, findings, names[number], filters)
        own = sorted((picture for picture in ranked if picture.image == image), key=lambda picture: picture.rank)
        return [picture.request for picture in own[:n_pairs]]

    bare = next((requests for number in range(len(names)) if (requests := some(number, 1))), [])
    if not bare:
        return 0.0, [(0.0, 0.0)] * len(tried)
    bare = [replace(bare[0], position=None)]
    engine = projecting.engine_of(session)
    list(engine.compute(bare))  # what happens once should not count
    pass_s = _seconds(lambda: list(engine.compute(bare)))
    found = []
    for number in tried:
        requests = some(number, _PAIRS)
        list(engine.compute(requests))
        began = perf_counter()
        gradients = (result.gradient for _, result in engine.compute(requests))
        done = [projecting.encoded(gradient) for gradient in gradients if gradient is not None]
        spent = perf_counter() - began - pass_s
        count = max(1, len(requests))
        found.append((max(spent, 0.0) / count, sum(map(len, done)) / count))
    return pass_s, found


def _try_synthesis(session: Session, findings: Findings, number: int, after_s: float) -> tuple[float, float, float]:
    """Seconds a filter for a step on the small canvas, for one at full size, and the rest, ``after_s`` included."""
    layer, transform = session.layers[number], session.pictures.transform
    averages = synthesising.Averages(session.pictures, tuple(findings.kept.tolist()), ()).statistics
    at_once = _CPU_PASS if session.device.type == "cpu" else _PASS

    def make(early: int, late: int) -> float:
        recipe = Recipe(steps=early + late, early=early / (early + late), least_late=late)
        began = perf_counter()
        synthesise(
            session.probe,
            layer.name,
            [0],
            mean=transform.mean,
            std=transform.std,
            size=(transform.channels, transform.height, transform.width),
            statistics=averages,
            recipe=recipe,
            fast=session.fast,
            batch=at_once,
        )
        return (perf_counter() - began) / at_once

    make(_EARLY, 1)  # what happens once should not count
    one, some, all_ = make(0, 1), make(0, _LATE), make(_EARLY, _LATE)
    full = max(0.0, some - one) / (_LATE - 1)
    return max(0.0, all_ - some) / _EARLY, full, max(0.0, one - full) + after_s


def _seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _between(costs: np.ndarray, tried: Sequence[int], values: Sequence[float]) -> list[float]:
    """Values for every layer, by straight lines over the cost of running the network as far as it."""
    return [float(value) for value in np.interp(costs, costs[list(tried)], values)]
