"""Photos: the pictures as the network saw them, stored once per model and without loss."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.images.values import Pixels
from mkdocs_lurk.images.webp import decode_picture, encode_picture, pack_pixels, unpack_pixels
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.facet_picks import FacetPicks
from mkdocs_lurk.run.range_picks import LOWEST, RangePicks
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.protocol import StageEstimate
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.unit_check import check_blobs, check_same, check_unit_record
from mkdocs_lurk.run.unit_records import PhotosRecord
from mkdocs_lurk.run.work import UnitResult, WorkUnit
from mkdocs_lurk.store.store import StoredUnit

_COST = 1e8
"""Of one picture, in multiply-adds that take as long."""


class Photos(AfterResponses):
    """Stores the pictures that pages show, at the network's input size."""

    name = "keeping pictures"

    def __init__(self, session: Session, responses: Responses, picks: RangePicks, facet_picks: FacetPicks) -> None:
        super().__init__(session, responses)
        self._picks, self._facet_picks = picks, facet_picks

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per chunk of pictures."""
        session = self.session
        for ids in chunks(self._shown, session.sizes.photos):
            key = session.key("photos", list(ids), session.picture_digests(ids))
            yield WorkUnit(key, _COST * len(ids), "", ids)

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Encode a chunk of pictures, each under its id."""
        blobs: dict[str, bytes] = {}
        for image in unit.items:
            pixels = self.session.pictures.pixels(image)
            blobs |= picture_blobs(str(image), pixels)
        record: PhotosRecord = {"images": list(unit.items)}
        return UnitResult(record, blobs)

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit holds its chunk's pictures."""
        check_same("its pictures", check_unit_record(stored, PhotosRecord)["images"], list(unit.items))
        check_blobs(stored, [str(image) for image in unit.items])

    def collect(self, draft: RecordDraft) -> None:
        """Write where each picture is stored."""
        _, height, width = self.session.network.input_size
        for unit in self.units:
            for image in unit.items:
                draft.images[image]["picture"] = {"unit": unit.key, "blob": str(image), "size": [width, height]}

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate by the pictures that were encoded in the trial."""
        n_shown = self.expected_count()
        n_missing = sum(len(unit.items) for unit in self.session.runner.missing(self)) if self.ready else n_shown
        return StageEstimate(n_missing * trial.encode_s, n_shown * trial.picture_bytes)

    def expected_count(self) -> int:
        """Return how many pictures will be kept, at most."""
        session = self.session
        n_images = len(session.images.entries)
        if n_images <= session.sizes.all_photos:
            return n_images
        n_filters = sum(len(session.filters(layer)) for layer in session.layers)
        of_range = min(session.sizes.range_pictures, n_filters * (LOWEST + 1)) if session.config.range else 0
        of_facets = session.sizes.facet_pictures if session.config.facets else 0
        return min(n_images, n_filters * 2 * session.config.top_k + of_range + of_facets)

    @cached_property
    def _shown(self) -> list[int]:
        """The pictures that pages show: all of a small set, else those that some filter ranks or that are picked."""
        found, n_images = self._responses.found, len(self.session.images.entries)
        if n_images <= self.session.sizes.all_photos:
            ids = set(range(n_images))
        else:
            shown = [found.summary.avg.images.ravel(), found.summary.max.images.ravel()]
            shown += [self._picks.images.ravel()] if self.session.config.range else []
            ids = {*np.unique(np.concatenate(shown)).tolist(), *self._facet_picks.images}
        return sorted(ids - {-1} - set(found.skipped))


def picture_blobs(name: str, pixels: Pixels) -> dict[str, bytes]:
    """Encode a picture without loss; pixels that a picture file cannot hold go into a second blob, ``NAME/exact``."""
    blobs = {name: encode_picture(pixels)}
    if pixels.dtype != np.uint8 or pixels.shape[2] not in (1, 3):
        blobs[f"{name}/exact"] = pack_pixels(pixels)
    return blobs


def read_pixels(stored: StoredUnit, name: str, channels: int) -> Pixels:
    """Read back what ``picture_blobs`` stored: ``(h, w, channels)``, exactly as the network saw it."""
    exact = f"{name}/exact"
    if exact in stored.names:
        return unpack_pixels(stored.blob(exact))
    return decode_picture(stored.blob(name))[:, :, :channels]
