"""Project the best pictures of a run of filters back through the network, and find their crops."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mkdocs_lurk.analysis import crops, gradients
from mkdocs_lurk.analysis.crops import Window
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.topk import TopK
from mkdocs_lurk.images.encode import encode_picture, gradient_pixels
from mkdocs_lurk.run.mining import Findings
from mkdocs_lurk.run.session import Session, Unit, runs
from mkdocs_lurk.types import Box

STAGE = "gradients and crops"
ALGORITHM = 2
FILTERS = 16
_BATCH, _CPU_BATCH = 16, {torch.float32: 2, torch.bfloat16: 4}
"""Whole pictures a pass; on a processor, larger batches do not fit its caches."""
_TRIED, _TRUSTED = 3, 0.997
"""A run's short number format is tried on so many pictures, and given up where a cosine is lower."""
_QUALITY, _SMALL_PX = 60, 32 * 32
_MOST_COVERED = 0.8
_COST = 2.5
_CLOSE = {torch.float32: 1e-3, torch.bfloat16: 5e-2}


@dataclass(frozen=True, slots=True)
class Through:
    """The network in the number format that a run of filters is projected in.

    Attributes:
        batch: Whole pictures a pass.
    """

    probe: Probe
    dtype: torch.dtype
    batch: int


@dataclass
class Pair:
    """A filter and one of its best pictures.

    Attributes:
        position: The maximal unit's ``(y, x)``; none for a picture of ``top_avg``.
        score: What mining found.
        sees: The unit's exact field, not clipped; none where it has none.
        facts: What is stored of the pair, beside its gradient.
        gradient: ``(c, h, w)`` float32, of ``facts["grad_box"]`` or of the whole picture.
    """

    filter: int
    rank: int
    image: int
    score: float
    position: tuple[int, int] | None = None
    sees: Box | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    gradient: NDArray[np.float32] | None = None


def covers(session: Session, layer: str) -> bool:
    """Whether a layer's crops need effective boxes: its field has no box, or one that covers most of the picture."""
    known = session.fields[layer]
    if known.status != "exact":
        return True
    height, width = session.size
    return min(known.size[0], height) * min(known.size[1], width) > _MOST_COVERED * height * width


def forecast(session: Session) -> float:
    """The cost of the whole stage, before it is known which pictures it is about."""
    total, before = 0.0, 0.0
    for layer in session.layers:
        before += layer.macs
        n_filters = len(session.config.chosen_filters(layer.name, layer.filters))
        total += _COST * before * n_filters * 2 * session.config.top_k
    return total


def units(session: Session, findings: Findings) -> list[Unit]:
    """The units of projecting: runs of filters of a layer, with their best pictures."""
    found, cost = [], 0.0
    for layer in session.layers:
        cost += layer.macs
        for chosen in runs(session.config.chosen_filters(layer.name, layer.filters), FILTERS):
            pairs = [_identity(session, pair) for pair in pairs_of(session, findings, layer.name, chosen)]
            key = session.key("project", ALGORITHM, layer.name, session.config.gradient, str(session.fast_dtype), pairs)
            found.append(Unit(key, _COST * cost * len(pairs), layer.name, chosen))
    return found


def project_run(session: Session, findings: Findings, unit: Unit) -> None:
    """Compute and store the gradients and crops of a run of filters."""
    pairs = pairs_of(session, findings, unit.layer, unit.items)
    project_pairs(session, unit.layer, pairs)
    blobs: dict[str, bytes] = {}
    record: dict[str, dict[str, list[Any]]] = {}
    for pair in pairs:
        kind = "avg" if pair.position is None else "max"
        name = f"{pair.filter}/{kind}/{pair.rank}"
        if pair.gradient is not None:
            blobs[name] = encoded(pair.gradient)
            pair.facts["grad_size"] = [pair.gradient.shape[2], pair.gradient.shape[1]]
        record.setdefault(str(pair.filter), {"avg": [], "max": []})[kind].append(pair.facts)
    session.store.put(unit.key, {"layer": unit.layer, "filters": record}, blobs)


def project_pairs(session: Session, layer: str, pairs: Sequence[Pair], through: Through | None = None) -> None:
    """Compute the gradients of pairs of one layer, and what there is to say of them; see ``trusted``."""
    whole = [pair for pair in pairs if pair.position is None]
    maximal = [pair for pair in pairs if pair.position is not None]
    through = through or trusted(session, layer, whole)
    _whole_pictures(session, through, layer, whole)
    if covers(session, layer):
        _effective(session, through, layer, maximal)
    else:
        _windows(session, through, layer, maximal)


