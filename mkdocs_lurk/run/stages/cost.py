"""What the network costs to run: read off the trace, and the time of a pass where the author asked for it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import cast

import numpy as np
import torch

from mkdocs_lurk.analysis.gradients.methods import smooth_noise
from mkdocs_lurk.analysis.latency import FEWEST, WARM_UP, time_passes
from mkdocs_lurk.models.tracing.cost import network_cost
from mkdocs_lurk.records.cost_record import CostRecord, LatencyRecord
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.processor import processor_model
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.protocol import Stage
from mkdocs_lurk.run.unit_check import check_same, check_unit_record
from mkdocs_lurk.run.work import UnitResult, WorkUnit
from mkdocs_lurk.store.store import StoredUnit


class Cost(Stage):
    """Writes what one forward pass costs; its one unit times it."""

    name = "latency"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._cost = network_cost(session.trace)

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield the one unit, if the author asked for the time: which machine measures it is in no key."""
        session = self.session
        if session.config.latency:
            key = session.key("latency", session.network.device.type, list(session.network.input_size))
            yield WorkUnit(key, float(self._cost.macs * (WARM_UP + FEWEST)), "", ())

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Time the passes of a picture of noise."""
        network = self.session.network
        module, layout = network.probe.module, network.probe.memory_format
        noise = smooth_noise(network)
        seconds = time_passes(module, noise if layout is None else noise.to(memory_format=layout))
        low, median, high = np.quantile(seconds, [0.1, 0.5, 0.9]).tolist()
        record: LatencyRecord = {
            "median_s": round_significant(median, 4),
            "low_s": round_significant(low, 4),
            "high_s": round_significant(high, 4),
            "passes": len(seconds),
            "device": network.device.type,
            "processor": processor_model(network.device),
            "threads": torch.get_num_threads(),
        }
        return UnitResult(cast("dict[str, object]", record), {}, [torch.float32])

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit holds times of passes."""
        record = check_unit_record(stored, LatencyRecord)
        check_same("its times", 0 <= record["low_s"] <= record["median_s"] <= record["high_s"], True)
        check_same("its device", record["device"], self.session.network.device.type)

    def collect(self, draft: RecordDraft) -> None:
        """Write the cost of the network and of each of its layers."""
        cost, weights = self._cost, self.session.config.weights_path
        module = self.session.loaded.module
        tensors = chain(module.parameters(), module.buffers())
        record: CostRecord = {
            "parameters": cost.parameters,
            "parameter_bytes": sum(one.numel() * one.element_size() for one in tensors),
            "file_bytes": weights.stat().st_size if weights is not None and weights.is_file() else None,
            "macs": cost.macs,
            "activation_bytes": sum(call.activation_bytes for call in cost.calls),
            "peak_bytes": cost.peak_bytes,
            "layers": [
                {
                    "name": call.name,
                    "kind": call.kind,
                    "output": list(call.output),
                    "parameters": call.parameters,
                    "macs": call.macs,
                    "activation_bytes": call.activation_bytes,
                }
                for call in cost.calls
            ],
            "other": {"parameters": cost.other_parameters, "macs": cost.other_macs},
        }
        for unit in self.units:
            stored = self.fetch(unit).record
            record["latency"] = cast("LatencyRecord", {name: stored[name] for name in LatencyRecord.__annotations__})
        draft.cost = record
