"""The part of a picture that is shown of a unit for which no gradient was computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mkdocs_lurk.analysis.crops import needs_effective_box
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.analysis.response_range import centred_box
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.names import Box
from mkdocs_lurk.records.model_record import RankedMaximum
from mkdocs_lurk.records.response_records import RangeField


def unit_box(
    network: ProbedNetwork, layer: Layer, index: int, position: tuple[int, int], top_max: Sequence[RankedMaximum]
) -> tuple[Box, RangeField]:
    """Return the part of the picture that is shown of a unit, and what it is.

    Where the best crops are effective boxes, which take a backward pass each, these are as large as those usually are,
    and lie around the unit.

    Args:
        network: The network.
        layer: The unit's layer.
        index: Its filter.
        position: ``(y, x)`` in the feature map.
        top_max: The filter's best crops.
    """
    field, picture = network.fields[layer.name], network.picture_size
    own = field.box(*position, index)
    if not needs_effective_box(network, layer.name):
        return own.clip(*picture), "exact"
    _, rows, columns = layer.output
    if rows * columns == 1:
        return Box(0, 0, *picture), "whole"
    centre = ((own.top + own.bottom) / 2, (own.left + own.right) / 2)
    if field.status == "whole":
        centre = (position[0] + 0.5) * picture[0] / rows, (position[1] + 0.5) * picture[1] / columns
    boxes = np.array([maximum["box"] for maximum in top_max])
    height, width = (round(float(side)) for side in np.median(boxes[:, 2:] - boxes[:, :2], axis=0))
    return centred_box(centre, (height, width), picture), "centred"
