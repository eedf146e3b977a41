"""Check what is stored beside a network for browsers, which may come from a bundle."""

from __future__ import annotations

from collections.abc import Mapping

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.records.live_record import LiveUnitRecord
from mkdocs_lurk.records.model_record import ModelRecord
from mkdocs_lurk.records.record_check import check_record


def check_live_unit(value: Mapping[str, object], model: ModelRecord, where: str) -> LiveUnitRecord:
    """Check the record of a unit against that of its model.

    Args:
        value: The unit's record, as it is stored.
        model: The model's record, checked.
        where: What messages call the unit's record.

    Returns:
        The record without what computed it.

    Raises:
        StoreError: It is not of the type ``LiveUnitRecord``, or is about other layers or outputs.
    """
    named = {name: item for name, item in value.items() if name != "made"}
    record = check_record(named, LiveUnitRecord, where)
    layers = [(layer["name"], layer["filters"]) for layer in record["layers"]]
    if layers != [(entry["name"], entry["filters"]) for entry in model["layers"]]:
        raise StoreError(f"{where} is about other layers than its model")
    shapes = [
        [entry["filters"], len(one["rows"]), len(one["columns"])]
        for entry, one in zip(model["layers"], record["layers"], strict=True)
    ]
    if shapes != [entry["output"] for entry in model["layers"]]:
        raise StoreError(f"{where}: its receptive fields are not as many as the units of each layer")
    if record["classes"] and len(record["classes"]) != record["outputs"]:
        raise StoreError(f"{where}: it names {len(record['classes'])} classes of {record['outputs']} outputs")
    return record
