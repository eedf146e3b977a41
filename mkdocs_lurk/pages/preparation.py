"""Say in a sentence or two how a picture becomes the network's input."""

from __future__ import annotations

from collections.abc import Sequence

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.records.input_record import InputRecord

_MANY_CHANNELS = 4


def describe_preparation(record: InputRecord) -> str:
    """Return how a picture becomes the network's input, in sentences; parts between backticks are code."""
    if "function" in record:
        first = f"Pictures are prepared by the author's `{record['function']}`, which gives {_input_size(record)}."
    else:
        first = f"Before a picture enters the network, {' and '.join(_steps(record))}."
    return f"{first} {_values(record)}"


def _steps(record: InputRecord) -> list[str]:
    resize, crop = record["resize"], record["crop"]
    steps = []
    if isinstance(resize, list):
        steps.append(f"it is resized to {formatting.shape(resize)} px")
    elif resize is not None:
        steps.append(f"its short side is resized to {resize} px")
    if crop is not None:
        steps.append(f"its centre of {formatting.shape(crop)} px is cut out")
    return steps or ["it is neither resized nor cropped"]


def _values(record: InputRecord) -> str:
    low, high = record["value_range"] or (0, 1)
    ends = f"{low:g} is black and {high:g} is white; " if record["value_range"] else ""
    mean, std = _per_channel(record["mean"]), _per_channel(record["std"])
    if set(record["mean"]) == {0} and set(record["std"]) == {1}:
        return f"Values: {ends}from 0 to 1, not normalised."
    how = "normalised before, by" if record["normalised"] else "from 0 to 1, then normalised by"
    return f"Values: {ends}{how} the mean {mean} and the standard deviation {std}."


def _per_channel(values: Sequence[float]) -> str:
    """Return one value per channel, or one for all; of many channels, the smallest and the largest."""
    if len(set(values)) == 1:
        return f"{values[0]:.4g}"
    if len(values) > _MANY_CHANNELS:
        return f"{min(values):.4g} to {max(values):.4g} (by channel)"
    return ", ".join(f"{value:.4g}" for value in values)


def _input_size(record: InputRecord) -> str:
    return formatting.shape(record["size"])
