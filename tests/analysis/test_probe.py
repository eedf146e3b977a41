from __future__ import annotations

import pytest
import torch
from torch import Tensor

from mkdocs_lurk.analysis.probe import Probe, output_as_maps
from mkdocs_lurk.errors import LayerError, ShapeError
from tests.analysis.networks import Branching, Upside, hooked, probed, seeded


@pytest.mark.parametrize("layer", ["stem", "left", "right", "last"])
def test_maps_equal_the_outputs_that_a_hook_receives(layer: str) -> None:
    module, x = seeded(Branching), torch.randn(5, 3, 16, 16)
    full = hooked(module, x, layer)[0]
    filters = [0, 3, 5, 3, full.shape[1] - 1]
    maps = probed(module).maps(x, layer, filters)
    assert torch.allclose(maps, torch.stack([full[n, f] for n, f in enumerate(filters)]), atol=1e-6)


def test_maps_of_one_filter_for_all_pictures() -> None:
    module, x = seeded(Branching), torch.randn(3, 3, 16, 16)
    assert torch.allclose(probed(module).maps(x, "left", [6, 6, 6]), hooked(module, x, "left")[0][:, 6], atol=1e-6)


def test_a_convolution_that_is_called_twice_has_two_layers() -> None:
    module, x = seeded(Upside), torch.randn(2, 3, 16, 16)
    first, second = hooked(module, x, "twice")
    probe = probed(module)
    assert torch.equal(probe.maps(x, "twice", [1, 1]), first[:, 1])
    assert torch.equal(probe.maps(x, "twice:2", [2, 2]), second[:, 2])


def test_maps_of_a_transposed_convolution() -> None:
    module, x = seeded(Upside), torch.randn(2, 3, 16, 16)
    assert torch.allclose(probed(module).maps(x, "up", [3, 0])[1], hooked(module, x, "up")[0][1, 0], atol=1e-6)


def test_read_hands_over_every_layer_and_leaves_the_output_unchanged() -> None:
    module, x = seeded(Branching), torch.randn(2, 3, 16, 16)
    wanted, maps_of = module(x), {}
    output = probed(module).read(x, lambda name, maps: maps_of.__setitem__(name, maps.clone()))
    assert torch.equal(output, wanted)
    assert list(maps_of) == ["stem", "left", "right", "last"]
    assert torch.equal(maps_of["stem"], hooked(module, x, "stem")[0])


def test_no_hook_survives_an_exception() -> None:
    module, x = seeded(Branching), torch.randn(1, 3, 16, 16)
    probe, before = probed(module), module(x)

    def fail(_name: str, _maps: Tensor) -> None:
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        probe.read(x, fail)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert torch.equal(module(x), before)


def test_the_error_names_a_layer_that_does_not_run() -> None:
    probe = Probe(seeded(Branching), {"aux": (1, 1, 1)})
    with pytest.raises(LayerError, match="layer 'aux': the network ran to its end without coming to it"):
        probe.maps(torch.zeros(1, 3, 16, 16), "aux", [0])


def test_outputs_of_every_layout_as_maps() -> None:
    maps = torch.randn(2, 3, 4, 5)
    tokens = torch.cat([torch.zeros(2, 1, 3), maps.flatten(2).transpose(1, 2)], 1)
    assert torch.equal(output_as_maps(maps.permute(0, 2, 3, 1), (3, 4, 5), "nhwc"), maps)
    assert torch.equal(output_as_maps(tokens, (3, 4, 5), "ntc"), maps)
    assert output_as_maps(torch.zeros(2, 7), (7, 1, 1), "nc").shape == (2, 7, 1, 1)
    with pytest.raises(ShapeError, match=r"expected feature maps of shape \(3, 4, 5\)"):
        output_as_maps(torch.zeros(2, 9), (3, 4, 5))
