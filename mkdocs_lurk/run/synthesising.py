"""Make, for a run of filters, the picture that excites each most, and score it as it is stored."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch

from mkdocs_lurk.analysis.synthesis import Recipe, Statistics, synthesise
from mkdocs_lurk.images.encode import decode_picture, encode_picture, pack_pixels
from mkdocs_lurk.run.mining import Findings
from mkdocs_lurk.run.session import Session, Unit, runs

STAGE = "gradient ascent"
ALGORITHM = 1
FILTERS = 16
_SAMPLE = 256
_COST_A_STEP = 3.0


def statistics(session: Session, findings: Findings) -> Statistics | None:
    """What the model's own pictures look like: evenly spaced ones, as the network sees them."""
    if session.config.synthesis is None:
        return None
    n_images = len(session.images.entries)
    ids = [image for image in range(0, n_images, -(-n_images // _SAMPLE)) if image not in findings.skipped]
    pixels = [torch.from_numpy(session.pictures.pixels(image)).movedim(-1, 0) for image in ids]
    x = torch.stack([one.float() / 255 if one.dtype == torch.uint8 else one for one in pixels])
    return Statistics.of(x)
