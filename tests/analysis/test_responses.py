from __future__ import annotations

import numpy as np
import pytest
import torch

from mkdocs_lurk.analysis.responses import ResponseSummary, measure_responses, merge_all, reduce_maps
from mkdocs_lurk.errors import LayerError
from tests.analysis.networks import Branching, hooked, probed, seeded


def test_maps_are_reduced_to_means_maxima_minima_and_positions() -> None:
    maps = torch.randn(3, 4, 5, 6)
    maps[1, 2] = 7.0  # equal everywhere: the first position counts
    means, maxima, minima, positions = reduce_maps(maps)
    assert torch.allclose(means, maps.flatten(2).mean(2), atol=1e-6)
    assert torch.equal(maxima, maps.flatten(2).max(2).values)
    assert torch.equal(minima, maps.flatten(2).min(2).values)
    assert torch.equal(maps.flatten(2).gather(2, positions[..., None])[..., 0], maxima)
    assert positions[1, 2] == 0


def test_responses_are_taken_before_in_place_activations() -> None:
    module, x = seeded(Branching), torch.randn(4, 3, 16, 16)
    responses, outputs = measure_responses(probed(module), x)
    stem = hooked(module, x, "stem")[0]
    assert stem.min() < 0
    assert np.allclose(responses["stem"].means, stem.mean((2, 3)), atol=1e-6)
    assert np.array_equal(responses["stem"].maxima, stem.amax((2, 3)))
    assert np.array_equal(responses["stem"].minima, stem.amin((2, 3)))
    assert torch.equal(outputs, module(x))


def test_merging_equals_one_pass() -> None:
    module, x = seeded(Branching), torch.randn(12, 3, 16, 16)
    labels = np.array([0, 1, -1, 1] * 3)
    probe, ids = probed(module), np.arange(12)

    def summary(rows: slice) -> ResponseSummary:
        responses, _ = measure_responses(probe, x[rows])
        return ResponseSummary.of(responses["last"], ids[rows], labels[rows], 2, 3)

    one_pass = summary(slice(0, 12))
    merged = merge_all([summary(slice(0, 5)), summary(slice(5, 6)), summary(slice(6, 12))])
    for name, array in one_pass.to_arrays().items():
        assert np.allclose(merged.to_arrays()[name], array, rtol=1e-5), name
    restored = ResponseSummary.from_arrays(merged.to_arrays())
    assert all(
        np.array_equal(restored.to_arrays()[name], array)
        for name, array in merged.to_arrays().items()
        if "avg_" not in name
    )
    assert one_pass.counts.tolist() == [3, 6]


def test_error_names_the_first_picture_that_gives_nan() -> None:
    x = torch.randn(3, 3, 16, 16)
    x[1, 0, 2, 2] = float("inf")
    with pytest.raises(LayerError, match=r"gives NaN or infinity on b\.png, the first in the network to do so; check"):
        measure_responses(probed(seeded(Branching)), x, names=["a.png", "b.png", "c.png"])


def test_error_names_the_first_layer_that_gives_nan() -> None:
    module = seeded(Branching)
    module.left.weight[5, 0, 0, 0] = float("nan")
    with pytest.raises(LayerError, match="layer 'left' gives NaN or infinity"):
        measure_responses(probed(module), torch.randn(1, 3, 16, 16))


def test_means_of_bfloat16_maps_are_as_accurate_as_float32() -> None:
    maps = torch.randn(2, 3, 40, 30).bfloat16()
    means, maxima, minima, _ = reduce_maps(maps)
    assert means.dtype == maxima.dtype == minima.dtype == torch.float32
    assert torch.allclose(means, maps.double().mean((2, 3)).float(), atol=1e-3)
