"""An average of a part of the network is not read in the place of complete weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from mkdocs_lurk.config.weights import WeightsDetail
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.loading.weights import load_weights
from mkdocs_lurk.models.tracing.failures import remedy_for


def test_a_partial_average_is_refused_and_complete_weights_can_be_chosen(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.Conv2d(2, 2, 3))
    complete = {name: value + 1 for name, value in network.state_dict().items()}
    partial = {name: value for name, value in complete.items() if name.startswith("0.")}
    torch.save({"model": complete, "ema": partial}, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"holds nothing for 1 in that average; choose complete weights by their key"):
        load_weights(network, tmp_path / "w.pt", "model 'm'")
    load_weights(network, tmp_path / "w.pt", "model 'm'", WeightsDetail(key="model"))
    assert all(torch.equal(value, complete[name]) for name, value in network.state_dict().items())


def test_an_import_that_comes_too_late_has_a_remedy() -> None:
    assert "move the import there" in (remedy_for(ModuleNotFoundError("No module named 'late'")) or "")
