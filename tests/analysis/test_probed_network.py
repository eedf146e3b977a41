from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from mkdocs_lurk.errors import LayerError
from tests.analysis.networks import Branching, probed_network, seeded


def test_columns_of_all_layers_stand_side_by_side() -> None:
    network = probed_network(seeded(Branching))
    columns = [network.columns[layer.name] for layer in network.layers]
    assert columns[0].start == 0
    assert all(left.stop == right.start for left, right in pairwise(columns))
    assert [span.stop - span.start for span in columns] == [layer.filters for layer in network.layers]


def test_macs_add_up_to_each_layer() -> None:
    network = probed_network(seeded(Branching))
    totals = [network.macs_up_to[layer.name] for layer in network.layers]
    assert totals[0] == network.layers[0].macs
    assert [b - a for a, b in pairwise(totals)] == [layer.macs for layer in network.layers[1:]]


def test_layers_are_found_by_name() -> None:
    network = probed_network(seeded(Branching))
    assert network.layer("left").filters == 8
    assert network.device == torch.device("cpu")
    assert network.picture_size == (16, 16)
    with pytest.raises(LayerError, match="there is no layer 'light'"):
        network.layer("light")