def encoded(gradient: NDArray[np.float32]) -> bytes:
    """Encode a gradient; small ones without loss, since they are shown enlarged."""
    small = gradient.shape[1] * gradient.shape[2] <= _SMALL_PX
    return encode_picture(gradient_pixels(gradient), None if small else _QUALITY)


def pairs_of(session: Session, findings: Findings, layer: str, filters: Iterable[int]) -> list[Pair]:
    """The best pictures of some filters of a layer, by both rankings."""
    first = session.spans[layer].start
    width = next(known.output[2] for known in session.layers if known.name == layer)
    pairs = []
    for index in filters:
        for rank, image, score, _ in _ranked(findings.mined.avg, first + index):
            pairs.append(Pair(index, rank, image, score))
        for rank, image, score, place in _ranked(findings.mined.max, first + index):
            position = divmod(place, width)
            pairs.append(Pair(index, rank, image, score, position, session.fields[layer].box(*position, index)))
    return pairs


def _ranked(best: TopK, column: int) -> list[tuple[int, int, float, int]]:
    """The pictures of one filter: rank, id, score and place, as far as there are any."""
    rows = zip(best.images[column], best.scores[column], best.places[column], strict=True)
    return [
        (rank, int(image), float(score), int(place)) for rank, (image, score, place) in enumerate(rows) if image >= 0
    ]


def _identity(session: Session, pair: Pair) -> list[Any]:
    """What a pair's bytes depend on beyond the network."""
    return [pair.filter, *session.picture_digests([pair.image]), list(pair.position or ())]


