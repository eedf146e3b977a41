"""Why a network is not published for browsers: it is too large, too slow, or takes what a browser cannot give it."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image

from mkdocs_lurk.config.live import LiveConfig, WeightFormat
from mkdocs_lurk.images.transforms import ResizeAndCrop
from mkdocs_lurk.models.tracing.dispatch import DECIDES_BY_VALUES
from mkdocs_lurk.models.tracing.macs import count_all_macs
from mkdocs_lurk.run.session import Session

WEIGHT_BYTES: Mapping[WeightFormat, int] = {"float32": 4, "float16": 2, "int8": 1}
"""Bytes of a weight in each number format."""


def refusal(session: Session, config: LiveConfig) -> str | None:
    """Return why a network is not published for browsers, as far as its declaration and its size say; None if it is."""
    transform = session.transform
    if not isinstance(transform, ResizeAndCrop):
        return "its pictures are prepared by code of the author's, which a browser cannot run"
    if transform.channels not in (1, 3) or transform.scale is not None:
        return "its pictures are no usual ones: a browser reads grey and RGB pictures with values from 0 to 255"
    if transform.resize is not None and transform.interpolation == Image.Resampling.NEAREST:
        return "its pictures are resized without interpolation, which the page does not repeat"
    if DECIDES_BY_VALUES in session.trace.notes:
        return "the network decides by values, which an exported one cannot"
    gmacs = count_all_macs(session.trace) / 1e9
    if gmacs > config.limit_gmacs:
        return (
            f"a picture takes {gmacs:.1f} billion multiply-adds, and live.limit_gmacs is {config.limit_gmacs}: "
            "a browser would need about as many seconds"
        )
    size = session.loaded.parameters * WEIGHT_BYTES[config.precision]
    return too_large(size, config.limit_mb, config.precision) if size > config.limit_mb * 1e6 else None


def too_large(size: float, limit_mb: int, precision: WeightFormat) -> str:
    """Return that a visitor would load too much, ``size`` bytes, and what to do about it."""
    smaller = "" if precision == "int8" else ", or give precision: int8"
    return (
        f"a visitor would load {size / 1e6:.1f} MB of weights ({precision}), and live.limit_mb is {limit_mb}: raise "
        f"it{smaller}"
    )
