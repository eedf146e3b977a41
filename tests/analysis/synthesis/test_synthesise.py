from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mkdocs_lurk.analysis.synthesis.ascent import GradientAscent, Objective, RandomTransform
from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings
from mkdocs_lurk.analysis.synthesis.synthesise import Synthesis, synthesise
from tests.analysis.networks import Branching, seeded
from tests.analysis.synthesis.builders import FEW_STEPS, MEAN, STD, hooked_score, probe_of, synthesised
from tests.analysis.synthesis.pictures import smooth_clouds


@pytest.mark.parametrize("layer", ["stem", "left", "last"])
def test_score_is_that_of_the_stored_bytes(layer: str) -> None:
    module = seeded(Branching)
    for index, synthesis in zip([4, 1], synthesised(module, layer, [4, 1]), strict=True):
        assert synthesis.pixels.dtype == np.uint8
        assert synthesis.pixels.shape == (32, 32, 3)
        assert synthesis.score == pytest.approx(hooked_score(module, layer, index, synthesis), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("layer", ["stem", "left", "right", "last"])
def test_synthesis_beats_the_best_natural_picture(layer: str) -> None:
    module = seeded(Branching)
    probe = probe_of(module, (3, 32, 32))
    mean, std = torch.tensor(MEAN)[:, None, None], torch.tensor(STD)[:, None, None]
    natural = (smooth_clouds(3, 32, 32, n=200, seed=1) - mean) / std
    for index, synthesis in enumerate(synthesised(module, layer, range(6), settings=AscentSettings(steps=32))):
        best = float(probe.maps(natural, layer, [index] * 200).mean((1, 2)).max())
        assert synthesis.failed is None
        assert synthesis.score > best


def test_other_filters_in_the_batch_change_no_byte() -> None:
    module = seeded(Branching)
    together = synthesised(module, "last", [0, 1, 2, 3, 4, 5], batch=4)
    for index in (1, 5):
        (alone,) = synthesised(module, "last", [index], batch=4)
        assert np.array_equal(alone.pixels, together[index].pixels)
        assert (alone.score, alone.scores_by_step) == (together[index].score, together[index].scores_by_step)


def test_seed_decides_the_bytes() -> None:
    module = seeded(Branching)
    first, again, other = (synthesised(module, "last", [2], seed=seed)[0] for seed in (3, 3, 4))
    assert first.pixels.tobytes() == again.pixels.tobytes()
    assert first.pixels.tobytes() != other.pixels.tobytes()
    assert (first.seed, first.steps, len(first.scores_by_step)) == (3, 16, 16)


@pytest.mark.parametrize("size", [(1, 28, 28), (5, 24, 24), (3, 20, 36), (2, 9, 7)])
def test_any_number_of_channels_and_any_sides(size: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(size[0], 4, 3, padding=1), nn.Tanh(), nn.Conv2d(4, 4, 3))
    for index, synthesis in zip([0, 3], synthesised(module, "2", [0, 3], size=size), strict=True):
        assert synthesis.pixels.shape == (*size[1:], size[0])
        assert synthesis.failed is None
        assert synthesis.score == pytest.approx(hooked_score(module, "2", index, synthesis), rel=1e-5)
        assert synthesis.score > synthesis.scores_by_step[0]


def test_grey_data_in_three_channels_gives_grey_pictures() -> None:
    (synthesis,) = synthesise(
        probe_of(seeded(Branching), (3, 32, 32)),
        "last",
        [0],
        mean=MEAN,
        std=STD,
        size=(3, 32, 32),
        statistics=ImageStatistics.of(smooth_clouds(1, 32, 32).expand(-1, 3, -1, -1)),
        settings=FEW_STEPS,
    )
    assert np.ptp(synthesis.pixels.astype(int), axis=2).mean() < 6
    assert synthesis.pixels.std() > 20


def synthesis_of(pixels: np.ndarray) -> Synthesis:
    return Synthesis(pixels, 0.0, 0, 0, (), 0.0, 0.0, None)


def test_colour_filter_reaches_its_highest_possible_score() -> None:
    module = nn.Sequential(nn.Conv2d(3, 1, 3, padding=1, bias=False))
    with torch.no_grad():
        module[0].weight[:] = torch.tensor([1.0, -1.0, 0.5])[None, :, None, None] / 9
    (synthesis,) = synthesised(module, "0", [0], settings=AscentSettings())
    best = np.zeros((32, 32, 3), np.uint8)
    best[..., [0, 2]] = 255
    assert synthesis.score > 0.9 * hooked_score(module, "0", 0, synthesis_of(best))
    assert synthesis.robust_scale10 == pytest.approx(synthesis.score, rel=0.05)


def test_grating_filter_reaches_its_highest_possible_score() -> None:
    """It responds to the difference of neighbours at every second position: no flat or jittered picture raises it."""
    module = nn.Sequential(nn.Conv2d(3, 1, 2, stride=2, bias=False))
    with torch.no_grad():
        module[0].weight[:] = torch.tensor([[1.0, -1.0], [1.0, -1.0]])
    (synthesis,) = synthesised(module, "0", [0])
    best = np.zeros((32, 32, 3), np.uint8)
    best[:, ::2] = 255
    assert synthesis.score == pytest.approx(hooked_score(module, "0", 0, synthesis_of(best)))
    assert synthesis.robust_shift8 == pytest.approx(synthesis.score, rel=0.3)


def test_network_is_left_unchanged() -> None:
    module = seeded(Branching)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    synthesised(module, "last", [0])
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(value.grad is None for value in module.parameters())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


def test_ascent_works_under_no_grad() -> None:
    with torch.no_grad():
        (synthesis,) = synthesised(seeded(Branching), "last", [0])
    assert synthesis.failed is None


def test_last_step_that_spoils_a_picture_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    module, run = seeded(Branching), GradientAscent.run
    good = synthesised(module, "last", [2], settings=AscentSettings(steps=20))[0]

    def spoiling_run(
        self: GradientAscent,
        objective: Objective,
        steps: Sequence[int],
        transforms: Sequence[RandomTransform],
        noise: Tensor,
    ) -> list[Tensor]:
        scores_by_step = run(self, objective, steps, transforms, noise)
        if len(steps) and steps[-1] == 19:
            self.coefficients = -self.coefficients
        return scores_by_step

    monkeypatch.setattr(GradientAscent, "run", spoiling_run)
    kept = synthesised(module, "last", [2], settings=AscentSettings(steps=20))[0]
    assert kept.failed is None
    assert kept.score > 0.8 * good.score
