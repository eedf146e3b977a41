"""Make what is stored of a computed gradient: its picture, how near it is, and why there is none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.gradients.requests import GradientResult
from mkdocs_lurk.images.webp import encode_picture, gradient_cosine, gradient_pixels, shown_channels
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.run.unit_records import StoredGradient

_COSINE_DIGITS = 5
_NOT_FINITE = "its gradient is not a finite number"
_NOT_SHOWN = "the gradient lies in channels that are not shown"


def encode_gradient(gradient: NDArray[np.float32]) -> bytes:
    """Encode the shown channels of a gradient ``(c, h, w)``, without loss but for the rounding to bytes."""
    return encode_picture(gradient_pixels(_shown(gradient)))


def describe_gradient(result: GradientResult) -> StoredGradient:
    """Return what is stored of a gradient beside its picture, whose cosine is over the channels that it shows."""
    facts: StoredGradient = {}
    if result.box is not None:
        facts["box"] = result.box.as_list()
    if result.field_box is not None:
        facts["field_box"] = result.field_box.as_list()
    if result.field is not None:
        facts["field"] = result.field
    if result.energy is not None:
        facts["energy"] = result.energy
    if result.gradient is None:
        return facts
    shown = _shown(result.gradient)
    reason = _why_without_picture(result.gradient, shown)
    if reason is not None:
        facts["grad_skipped"] = reason
        return facts
    if result.grad_box is not None:
        facts["grad_box"] = result.grad_box.as_list()
    pixels = gradient_pixels(shown)
    facts["grad_size"] = [shown.shape[2], shown.shape[1]]
    facts["grad_cosine"] = round_significant(gradient_cosine(pixels, shown), _COSINE_DIGITS)
    return facts


def _shown(gradient: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the channels of a gradient that photos show, too: only they decide how its picture is scaled."""
    return gradient[: shown_channels(len(gradient))]


def _why_without_picture(gradient: NDArray[np.float32], shown: NDArray[np.float32]) -> str | None:
    """Return why a gradient has no picture; None if it has one."""
    if not np.isfinite(gradient).all():
        return _NOT_FINITE
    return _NOT_SHOWN if gradient.any() and not shown.any() else None
