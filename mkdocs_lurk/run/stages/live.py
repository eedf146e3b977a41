"""Live: the network as a file that runs in the visitor's browser, compared with the one that was analysed."""

from __future__ import annotations

import base64
import gzip
import importlib.util
import logging
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.analysis.browser_network import (
    Measured,
    export_network,
    largest_difference,
    pack_weights,
    run_exported,
)
from mkdocs_lurk.analysis.responses import measure_responses
from mkdocs_lurk.config.live import LiveConfig, WeightFormat
from mkdocs_lurk.errors import ConfigError, ModelError
from mkdocs_lurk.images.sample import spread
from mkdocs_lurk.images.values import Pixels
from mkdocs_lurk.models.receptive_field.field import ReceptiveField
from mkdocs_lurk.records.live_record import (
    LIVE_LEVELS,
    Bounds,
    FailedLive,
    LiveFacts,
    LiveLayer,
    LiveRecord,
    LiveUnitRecord,
)
from mkdocs_lurk.records.model_record import Skipped
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.live_limits import WEIGHT_BYTES, refusal, too_large
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.protocol import StageEstimate
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.unit_check import check_arrays, check_blobs, check_same, check_unit_record
from mkdocs_lurk.run.work import UnitResult, WorkUnit, array_to_bytes
from mkdocs_lurk.store.store import StoredUnit

log = logging.getLogger("mkdocs.plugins.lurk")

TOLERANCES: Mapping[WeightFormat, float] = {"float32": 1e-3, "float16": 0.01, "int8": 0.1}
"""The largest difference that passes, as a share of the layer's largest score on the pictures."""
NETWORK, QUANTILES, CHECK = "network", "quantiles", "check"
"""Blobs of the unit: the gzipped model of ONNX, the quantiles of maxima, and the beginning of those of the check."""
_PACKAGES = ("onnx", "onnxscript", "onnxruntime")
_DTYPES: Mapping[WeightFormat, torch.dtype] = {"float32": torch.float32, "float16": torch.float16, "int8": torch.int8}
_COMPARED = 16
"""Pictures on which scores are computed again."""
_PASSES, _EXPORT_MACS = 40, 3e10
"""What an export costs, as passes of a picture and as multiply-adds that take as long."""
_BLOCK_PX = 16


