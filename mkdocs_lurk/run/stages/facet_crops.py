"""What the filters of each layer respond at the units that excite any one of them most: crops are described by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.facet_picks import FacetPicks, PickedMaxima
from mkdocs_lurk.run.score_proof import ScoreProof
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.photos import Photos
from mkdocs_lurk.run.stages.protocol import StageEstimate
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.unit_check import check_arrays, check_same, check_unit_record
from mkdocs_lurk.run.unit_records import FacetCropsRecord
from mkdocs_lurk.run.work import UnitResult, WorkUnit, array_from_bytes, array_to_bytes
from mkdocs_lurk.store.store import StoredUnit

_MOST_OTHERS = 256
"""Filters of a layer that describe its crops; evenly spaced ones of more."""


class FacetCrops(AfterResponses):
    """Shows the pictures that excite some filter most to the network once more."""

    name = "crops for facets"
    result = "facets"

    def __init__(self, session: Session, responses: Responses, photos: Photos, picks: FacetPicks) -> None:
        super().__init__(session, responses)
        self._picks, self._proof = picks, ScoreProof(session, responses, photos)

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per chunk of pictures, of those that are among the strongest of some filter."""
        session = self.session
        described = [[layer.name, *layer.output] for layer in session.layers]
        for images in chunks(self._picks.images, session.sizes.shard_pictures):
            picked = [own.on(images) for own in self._picks.of_layers.values()]
            pairs = [array.tobytes() for own in picked for array in (own.images, own.filters, own.scores)]
            what = [described, pairs, self._highest.tobytes(), session.picture_digests(images)]
            yield WorkUnit(session.key("facets", "crops", *what), self._cost_per_picture * len(images), "", images)

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Describe the units of a chunk of pictures."""
        session = self.session
        parts: dict[str, list[tuple[NDArray[np.float16], NDArray[np.int64]]]] = {
            layer.name: [] for layer in session.layers
        }
        for images in chunks(unit.items, session.limit_batch(session.sizes.response_batch)):
            x = session.to_device(session.pictures.tensor(images))
            for name, own in self._describe(x, images).items():
                parts[name].append(own)
        blobs: dict[str, bytes] = {}
        for number, layer in enumerate(session.layers):
            shares, places = zip(*parts[layer.name], strict=True)
            blobs[f"shares/{number}"] = array_to_bytes(np.concatenate(shares))
            blobs[f"places/{number}"] = array_to_bytes(np.concatenate(places))
        record: FacetCropsRecord = {"images": list(unit.items)}
        return UnitResult(record, blobs, [torch.float32])

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit describes a unit for each pair, at a place in its map."""
        check_same("its pictures", check_unit_record(stored, FacetCropsRecord)["images"], list(unit.items))
        for number, layer in enumerate(self.session.layers):
            n_pairs = len(self._picks.of_layers[layer.name].on(unit.items).images)
            like: dict[str, NDArray[np.generic]] = {
                f"shares/{number}": np.empty((n_pairs, len(described_by(layer))), np.float16),
                f"places/{number}": np.empty(n_pairs, np.int64),
            }
            arrays = check_arrays(stored, like)
            places, shares = arrays[f"places/{number}"], arrays[f"shares/{number}"]
            fits = ((places >= 0) & (places < layer.output[1] * layer.output[2])).all()
            check_same("its places", bool(fits and (shares >= 0).all() and np.isfinite(shares).all()), True)

    def collect(self, draft: RecordDraft) -> None:
        """Write nothing: what the descriptions say is found by another stage."""

    def of_layer(self, layer: Layer) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
        """Read what describes the picked pairs of a layer, in their order.

        Returns:
            ``(n, n_others)``, what the filters of ``described_by`` respond, 0 to 1; and ``(n,)``, the flat places.
        """
        number = [own.name for own in self.session.layers].index(layer.name)
        stored = [self.fetch(unit) for unit in self.units]
        shares = [array_from_bytes(unit.blob(f"shares/{number}")) for unit in stored]
        places = [array_from_bytes(unit.blob(f"places/{number}")) for unit in stored]
        return np.concatenate(shares), np.concatenate(places)

    def expected_cost(self) -> float:
        """Return the cost of one pass of as many pictures as may be among the strongest."""
        count = min(len(self.session.images.entries), self.session.sizes.facet_pictures)
        return self._cost_per_picture * count if self.session.config.facets else 0.0

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate by the pictures that were tried."""
        if not self.session.config.facets:
            return StageEstimate(0.0, 0.0)
        n_pictures = self.cost() / self._cost_per_picture
        pairs = sum(len(self.session.filters(layer)) * len(described_by(layer)) for layer in self.session.layers)
        n_most = min(self._picks.most_of(len(self.session.images.entries)), len(self.session.images.entries))
        return StageEstimate(n_pictures * (trial.decode_s + trial.forward_s), 2.0 * n_most * pairs)

    @property
    def _cost_per_picture(self) -> float:
        return float(sum(layer.macs for layer in self.session.layers)) or 1.0

    @cached_property
    def _highest(self) -> NDArray[np.float32]:
        """The highest response of each filter to any picture, all layers side by side."""
        return self._responses.found.summary.max.scores[:, 0]

    def _describe(
        self, x: Tensor, images: tuple[int, ...]
    ) -> Mapping[str, tuple[NDArray[np.float16], NDArray[np.int64]]]:
        """Describe the picked pairs of a batch by layer.

        Raises:
            ModelError: A score could not be reproduced; the filter and the picture are named.
        """
        described: dict[str, tuple[NDArray[np.float16], NDArray[np.int64]]] = {}
        layers = {layer.name: layer for layer in self.session.layers}

        def receive(name: str, maps: Tensor) -> None:
            picked = self._picks.of_layers[name].on(images)
            rows = torch.from_numpy(np.searchsorted(np.array(images), picked.images)).to(maps.device)
            own = maps[rows, torch.from_numpy(picked.filters).to(maps.device)]
            values, places = F.adaptive_max_pool2d(own.float(), 1, return_indices=True)
            places = places.flatten()
            self._require_same(name, picked, values.flatten().cpu().numpy())
            others = described_by(layers[name])
            width = maps.shape[3]
            shares = maps[rows, :, places // width, places % width].float().cpu().numpy()[:, others]
            highest = self._highest[self.session.network.columns[name]][others]
            scaled = np.divide(np.maximum(shares, 0), highest, out=np.zeros_like(shares), where=highest > 0)
            described[name] = scaled.astype(np.float16), places.cpu().numpy()

        with torch.inference_mode():
            self.session.network.probe.read(x, receive)
        return described

    def _require_same(self, layer: str, picked: PickedMaxima, again: NDArray[np.float32]) -> None:
        columns = self.session.network.columns[layer].start + picked.filters
        differences = np.abs(again - picked.scores) / self._proof.scales(columns, picked.scores)
        if len(differences):
            worst = int(differences.argmax())
            self._proof.require(float(differences[worst]), [int(columns[worst]), int(picked.images[worst])])


def described_by(layer: Layer) -> NDArray[np.int64]:
    """Return the filters of a layer by which its crops are described, rising."""
    count = min(layer.filters, _MOST_OTHERS)
    return np.linspace(0, layer.filters - 1, count).round().astype(np.int64)
