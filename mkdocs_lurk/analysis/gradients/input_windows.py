"""Which part of a picture suffices for a unit, and whether a network gives the same gradients from it."""

from __future__ import annotations

import logging

import torch
from torch.nn import functional as F

from mkdocs_lurk.analysis import crops
from mkdocs_lurk.analysis.crops import InputWindow, needs_effective_box
from mkdocs_lurk.analysis.gradients.batch import BatchRow, Jumps, find_jumps
from mkdocs_lurk.analysis.gradients.recording import Recording
from mkdocs_lurk.analysis.gradients.replay import replay
from mkdocs_lurk.analysis.gradients.requests import GradientSettings, Position
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.names import Box

log = logging.getLogger("mkdocs.plugins.lurk")


def window_of_unit(
    network: ProbedNetwork, layer: str, position: Position, field_box: Box, settings: GradientSettings
) -> InputWindow | None:
    """Return the part of the picture that suffices for a unit.

    Args:
        network: The network.
        layer: The layer's name.
        position: The unit's ``(y, x)``.
        field_box: Its receptive field, not clipped.
        settings: Which parts are worth cutting out.

    Returns:
        The window; None if it is most of the picture, or if the layer's receptive field or jump rule it out.
    """
    jump = integer_jump(network, layer)
    if jump is None or network.needs_whole_pictures or needs_effective_box(network, layer):
        return None
    height, width = network.picture_size
    window = crops.input_window(field_box, position, jump, (height, width))
    area = window.box.height * window.box.width
    return window if 0 < area <= settings.largest_window * height * width else None


def try_windows(network: ProbedNetwork, trial: Recording, layer: str, settings: GradientSettings) -> Jumps | None:
    """Find how recorded outputs are cut to a layer's windows, and check that gradients stay the same.

    Args:
        network: The network.
        trial: A picture of noise, recorded in float32.
        layer: The layer's name.
        settings: With how many filters to try, and how close the gradients must be.

    Returns:
        The jumps for ``replay``; None if whole pictures must be used.
    """
    n_filters, height, width = network.layer(layer).output
    position = height // 2, width // 2
    window = window_of_unit(network, layer, position, network.fields[layer].box(*position), settings)
    jump = integer_jump(network, layer)
    if window is None or jump is None:
        return None
    size = network.picture_size
    removed = (max(1, size[0] // jump[0] // 2) * jump[0], max(1, size[1] // jump[1] // 2) * jump[1])
    if removed[0] >= size[0] or removed[1] >= size[1]:
        return None
    try:
        jumps = _jumps_up_to(network, trial, layer, removed)
        rows = [BatchRow(0, index, position) for index in range(min(settings.tried_filters, n_filters))]
        if jumps is None:
            problem = "some output cannot be cut out of the whole picture's"
        elif _same_gradients(network, trial, layer, rows, window, jumps, settings):
            return jumps
        else:
            problem = "parts of a picture give other gradients"
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # a network may raise anything for a size that it was not made for
        problem = f"{type(error).__name__}: {error}"
    log.debug("gradients: layer %r: computed from whole pictures: %s", layer, problem)
    return None


def integer_jump(network: ProbedNetwork, layer: str) -> tuple[int, int] | None:
    """Return a layer's jump if it is a whole number of px on both axes, as it is unless maps were enlarged before."""
    jump = network.fields[layer].jump
    rows, columns = (int(step) if step >= 1 and float(step).is_integer() else 0 for step in jump)
    return (rows, columns) if rows and columns else None


def _jumps_up_to(network: ProbedNetwork, trial: Recording, layer: str, removed: tuple[int, int]) -> Jumps | None:
    """Find the jumps of all outputs up to a layer, by recording the picture's corner, ``removed`` px smaller."""
    height, width = network.picture_size
    corner = trial.pictures[:, :, : height - removed[0], : width - removed[1]]
    recorded = Recording(network.probe, corner, corner.dtype, masks_only=trial.masks_only, until=layer)
    return find_jumps(trial, recorded, removed)


def _same_gradients(
    network: ProbedNetwork,
    trial: Recording,
    layer: str,
    rows: list[BatchRow],
    window: InputWindow,
    jumps: Jumps,
    settings: GradientSettings,
) -> bool:
    """Whether the first unit that has a gradient has the same from a window as from the whole picture."""
    height, width = network.picture_size
    box = window.box
    for row in rows:
        part = replay(network.probe, trial, layer, [row], "saliency", windows=[window], jumps=jumps).gradients
        whole = replay(network.probe, trial, layer, [row], "saliency").gradients
        largest = whole.abs().max()
        if bool(largest > 0):
            padded = F.pad(part, [box.left, width - box.right, box.top, height - box.bottom])
            return bool((padded - whole).abs().max() <= settings.window_tolerance * largest)
    return False
