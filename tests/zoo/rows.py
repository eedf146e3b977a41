"""Check one network of torchvision, with random weights, and report the checks as a row of a table."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass, field
from types import SimpleNamespace

import torch
import torchvision
from torch import nn

from mkdocs_lurk.models.graph.drawing import build_graph
from mkdocs_lurk.models.receptive_field.field import ReceptiveField, receptive_fields
from mkdocs_lurk.models.tracing.layers import find_layers
from mkdocs_lurk.models.tracing.trace import trace_network
from tests.zoo import gradients
from tests.zoo.oracle import Oracle

HEAD = ("network", "convolutions", "nodes", "fields", "gradients", "seconds")
SIZES = {"vit_": (3, 224, 224), "maxvit": (3, 224, 224), "inception": (3, 96, 128), "googlenet": (3, 64, 96)}
SMALL = (3, 64, 96)
_LAYERS, _UNITS = 4, 3


@dataclass(slots=True)
class Row:
    """What was checked on one network.

    Attributes:
        name: As torchvision calls it.
        found: Number of convolutions that run and were found.
        convolutions: Number of convolution modules that the network has.
        nodes: Number of nodes of its graph.
        fields: Number of units whose receptive field was compared with the oracle's.
        gradients: Number of layers whose guided gradients were compared with the slow twin's.
        seconds: Time of all checks, in seconds.
        problems: What is wrong, in words.
    """

    name: str
    found: int = 0
    convolutions: int = 0
    nodes: int = 0
    fields: int = 0
    gradients: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of ``HEAD``."""
        counts = (self.nodes, self.fields, self.gradients)
        return (self.name, f"{self.found}/{self.convolutions}", *map(str, counts), f"{self.seconds:.1f}")


def names() -> list[str]:
    """Every classification network of torchvision."""
    return torchvision.models.list_models(module=torchvision.models)


def check(name: str) -> Row:
    """Check one network; whatever is wrong is listed in the row's ``problems``."""
    row, start_s = Row(name), time.perf_counter()
    size = next((size for prefix, size in SIZES.items() if name.startswith(prefix)), SMALL)
    torch.manual_seed(0)
    with warnings.catch_warnings():
        # torchvision warns that the initialisation of two networks will change.
        warnings.simplefilter("ignore", FutureWarning)
        module = torchvision.models.get_model(name, weights=None).eval()
    module.requires_grad_(False)
    trace = trace_network(module, torch.randn(1, *size))
    search = find_layers(trace, SimpleNamespace(include=("*",), exclude=()))
    row.found = len(search.layers)
    row.convolutions = sum(isinstance(child, nn.modules.conv._ConvNd) for child in module.modules())
    if row.found + len(search.skipped) != row.convolutions:
        row.problems.append(f"{row.found} convolutions found and {len(search.skipped)} skipped of {row.convolutions}")
    graph = build_graph(trace)
    row.nodes = len(graph["nodes"])
    in_graph = {node.get("layer") for node in graph["nodes"]}
    row.problems += [f"{layer.name} is not in the graph" for layer in search.layers if layer.name not in in_graph]
    _check_fields(row, module, receptive_fields(trace, search.layers), size)
    row.gradients, problems = gradients.check(module, torch.randn(1, *size), search.layers)
    row.problems += problems
    row.seconds = time.perf_counter() - start_s
    return row


def _check_fields(row: Row, module: nn.Module, fields: dict[str, ReceptiveField], size: tuple[int, int, int]) -> None:
    chosen = _evenly_spaced(list(fields), _LAYERS)
    for gates_as_constants in (False, True):
        layers = [name for name in chosen if (fields[name].status == "effective") == gates_as_constants]
        if not layers:
            continue
        oracle = Oracle(module, size, set(layers), gates_as_constants)
        for name in layers:
            for y, x, channel in _choose_units(fields[name]):
                box = fields[name].box(y, x, channel).clip(*fields[name].picture)
                expected = oracle.box(name, y, x, channel)
                row.fields += 1
                if box != expected:
                    row.problems.append(f"{name}: the field of unit {(channel, y, x)} is {expected}, not {box}")


def _evenly_spaced(names: list[str], how_many: int) -> list[str]:
    """Return the first name, the last, and some between."""
    last = len(names) - 1
    return list(dict.fromkeys(names[round(i * last / max(1, how_many - 1))] for i in range(how_many)))


def _choose_units(field: ReceptiveField) -> list[tuple[int, int, int]]:
    """Return the ``(y, x, channel)`` of units in two corners and in between."""
    channels, height, width = field.output
    channel_at = {(0, 0): 0, (height - 1, width - 1): channels - 1, (height // 2, width // 3): channels // 2}
    return [(y, x, channel) for (y, x), channel in channel_at.items()][:_UNITS]
