"""Compare receptive fields with what a network does: where pixels change, only units that read them may."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from itertools import pairwise

import torch
from torch import Tensor

from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.errors import describe_error
from mkdocs_lurk.models.receptive_field.field import ReceptiveField
from mkdocs_lurk.models.receptive_field.intervals import ACTUAL_END, ACTUAL_START

log = logging.getLogger("mkdocs.plugins.lurk")

_BANDS = 4
"""Into how many bands of rows, and of columns, the picture is divided."""
_SAME = 1e-4
"""The largest change of a unit that counts as none, as a share of the largest value of the layer."""


def find_wrong_fields(network: ProbedNetwork, x: Tensor) -> frozenset[str]:
    """Return the layers with units that change although nothing does within their receptive fields.

    One band of the picture after another is filled with noise; each time one forward pass tells for all units of all
    layers. Only receptive fields that count as exact are compared.

    Args:
        network: The network.
        x: A picture, ``(1, c, h, w)``, normalised, on the network's device.
    """
    before = _maps(network, x)
    wrong: set[str] = set()
    for axis in (2, 3):
        for start, end in _bands(x.shape[axis]):
            try:
                changed = _maps(network, _with_noise(x, axis, start, end))
            except Exception as error:  # whatever the author's forward method raises for a picture that there is not
                log.debug("receptive fields are not compared with a forward pass (%s)", describe_error(error))
                return frozenset(wrong)
            for name in changed.keys() & before.keys():
                apart = _do_not_read(network.fields[name], axis, start, end).to(x.device)
                difference = (changed[name] - before[name]).abs().mul(apart).max()
                if bool(difference > _SAME * before[name].abs().max()):
                    wrong.add(name)
    return frozenset(wrong)


def _maps(network: ProbedNetwork, x: Tensor) -> Mapping[str, Tensor]:
    """Return the maps of the layers whose receptive fields count as exact and leave something of the picture out."""
    found: dict[str, Tensor] = {}

    def receive(name: str, maps: Tensor) -> None:
        field = network.fields[name]
        size = zip(field.size, network.picture_size, strict=True)
        if field.status == "exact" and any(own < whole for own, whole in size):
            found[name] = maps.float().clone()

    with torch.inference_mode():
        network.probe.read(x, receive)
    return found


def _bands(length: int) -> Iterator[tuple[int, int]]:
    ends = [length * number // _BANDS for number in range(_BANDS + 1)]
    return ((start, end) for start, end in pairwise(ends) if start < end)


def _with_noise(x: Tensor, axis: int, start: int, end: int) -> Tensor:
    """Return a copy of a picture in which a band holds noise between the picture's smallest and largest value."""
    x = x.clone()
    band = x.narrow(axis, start, end - start)
    noise = torch.rand(band.shape, generator=torch.Generator().manual_seed(0)).to(x.device)
    low, high = x.aminmax()
    band.copy_(low + (high - low) * noise)
    return x


def _do_not_read(field: ReceptiveField, axis: int, start: int, end: int) -> Tensor:
    """Return whether each unit reads nothing of a band: ``(c or 1, h or 1, w or 1)``."""
    bounds = field.rows if axis == 2 else field.columns
    return (bounds[ACTUAL_START] >= end) | (-bounds[ACTUAL_END] <= start)