def trusted(session: Session, layer: str, pairs: Sequence[Pair]) -> Through:
    """Choose the number format: the short one where it gives the same pictures.

    Short numbers are equal where longer ones are not quite, and a pooling step may then take another pixel.

    Args:
        session: The model.
        layer: The layer's name.
        pairs: Filters and whole pictures, of which a few are projected in both formats.
    """
    exact, fast = (
        Through(probe, dtype, _CPU_BATCH[dtype] if session.device.type == "cpu" else _BATCH)
        for probe, dtype in ((session.probe, torch.float32), (session.fast, session.fast_dtype))
    )
    if fast.dtype == torch.float32:
        return exact
    for pair in pairs[:: max(1, len(pairs) // _TRIED)][:_TRIED]:
        x, rule = session.pictures.tensor([pair.image]), session.config.gradient
        found, wanted = (
            gradients.project(one.probe, session.placed(x, one.dtype), layer, [pair.filter], rule)[0].flatten()
            for one in (fast, exact)
        )
        if bool(wanted.any()) and not torch.cosine_similarity(found, wanted, 0) >= _TRUSTED:
            return exact
    return fast


def _whole_pictures(session: Session, through: Through, layer: str, pairs: Sequence[Pair]) -> None:
    """Project the spatial mean; pairs that share a picture stay together so that it is decoded once."""
    for batch in runs(
        sorted(range(len(pairs)), key=lambda i: (pairs[i].image, pairs[i].filter)), session.batch(through.batch)
    ):
        chosen = [pairs[number] for number in batch]
        x = session.placed(session.pictures.tensor([pair.image for pair in chosen]), through.dtype)
        found, _ = gradients.project(through.probe, x, layer, [pair.filter for pair in chosen], session.config.gradient)
        for pair, gradient in zip(chosen, found.cpu().numpy(), strict=True):
            pair.gradient = gradient


def _effective(session: Session, through: Through, layer: str, pairs: Sequence[Pair]) -> None:
    """Project single units through whole pictures, and box the most of their plain gradient's energy."""
    for batch in runs(range(len(pairs)), session.batch(through.batch)):
        chosen = [pairs[number] for number in batch]
        x = session.placed(session.pictures.tensor([pair.image for pair in chosen]), through.dtype)
        found, _, energies = gradients.project_with_energy(
            through.probe,
            x,
            layer,
            [pair.filter for pair in chosen],
            session.config.gradient,
            [pair.position or (0, 0) for pair in chosen],
        )
        for pair, gradient in zip(chosen, found.cpu().numpy(), strict=True):
            pair.gradient = gradient
        for pair, energy in zip(chosen, energies.cpu().numpy(), strict=True):
            box, share = crops.effective_box(energy)
            pair.facts |= {"box": box.as_list(), "field": "effective", "energy": round(share, 3)}


def _windows(session: Session, through: Through, layer: str, pairs: Sequence[Pair]) -> None:
    """Project single units through the part of the picture that they see."""
    jump = _whole_jump(session.fields[layer].jump)
    by_size: dict[tuple[int, int], list[tuple[Pair, Window]]] = defaultdict(list)
    for pair in pairs:
        if pair.sees is None or pair.position is None:
            continue
        part = Window(Box(0, 0, *session.size), pair.position)
        if jump is not None:
            part = crops.window(pair.sees, pair.position, jump, session.size)
        by_size[part.box.height, part.box.width].append((pair, part))
    for group in by_size.values():
        for batch in runs(range(len(group)), _batch_for(session, through, group[0][1].box)):
            chosen, parts = zip(*(group[number] for number in batch), strict=True)
            _mend(session, through, layer, _through_parts(session, through, layer, chosen, parts))
            for pair, part in zip(chosen, parts, strict=True):
                _keep_field(session, pair, part.box)


def _through_parts(
    session: Session, through: Through, layer: str, pairs: Sequence[Pair], parts: Sequence[Window]
) -> Sequence[Pair]:
    """Project units through parts of pictures, all of one size; returns those that must be done again."""
    x = session.pictures.tensor([pair.image for pair in pairs])
    boxes = [part.box for part in parts]
    patches = torch.stack([image[:, b.top : b.bottom, b.left : b.right] for image, b in zip(x, boxes, strict=True)])
    positions = [part.position for part in parts]
    try:
        scores = _project_units(session, through, layer, pairs, patches, positions)
    except torch.OutOfMemoryError:
        raise
    except Exception:
        return pairs  # a network may raise anything at all for a size that it was not made for; whole pictures will do
    scale = max(abs(pair.score) for pair in pairs)
    return [pair for pair, score in zip(pairs, scores, strict=True) if _differs(through, score, pair, scale)]


def _whole_jump(jump: tuple[float, float]) -> tuple[int, int] | None:
    """The layer's jump where it is a whole number of px on both axes, as it is unless something was enlarged before."""
    rows, columns = (int(step) if step >= 1 and float(step).is_integer() else 0 for step in jump)
    return (rows, columns) if rows and columns else None


def _batch_for(session: Session, through: Through, part: Box) -> int:
    """Small parts go in larger batches, up to the cost of a batch of whole pictures."""
    height, width = session.size
    return session.batch(
        min(64, max(through.batch, through.batch * height * width // max(1, part.height * part.width)))
    )


def _project_units(
    session: Session,
    through: Through,
    layer: str,
    pairs: Sequence[Pair],
    x: torch.Tensor,
    positions: Sequence[tuple[int, int]],
) -> list[float]:
    filters, rule = [pair.filter for pair in pairs], session.config.gradient
    found, scores = gradients.project(through.probe, session.placed(x, through.dtype), layer, filters, rule, positions)
    for pair, gradient in zip(pairs, found.cpu().numpy(), strict=True):
        pair.gradient = gradient
    return [float(score) for score in scores]


def _differs(through: Through, score: float, pair: Pair, scale: float) -> bool:
    """Whether the part alone did not give the unit's value, as it must, to the precision of the number format."""
    close = _CLOSE[through.dtype]
    return abs(score - pair.score) > close * max(scale, abs(pair.score))


def _mend(session: Session, through: Through, layer: str, pairs: Sequence[Pair]) -> None:
    """Project again, through the whole picture, those units that their part alone did not reproduce."""
    for pair in pairs:
        x = session.pictures.tensor([pair.image])
        _project_units(session, through, layer, [pair], x, [pair.position or (0, 0)])
        pair.facts["mended"] = True


def _keep_field(session: Session, pair: Pair, part: Box) -> None:
    """Keep of a gradient what lies in the unit's field; all else is exactly zero."""
    if pair.sees is None:
        return
    box = pair.sees.clip(*session.size)
    pair.facts |= {"box": box.as_list(), "field_box": pair.sees.as_list(), "field": "exact"}
    if not box.height or not box.width:
        pair.gradient = None  # the unit sees padding only
        return
    inside = box if pair.facts.get("mended") else box.shift(-part.top, -part.left)
    if pair.gradient is not None:
        pair.gradient = pair.gradient[:, inside.top : inside.bottom, inside.left : inside.right]
    pair.facts["grad_box"] = box.as_list()
