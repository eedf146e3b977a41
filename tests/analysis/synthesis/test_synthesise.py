from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings
from mkdocs_lurk.analysis.synthesis.synthesise import Synthesis, synthesise
from mkdocs_lurk.config.options import TARGETS
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


def test_the_best_contrast_is_kept() -> None:
    module, settings = seeded(Branching), AscentSettings(steps=4)
    one, best = (
        synthesised(module, "last", range(4), settings=replace(settings, contrasts=contrasts))
        for contrasts in ((1.0,), (1.0, 2.0, 4.0))
    )
    assert all(raised.score >= plain.score for plain, raised in zip(one, best, strict=True))
    assert any(raised.score > 1.2 * plain.score for plain, raised in zip(one, best, strict=True))


def test_centre_raises_the_unit_in_the_middle_of_the_map() -> None:
    module = seeded(Branching)
    mean, centre = (
        synthesised(module, "last", [0, 3], settings=AscentSettings(steps=16, target=target)) for target in TARGETS
    )
    probe, (offset, scale) = (
        probe_of(module, (3, 32, 32)),
        (torch.tensor(value)[:, None, None] for value in (MEAN, STD)),
    )
    for index, by_mean, by_centre in zip([0, 3], mean, centre, strict=True):
        maps = [
            probe.maps((torch.from_numpy(one.pixels).permute(2, 0, 1) / 255 - offset)[None] / scale, "last", [index])[0]
            for one in (by_mean, by_centre)
        ]
        height, width = maps[0].shape
        assert maps[1][height // 2, width // 2] > maps[0][height // 2, width // 2]
        assert by_centre.score == pytest.approx(float(maps[1].mean()), rel=1e-4, abs=1e-5)
        assert by_centre.score < by_mean.score


def test_a_planted_pattern_is_found() -> None:
    """The filter answers to one pattern of black and white quarters alone, through a ReLU and a max-pooling."""
    quarters = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat_interleave(4, 0).repeat_interleave(4, 1)
    module = nn.Sequential(nn.Conv2d(3, 1, 8, stride=8), nn.ReLU(), nn.MaxPool2d(2, 1), nn.Conv2d(1, 1, 1))
    with torch.no_grad():
        module[0].weight[:] = quarters / 100
        module[0].bias.fill_(-1.0)
        module[3].weight.fill_(1.0)
        module[3].bias.zero_()
    (synthesis,) = synthesised(module, "3", [0], settings=AscentSettings(), batch=1)
    pattern = ((quarters.repeat(4, 4) > 0).numpy() * np.uint8(255))[..., None].repeat(3, 2)
    assert synthesis.failed is None
    assert synthesis.score > 0.75 * hooked_score(module, "3", 0, synthesis_of(pattern))


class OnlyLarge(nn.Sequential):
    """Refuses pictures of another size than 96 px."""

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] != 96:
            raise AssertionError("made for 96 px")
        return super().forward(x)


@pytest.mark.parametrize("kind", [nn.Sequential, OnlyLarge])
def test_pictures_of_half_the_size_are_repeated(kind: type[nn.Sequential], caplog: pytest.LogCaptureFixture) -> None:
    torch.manual_seed(0)
    module = kind(nn.Conv2d(3, 2, 3, padding=1), nn.ReLU(), nn.Conv2d(2, 2, 3, padding=1))
    with caplog.at_level("DEBUG", "mkdocs.plugins.lurk"):
        (synthesis,) = synthesised(module, "2", [0], (3, 96, 96), AscentSettings(steps=3, half_size=True), batch=1)
    assert synthesis.pixels.shape == (96, 96, 3)
    assert synthesis.score == pytest.approx(hooked_score(module, "2", 0, synthesis), rel=1e-5)
    repeats = np.array_equal(synthesis.pixels[:48, :48], synthesis.pixels[48:, 48:])
    assert repeats == (kind is nn.Sequential)
    assert ("48 x 48 px: AssertionError: made for 96 px" in caplog.text) == (kind is OnlyLarge)


def test_small_inputs_are_not_halved() -> None:
    (synthesis,) = synthesised(seeded(Branching), "last", [0], settings=AscentSettings(steps=2, half_size=True))
    assert not np.array_equal(synthesis.pixels[:16], synthesis.pixels[16:])
