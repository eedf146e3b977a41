"""Check the record of a network's cost, for what its type cannot say."""

from __future__ import annotations

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.records.cost_record import CostRecord
from mkdocs_lurk.records.record_check import record_error


def check_cost(cost: CostRecord, where: str) -> None:
    """Check that no figure is negative, and that parts add up to no more than the whole.

    Raises:
        StoreError: A number cannot be right.
    """
    for name in ("parameters", "parameter_bytes", "macs", "activation_bytes", "peak_bytes"):
        _not_negative(cost[name], f"{where}.{name}")
    _not_negative(cost["file_bytes"] or 0, f"{where}.file_bytes")
    for place, layer in enumerate(cost["layers"]):
        for figure in ("parameters", "macs", "activation_bytes"):
            _not_negative(layer[figure], f"{where}.layers[{place}].{figure}")
        if any(side < 0 for side in layer["output"]):
            raise record_error(f"{where}.layers[{place}].output", str(layer["output"]), "a shape")
    for part in ("parameters", "macs"):
        _not_negative(cost["other"][part], f"{where}.other.{part}")
    if sum(layer["macs"] for layer in cost["layers"]) + cost["other"]["macs"] != cost["macs"]:
        raise StoreError(f"{where}.macs is not the sum over its layers and the rest")
    if sum(layer["activation_bytes"] for layer in cost["layers"]) != cost["activation_bytes"]:
        raise StoreError(f"{where}.activation_bytes is not the sum over its layers")
    latency = cost.get("latency")
    if latency is not None and not 0 <= latency["low_s"] <= latency["median_s"] <= latency["high_s"]:
        raise StoreError(f"{where}.latency: low, median and high should be rising times")


def _not_negative(value: int, where: str) -> None:
    if value < 0:
        raise record_error(where, value, "0 or more")
