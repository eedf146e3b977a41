"""Which part of a picture is enough for a unit, and what of its gradient is kept."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from mkdocs_lurk.analysis import crops
from mkdocs_lurk.analysis.crops import Window
from mkdocs_lurk.analysis.gradients.batch import Row, Steps, steps_before
from mkdocs_lurk.analysis.gradients.recording import Recording
from mkdocs_lurk.analysis.gradients.replay import replay
from mkdocs_lurk.names import Box
from mkdocs_lurk.run.pairs import Pair, covers
from mkdocs_lurk.run.session import Session

_WORTH = 0.8
"""The largest share of the picture that is worth cutting out."""
_FILTERS, _ALIKE = 4, 1e-3
"""Filters to try a layer's windows with, until one has a gradient, and how far its largest number may be off."""


def window_of(session: Session, pair: Pair) -> Window | None:
    """The part of the picture that is enough for a pair; none where it is most of it, or not known."""
    if pair.sees is None or pair.position is None or covers(session, pair.layer):
        return None
    jump = whole_jump(session, pair.layer)
    if jump is None:
        return None
    part = crops.window(pair.sees, pair.position, jump, session.size)
    height, width = session.size
    return part if 0 < part.box.height * part.box.width <= _WORTH * height * width else None


def find_steps(session: Session, trial: Recording, layer: str) -> Steps | None:
    """Find how a layer's past lies in the picture, and try it: gradients must be the same from a part of a picture.

    Args:
        session: The model.
        trial: A picture, recorded in float32.
        layer: The layer's name.

    Returns:
        The steps for ``replay``; none where whole pictures must be used.
    """
    n_filters, height, width = next(known.output for known in session.layers if known.name == layer)
    position = height // 2, width // 2
    sees = session.fields[layer].box(*position)
    window, jump = window_of(session, Pair(layer, 0, 0, 0, 0.0, position, sees)), whole_jump(session, layer)
    if window is None or jump is None:
        return None
    less = [max(1, length // by // 2) * by for length, by in zip(session.size, jump, strict=True)]
    if less[0] >= session.size[0] or less[1] >= session.size[1]:
        return None
    corner = trial.pictures[:, :, : session.size[0] - less[0], : session.size[1] - less[1]]
    try:
        steps = steps_before(
            trial, Recording(session.probe, corner, corner.dtype, short=trial.short, until=layer), (less[0], less[1])
        )
        if steps is None:
            return None
        rows = [Row(0, index, position) for index in range(min(_FILTERS, n_filters))]
        found = (_alike(session, trial, layer, row, window, steps) for row in rows)
        alike = next((one for one in found if one is not None), False)
    except torch.OutOfMemoryError:
        raise
    except Exception:
        return None  # a network may raise anything at all for a size that it was not made for; whole pictures will do
    return steps if alike else None


def _alike(session: Session, trial: Recording, layer: str, row: Row, window: Window, steps: Steps) -> bool | None:
    """Whether a unit's gradient is the same from a part of the picture as from all of it; none where it is 0."""
    part = replay(session.probe, trial, layer, [row], "saliency", windows=[window], steps=steps).gradients
    whole = replay(session.probe, trial, layer, [row], "saliency").gradients
    box, largest = window.box, whole.abs().max()
    padded = F.pad(part, [box.left, session.size[1] - box.right, box.top, session.size[0] - box.bottom])
    return bool((padded - whole).abs().max() <= _ALIKE * largest) if bool(largest > 0) else None


def whole_jump(session: Session, layer: str) -> tuple[int, int] | None:
    """A layer's jump where it is a whole number of px on both axes, as it is unless something was enlarged before."""
    jump = session.fields[layer].jump
    rows, columns = (int(step) if step >= 1 and float(step).is_integer() else 0 for step in jump)
    return (rows, columns) if rows and columns else None


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
