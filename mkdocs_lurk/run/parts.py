"""Project single units through the small part of the picture that they see, in float32."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch

from mkdocs_lurk.analysis import crops, gradients
from mkdocs_lurk.analysis.crops import Window
from mkdocs_lurk.run.pairs import Pair
from mkdocs_lurk.run.session import Session, runs
from mkdocs_lurk.types import Box

_BATCH, _LARGEST_BATCH = 2, 64
_CLOSE = 1e-3
_SMALL = 0.12
"""The largest share of the picture whose own forward pass is cheaper than a part of a shared backward pass."""


def window_of(session: Session, pair: Pair) -> Window | None:
    """The part of the picture that is enough for a pair; none where it is not small, or not known."""
    jump = _whole_jump(session.fields[pair.layer].jump)
    if pair.sees is None or pair.position is None or jump is None:
        return None
    part = crops.window(pair.sees, pair.position, jump, session.size)
    height, width = session.size
    return part if part.box.height * part.box.width <= _SMALL * height * width else None


def project_parts(session: Session, pairs: Sequence[tuple[Pair, Window]]) -> list[Pair]:
    """Project units through parts of pictures.

    Returns:
        The pairs whose part did not reproduce the unit's value, as it must: they are yet to be projected.
    """
    alike: dict[tuple[str, int, int], list[tuple[Pair, Window]]] = defaultdict(list)
    for pair, part in pairs:
        alike[pair.layer, part.box.height, part.box.width].append((pair, part))
    failed: list[Pair] = []
    for (layer, height, width), group in alike.items():
        area = session.size[0] * session.size[1] // max(1, height * width)
        length = session.batch(min(_LARGEST_BATCH, max(_BATCH, _BATCH * area)))
        for batch in runs(range(len(group)), length):
            failed += _project(session, layer, [group[number] for number in batch])
    return failed


def keep_field(session: Session, pair: Pair, part: Box) -> None:
    """Keep of a gradient of a part of the picture what lies in the unit's field; all else is exactly zero."""
    if pair.sees is None:
        return
    box = pair.sees.clip(*session.size)
    pair.facts |= {"box": box.as_list(), "field_box": pair.sees.as_list(), "field": "exact"}
    if not box.height or not box.width:
        pair.gradient = None  # the unit sees padding only
        return
    inside = box.shift(-part.top, -part.left)
    if pair.gradient is not None:
        pair.gradient = pair.gradient[:, inside.top : inside.bottom, inside.left : inside.right]
    pair.facts["grad_box"] = box.as_list()


def _project(session: Session, layer: str, group: Sequence[tuple[Pair, Window]]) -> list[Pair]:
    """Project units of one layer through parts of one size."""
    pairs, boxes = [pair for pair, _ in group], [part.box for _, part in group]
    x = session.pictures.tensor([pair.image for pair in pairs])
    patches = torch.stack([image[:, b.top : b.bottom, b.left : b.right] for image, b in zip(x, boxes, strict=True)])
    filters, positions = [pair.filter for pair in pairs], [part.position for _, part in group]
    try:
        found, scores = gradients.project(
            session.probe, session.placed(patches), layer, filters, session.config.gradient, positions
        )
    except torch.OutOfMemoryError:
        raise
    except Exception:
        return pairs  # a network may raise anything at all for a size that it was not made for; whole pictures will do
    scale = max(abs(pair.score) for pair in pairs)
    failed = []
    for pair, box, gradient, score in zip(pairs, boxes, found.cpu().numpy(), scores.tolist(), strict=True):
        if abs(score - pair.score) > _CLOSE * max(scale, abs(pair.score)):
            failed.append(pair)
            continue
        pair.gradient = gradient
        keep_field(session, pair, box)
    return failed


def _whole_jump(jump: tuple[float, float]) -> tuple[int, int] | None:
    """The layer's jump where it is a whole number of px on both axes, as it is unless something was enlarged before."""
    rows, columns = (int(step) if step >= 1 and float(step).is_integer() else 0 for step in jump)
    return (rows, columns) if rows and columns else None