class Live(AfterResponses):
    """Exports the network, runs it with onnxruntime, and compares it with the stored scores."""

    name = "network for browsers"
    result = "live"

    def __init__(self, session: Session, responses: Responses) -> None:
        super().__init__(session, responses)
        missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
        if self._config is not None and missing:
            raise ConfigError(
                f"{session.config.place}.live: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not "
                "installed, which export a network and prove the export: pip install 'mkdocs-lurk[live]'"
            )

    @property
    def _config(self) -> LiveConfig | None:
        return self.session.config.live

    @cached_property
    def refusal(self) -> str | None:
        """Why the network is not exported, as far as that is known before; None if it is."""
        if self._config is None:
            return "it was not asked for"
        return refusal(self.session, self._config)

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield the one unit, where nothing speaks against it."""
        if self.refusal is not None or self._config is None:
            return
        session, rehearsed = self.session, self.session.rehearsed
        described = [[layer.name, *layer.output] for layer in session.layers]
        shards = [unit.key for unit in self._responses.units]
        outputs = [rehearsed.n_outputs, rehearsed.are_probabilities, list(rehearsed.classes.names)]
        key = session.key("live", self._config.precision, described, shards, outputs)
        yield WorkUnit(key, self.expected_cost(), "", self._compared)

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Export the network, and compare it; what cannot be exported is stored with the reason."""
        session, has_outputs = self.session, self.session.rehearsed.n_outputs > 0
        precision = cast(LiveConfig, self._config).precision
        probe, pixels = session.network.probe, check_pixels(session.network.input_size)
        try:
            whole = export_network(probe, session.network.input_size, has_outputs=has_outputs)
            data = pack_weights(whole, precision)
            x = torch.cat([session.pictures.tensor(unit.items), session.transform.tensor(pixels)[None]])
            found = run_exported(data, x.numpy(), has_outputs=has_outputs)
        except ModelError as error:
            log.info("%s does not run in browsers: %s", session.config.name, error)
            failed: FailedLive = {"failed": str(error)}
            return UnitResult(failed)
        again = self._measure(session.to_device(x))
        facts, where = self._compare(found, again, unit)
        network = gzip.compress(data, 9, mtime=0)
        facts["bytes"] = len(base64.b64encode(network))
        record = self._record(facts, where, again)
        check = {"means": again.means[-1], "maxima": again.maxima[-1], "outputs": again.outputs[-1]}
        blobs = {f"{CHECK}/{name}": array_to_bytes(own) for name, own in check.items()}
        blobs |= {NETWORK: network, f"{CHECK}/pixels": array_to_bytes(pixels)}
        return UnitResult(record, blobs | {QUANTILES: array_to_bytes(self._quantiles())}, [_DTYPES[precision]])

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit holds the network of this session, or says why there is none."""
        if "failed" in stored.record:
            check_unit_record(stored, FailedLive)
            return
        record = check_unit_record(stored, LiveUnitRecord)
        names = [(layer.name, layer.filters) for layer in self.session.layers]
        check_same("its layers", [(layer["name"], layer["filters"]) for layer in record["layers"]], names)
        check_blobs(stored, [NETWORK])
        filters = np.zeros(sum(layer.filters for layer in self.session.layers), np.float32)
        channels, height, width = self.session.network.input_size
        check_arrays(
            stored,
            {
                QUANTILES: np.zeros((len(LIVE_LEVELS), len(filters)), np.float32),
                f"{CHECK}/means": filters,
                f"{CHECK}/maxima": filters,
                f"{CHECK}/outputs": np.zeros(self.session.rehearsed.n_outputs, np.float32),
                f"{CHECK}/pixels": np.zeros((height, width, channels), np.uint8),
            },
        )

    def collect(self, draft: RecordDraft) -> None:
        """Write where the network is, or why it is not published."""
        if self._config is not None:
            draft.live = self._published(self._config)

    def _published(self, config: LiveConfig) -> LiveRecord | Skipped:
        if self.refusal is not None:
            return {"skipped": self.refusal}
        (unit,) = self.units
        stored = self.fetch(unit).record
        if "failed" in stored:
            return {"skipped": cast(FailedLive, stored)["failed"]}
        record = cast(LiveUnitRecord, stored)
        facts, limit = record["facts"], config.limit_mb
        if facts["bytes"] > limit * 1e6:
            return {"skipped": too_large(facts["bytes"], limit, config.precision)}
        if facts["largest"] > facts["tolerance"]:
            return {
                "skipped": "the exported network differs from the analysed one by "
                f"{facts['largest']:.2g} of the largest value of {record['where']}, where {facts['tolerance']:g} is "
                "allowed; try another live.precision"
            }
        return {**facts, "unit": unit.key}

    def expected_cost(self) -> float:
        """Multiply-adds that take as long as an export with its proof."""
        macs = sum(layer.macs for layer in self.session.layers)
        return 0.0 if self.refusal is not None else _EXPORT_MACS + _PASSES * float(macs)

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate by the speed of the trial, and by the number of weights."""
        size = 0 if self.refusal is not None or self._config is None else WEIGHT_BYTES[self._config.precision]
        return StageEstimate(self.cost() * trial.seconds_per_mac, float(size * self.session.loaded.parameters))

    @cached_property
    def _compared(self) -> tuple[int, ...]:
        """The pictures on which scores are computed again: evenly spaced ones of those whose scores are kept."""
        kept = self._responses.found.kept
        return tuple(int(kept[place]) for place in spread(len(kept), _COMPARED))

    def _measure(self, x: Tensor) -> Measured:
        """Run the analysed network itself on pictures ``(n, c, h, w)``, one after another."""
        parts = [measure_responses(self.session.network.probe, one) for one in torch.split(x, 1)]
        layers = list(self.session.network.columns)
        means, maxima = (
            np.concatenate([np.concatenate([getattr(own[layer], kind) for layer in layers], 1) for own, _ in parts])
            for kind in ("means", "maxima")
        )
        rows = [np.zeros((1, 0), np.float32) if outputs is None else outputs.numpy() for _, outputs in parts]
        return Measured(means, maxima, np.concatenate(rows))

    def _compare(self, found: Measured, again: Measured, unit: WorkUnit) -> tuple[LiveFacts, str]:
        """Compare the exported network with the stored scores, and on the last picture, the check's, with the network.

        Returns:
            What is published of it, without its size, and the layer of the largest difference.
        """
        rows = [self._responses.found.kept.tolist().index(image) for image in unit.items]
        ours: dict[str, NDArray[np.float32]] = {}
        theirs: dict[str, NDArray[np.float32]] = {}
        scales: dict[str, float] = {}
        for layer, columns in self.session.network.columns.items():
            stored = self._responses.of_layer(layer)
            for kind, kept in zip(("means", "maxima"), stored, strict=True):
                name, own = f"{layer} ({kind})", getattr(again, kind)[-1:, columns]
                ours[name] = getattr(found, kind)[:, columns]
                theirs[name] = np.concatenate([kept[rows], own])
                scales[name] = _scale(theirs[name])
        if again.outputs.shape[1]:
            ours["outputs"], theirs["outputs"] = found.outputs, again.outputs
            scales["outputs"] = _scale(again.outputs)
        largest, where = largest_difference(ours, theirs, scales)
        precision = cast(LiveConfig, self._config).precision
        facts: LiveFacts = {
            "precision": precision,
            "bytes": 0,
            "pictures": len(unit.items),
            "largest": round_significant(largest, 3),
            "tolerance": TOLERANCES[precision],
        }
        if again.outputs.shape[1]:
            same = found.outputs.argmax(1) == again.outputs.argmax(1)
            facts["same_first"] = int(same[:-1].sum())
        return facts, where

    def _record(self, facts: LiveFacts, where: str, again: Measured) -> LiveUnitRecord:
        session, rehearsed = self.session, self.session.rehearsed
        layers: list[LiveLayer] = []
        for layer in session.layers:
            field, columns = session.network.fields[layer.name], session.network.columns[layer.name]
            rows, bounds = field_bounds(field)
            scales = _scale(again.means[:, columns]), _scale(again.maxima[:, columns])
            layers.append(
                {"name": layer.name, "filters": layer.filters, "rows": rows, "columns": bounds, "scales": scales}
            )
        return {
            "classes": list(rehearsed.classes.names),
            "outputs": rehearsed.n_outputs,
            "are_probabilities": rehearsed.are_probabilities,
            "output_scale": _scale(again.outputs),
            "layers": layers,
            "photos": len(self._responses.found.kept),
            "where": where,
            "facts": facts,
        }

    def _quantiles(self) -> NDArray[np.float32]:
        """Return the quantiles ``LIVE_LEVELS`` of the maxima of all filters, ``(n_levels, n_filters)``."""
        maxima = [self._responses.of_layer(layer)[1] for layer in self.session.network.columns]
        return np.concatenate([np.quantile(own, LIVE_LEVELS, axis=0) for own in maxima], 1).astype(np.float32)


def check_pixels(input_size: tuple[int, int, int]) -> Pixels:
    """Return a picture ``(h, w, c)``, uint8, of random blocks: no set of pictures holds it, and it packs well."""
    channels, height, width = input_size
    block = max(1, min(_BLOCK_PX, min(height, width) // 8))
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (-(-height // block), -(-width // block), channels), np.uint8)
    return np.ascontiguousarray(coarse.repeat(block, 0).repeat(block, 1)[:height, :width])


def field_bounds(field: ReceptiveField) -> tuple[list[Bounds], list[Bounds]]:
    """Return the receptive fields of a layer's rows of units and of its columns, in px of the picture."""
    _, height, width = field.output
    boxes = [field.box(row, 0) for row in range(height)], [field.box(0, column) for column in range(width)]
    return [(box.top, box.bottom) for box in boxes[0]], [(box.left, box.right) for box in boxes[1]]


def _scale(values: NDArray[np.float32]) -> float:
    """Return the largest absolute value, or 1 where all are zero."""
    return round_significant(float(np.abs(values).max(initial=0.0)) or 1.0)
