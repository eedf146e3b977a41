"""The exported network: the scores of the analysis, in every number format, and nothing of the machine that made it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.browser_network import (
    INPUT,
    export_network,
    largest_difference,
    pack_weights,
    run_exported,
)
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.config.live import WeightFormat
from mkdocs_lurk.errors import ModelError

SIZE = (3, 18, 22)
SHAPES = {"first": (8, 18, 22), "second": (12, 9, 11), "second:2": (12, 5, 6)}


class Branching(nn.Module):
    """Writes over its maps, calls a module twice, and ends in a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.widen = nn.Conv2d(8, 12, 1)
        self.second = nn.Conv2d(12, 12, 3, stride=2, padding=1)
        self.head = nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.widen(F.relu_(self.first(x)))
        for _ in range(2):
            x = F.hardswish(self.second(x), inplace=True)
        return self.head(x.mean((2, 3)))


class Deciding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.first(x)
        return maps.mean((2, 3)) if float(maps.max()) > 0 else maps.amax((2, 3))


@pytest.fixture(scope="module")
def probe() -> Probe:
    torch.manual_seed(0)
    return Probe(Branching().eval(), SHAPES)


@pytest.fixture(scope="module")
def exported(probe: Probe) -> bytes:
    return export_network(probe, SIZE, has_outputs=True)


def pictures(count: int = 3) -> Tensor:
    return torch.randn(count, *SIZE, generator=torch.Generator().manual_seed(1))


def by_hand(probe: Probe, x: Tensor) -> dict[str, Tensor]:
    """The maps of each layer, computed by calling the modules one after another."""
    network = probe.module
    assert isinstance(network, Branching)
    with torch.no_grad():
        first = network.first(x)
        second = network.second(network.widen(F.relu(first)))
        return {"first": first, "second": second, "second:2": network.second(F.hardswish(second))}


@pytest.mark.parametrize(("precision", "allowed"), [("float32", 1e-5), ("float16", 2e-3), ("int8", 0.03)])
def test_scores_are_those_of_the_network(
    probe: Probe, exported: bytes, precision: WeightFormat, allowed: float
) -> None:
    x = pictures()
    found, maps = run_exported(pack_weights(exported, precision), x.numpy(), has_outputs=True), by_hand(probe, x)
    ours = {"means": found.means, "maxima": found.maxima, "outputs": found.outputs}
    with torch.no_grad():
        outputs = probe.module(x).numpy()
    wanted = {
        "means": torch.cat([own.mean((2, 3)) for own in maps.values()], 1).numpy(),
        "maxima": torch.cat([own.amax((2, 3)) for own in maps.values()], 1).numpy(),
        "outputs": outputs,
    }
    scales = {name: float(np.abs(own).max()) for name, own in wanted.items()}
    largest, _ = largest_difference(ours, wanted, scales)
    assert largest < allowed
    assert (precision == "float32") or largest > 1e-5  # another format was used


def test_maps_and_positions_are_there_where_they_are_asked_for(probe: Probe, exported: bytes) -> None:
    x = pictures(1)
    session = onnxruntime.InferenceSession(exported)
    positions, *maps = session.run(["positions", "map_0", "map_1", "map_2"], {INPUT: x.numpy()})
    wanted = by_hand(probe, x)
    for own, expected in zip(maps, wanted.values(), strict=True):
        np.testing.assert_allclose(own, expected.numpy(), atol=1e-4)
    assert positions[0].tolist() == torch.cat([own.flatten(2).argmax(2) for own in wanted.values()], 1)[0].tolist()


def test_half_precision_halves_the_weights_and_8_bits_do_again(exported: bytes) -> None:
    formats: tuple[WeightFormat, ...] = ("float32", "float16", "int8")
    models = [onnx.ModelProto.FromString(pack_weights(exported, precision)) for precision in formats]
    sizes = [sum(len(tensor.raw_data) for tensor in model.graph.initializer) for model in models]
    assert sizes[1] < 0.65 * sizes[0]
    assert sizes[2] < 0.45 * sizes[0]


def test_nothing_of_the_machine_is_in_the_file(exported: bytes) -> None:
    data = pack_weights(exported, "float16")
    assert b"first.weight" in data
    for path in (Path(__file__), Path(torch.__file__).parent):
        assert str(path).encode() not in data
    assert b".py" not in data


def test_a_network_without_outputs_gives_scores_alone(probe: Probe) -> None:
    data = export_network(probe, SIZE, has_outputs=False)
    assert run_exported(data, pictures(2).numpy(), has_outputs=False).outputs.shape == (2, 0)


def test_what_cannot_be_exported_says_so() -> None:
    probe = Probe(Deciding().eval(), {"first": (8, 18, 22)})
    with pytest.raises(ModelError, match="PyTorch cannot export the network to ONNX"):
        export_network(probe, SIZE, has_outputs=True)


def test_what_cannot_be_run_says_so() -> None:
    with pytest.raises(ModelError, match="onnxruntime cannot run the exported network"):
        run_exported(b"no model", pictures(1).numpy(), has_outputs=True)
