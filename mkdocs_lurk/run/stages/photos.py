"""Keep the pictures as the network saw them, once a model, without loss."""

from __future__ import annotations

import numpy as np

from mkdocs_lurk.images.webp import decode_picture, encode_picture, pack_pixels, unpack_pixels
from mkdocs_lurk.run.session import Pixels, Session, WorkUnit, runs
from mkdocs_lurk.run.stages.responses import Findings
from mkdocs_lurk.store.store import StoredUnit

STAGE = "keeping pictures"
ALGORITHM = 1
_PICTURES = 32
ALL_UP_TO = 2_000
_COST = 1e8


def shown(session: Session, findings: Findings) -> list[int]:
    """The ids of the pictures that pages show: all of a small set, else those that some filter ranks."""
    n_images = len(session.images.entries)
    if n_images <= ALL_UP_TO:
        ids = set(range(n_images))
    else:
        ids = set(np.unique(np.concatenate([findings.mined.avg.images, findings.mined.max.images])).tolist())
    return sorted(ids - {-1} - set(findings.skipped))


def units(session: Session, findings: Findings) -> list[WorkUnit]:
    """The units of keeping: runs of pictures."""
    return [
        WorkUnit(
            session.key("photos", ALGORITHM, list(ids), session.picture_digests(ids)),
            _COST * len(ids),
            "",
            ids,
        )
        for ids in runs(shown(session, findings), _PICTURES)
    ]


def keep(session: Session, unit: WorkUnit) -> None:
    """Store a run of pictures, each under its id; what a picture file cannot hold exactly is stored beside it."""
    blobs: dict[str, bytes] = {}
    for image in unit.items:
        pixels = session.pictures.pixels(image)
        blobs[str(image)] = encode_picture(pixels)
        if pixels.dtype != np.uint8 or pixels.shape[2] not in (1, 3):
            blobs[f"{image}/exact"] = pack_pixels(pixels)
    session.store.put(unit.key, {"images": list(unit.items)}, blobs)


def read(stored: StoredUnit, image: int, channels: int) -> Pixels:
    """Read a kept picture, ``(h, w, channels)``, exactly as the network saw it."""
    exact = f"{image}/exact"
    if exact in stored.names:
        return unpack_pixels(stored.blob(exact))
    return decode_picture(stored.blob(str(image)))[:, :, :channels]
