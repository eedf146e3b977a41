from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.synthesis.ascent import Climb
from mkdocs_lurk.analysis.synthesis.synthesise import ImageStatistics, Recipe, Synthesis, synthesise
from tests.analysis.networks import Branching, seeded

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
QUICK = Recipe(steps=16)


def pictures(channels: int, height: int, width: int, n: int = 24, seed: int = 0) -> Tensor:
    """Smooth coloured clouds, ``(n, c, h, w)``."""
    random = torch.Generator().manual_seed(seed)
    rough = torch.randn((n, channels, max(2, height // 4), max(2, width // 4)), generator=random)
    return nn.functional.interpolate(rough, size=(height, width), mode="bilinear", align_corners=False).sigmoid()


def shapes_of(module: nn.Module, size: tuple[int, int, int]) -> dict[str, tuple[int, int, int]]:
    found: dict[str, tuple[int, int, int]] = {}

    def note(name: str) -> Callable[..., None]:
        return lambda _module, _inputs, output: found.update({name: tuple(output.shape[1:])})

    handles = [
        part.register_forward_hook(note(name)) for name, part in module.named_modules() if isinstance(part, nn.Conv2d)
    ]
    with torch.no_grad():
        module(torch.zeros(1, *size))
    for handle in handles:
        handle.remove()
    return found


def make(
    module: nn.Module,
    layer: str,
    filters: Sequence[int],
    size: tuple[int, int, int] = (3, 32, 32),
    seed: int = 0,
    recipe: Recipe = QUICK,
    **more: Any,
) -> list[Synthesis]:
    module.eval().requires_grad_(False)
    channels = size[0]
    return synthesise(
        Probe(module, shapes_of(module, size)),
        layer,
        filters,
        mean=(MEAN * 2)[:channels],
        std=(STD * 2)[:channels],
        size=size,
        statistics=ImageStatistics.of(pictures(*size)),
        recipe=recipe,
        seed=seed,
        **more,
    )


def own_score(module: nn.Module, layer: str, index: int, made: Synthesis) -> float:
    """The score that a plain hook measures on the stored bytes."""
    channels = made.pixels.shape[2]
    mean, std = (torch.tensor((values * 2)[:channels])[:, None, None] for values in (MEAN, STD))
    x = (torch.from_numpy(made.pixels).permute(2, 0, 1).float() / 255 - mean) / std
    seen: list[float] = []
    handle = module.get_submodule(layer).register_forward_hook(
        lambda _module, _inputs, output: seen.append(float(output[0, index].mean()))
    )
    module(x[None])
    handle.remove()
    return seen[0]


@pytest.mark.parametrize("layer", ["stem", "left", "last"])
def test_score_is_that_of_the_stored_bytes(layer: str) -> None:
    module = seeded(Branching)
    for index, made in zip([4, 1], make(module, layer, [4, 1]), strict=True):
        assert made.pixels.dtype == np.uint8
        assert made.pixels.shape == (32, 32, 3)
        assert made.score == pytest.approx(own_score(module, layer, index, made), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("layer", ["stem", "left", "right", "last"])
def test_beats_the_best_natural_picture(layer: str) -> None:
    module = seeded(Branching)
    probe = Probe(module, shapes_of(module, (3, 32, 32)))
    mean, std = torch.tensor(MEAN)[:, None, None], torch.tensor(STD)[:, None, None]
    natural = (pictures(3, 32, 32, n=200, seed=1) - mean) / std
    made = make(module, layer, range(6), recipe=Recipe(steps=32))
    for index, one in enumerate(made):
        best = float(probe.maps(natural, layer, [index] * 200).mean((1, 2)).max())
        assert one.failed is None
        assert one.score > best


def test_company_in_a_batch_changes_no_byte() -> None:
    module = seeded(Branching)
    together = make(module, "last", [0, 1, 2, 3, 4, 5], batch=4)
    for index in (1, 5):
        (alone,) = make(module, "last", [index], batch=4)
        assert np.array_equal(alone.pixels, together[index].pixels)
        assert (alone.score, alone.scores_by_step) == (together[index].score, together[index].scores_by_step)


def test_seed_decides() -> None:
    module = seeded(Branching)
    first, again, other = (make(module, "last", [2], seed=seed)[0] for seed in (3, 3, 4))
    assert first.pixels.tobytes() == again.pixels.tobytes()
    assert first.pixels.tobytes() != other.pixels.tobytes()
    assert (first.seed, first.steps, len(first.scores_by_step)) == (3, 16, 16)


@pytest.mark.parametrize("size", [(1, 28, 28), (5, 24, 24), (3, 20, 36), (2, 9, 7)])
def test_any_channels_and_sides(size: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(size[0], 4, 3, padding=1), nn.Tanh(), nn.Conv2d(4, 4, 3))
    made = make(module, "2", [0, 3], size=size)
    for index, one in zip([0, 3], made, strict=True):
        assert one.pixels.shape == (*size[1:], size[0])
        assert one.failed is None
        assert one.score == pytest.approx(own_score(module, "2", index, one), rel=1e-5)
        assert one.score > one.scores_by_step[0]


def test_grey_data_in_three_channels_stays_grey() -> None:
    module = seeded(Branching)
    (one,) = synthesise(
        Probe(module, shapes_of(module, (3, 32, 32))),
        "last",
        [0],
        mean=MEAN,
        std=STD,
        size=(3, 32, 32),
        statistics=ImageStatistics.of(pictures(1, 32, 32).expand(-1, 3, -1, -1)),
        recipe=QUICK,
    )
    assert np.ptp(one.pixels.astype(int), axis=2).mean() < 6
    assert one.pixels.std() > 20


def dying(kind: str) -> nn.Module:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 3, 3))
    with torch.no_grad():
        if kind == "weightless":
            module[2].weight[1] = 0
        elif kind == "cut off":
            module[0].weight.zero_()
            module[0].bias.fill_(-1)
        else:
            module[2].weight[1] = float("nan")
    return module


@pytest.mark.parametrize(
    ("kind", "why"), [("weightless", "no gradient"), ("cut off", "no gradient"), ("not a number", "not a finite")]
)
def test_filter_that_cannot_be_raised_says_why(kind: str, why: str) -> None:
    beside, dead = make(dying(kind), "2", [0, 1])
    assert dead.failed is not None
    assert why in dead.failed
    assert (beside.failed is None) == (kind != "cut off")


class Root(nn.Module):
    """The square root of all that is positive, whose gradient is not a number while nothing is."""

    def forward(self, x: Tensor) -> Tensor:
        return (x * (x > 0)).sum((2, 3), keepdim=True).sqrt()


@pytest.mark.parametrize("gate", [nn.ReLU, Root])
def test_start_in_the_dark_finds_a_way_out(gate: type[nn.Module]) -> None:
    """At the data's mean colour the gate is shut, and there is no gradient; brighter pictures pass it."""
    module = nn.Sequential(nn.Conv2d(3, 1, 1), gate(), nn.Conv2d(1, 1, 1))
    with torch.no_grad():
        module[0].weight.fill_(1.0)
        module[0].bias.fill_(-2.0)
        module[2].weight.fill_(1.0)
        module[2].bias.zero_()
    (one,) = make(module, "2", [0], recipe=Recipe(steps=32))
    assert one.scores_by_step[0] == 0
    assert one.failed is None
    assert one.score > 1.0


def test_colour_filter_reaches_its_bound() -> None:
    module = nn.Sequential(nn.Conv2d(3, 1, 3, padding=1, bias=False))
    with torch.no_grad():
        module[0].weight[:] = torch.tensor([1.0, -1.0, 0.5])[None, :, None, None] / 9
    (one,) = make(module, "0", [0], recipe=Recipe())
    best = np.zeros((32, 32, 3), np.uint8)
    best[..., [0, 2]] = 255
    bound = own_score(module, "0", 0, Synthesis(best, 0.0, 0, 0, (), 0.0, 0.0, None))
    assert one.score > 0.9 * bound
    assert one.robust_scale10 == pytest.approx(one.score, rel=0.05)


def test_grating_filter_reaches_its_bound() -> None:
    """It sees only how neighbours differ, at every second place: no flat or jittered picture helps."""
    module = nn.Sequential(nn.Conv2d(3, 1, 2, stride=2, bias=False))
    with torch.no_grad():
        module[0].weight[:] = torch.tensor([[1.0, -1.0], [1.0, -1.0]])
    (one,) = make(module, "0", [0])
    best = np.zeros((32, 32, 3), np.uint8)
    best[:, ::2] = 255
    bound = own_score(module, "0", 0, Synthesis(best, 0.0, 0, 0, (), 0.0, 0.0, None))
    assert one.score == pytest.approx(bound)
    assert one.robust_shift8 == pytest.approx(one.score, rel=0.3)


class Sized(nn.Module):
    """Notes the sizes that it is given, and may refuse all but one."""

    def __init__(self, only: int | None) -> None:
        super().__init__()
        self.only, self.seen, self.counts = only, set[tuple[int, ...]](), set[int]()
        self.one = nn.Conv2d(3, 2, 3, padding=1)
        self.two = nn.Conv2d(2, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        if self.only and x.shape[-1] != self.only:
            raise AssertionError(f"made for {self.only} px")
        self.seen.add(tuple(x.shape[2:]))
        self.counts.add(len(x))
        return self.two(torch.relu(self.one(x)))


@pytest.mark.parametrize("only", [None, 96])
def test_early_steps_use_a_small_canvas_where_the_network_reads_one(only: int | None) -> None:
    torch.manual_seed(0)
    module = Sized(only)
    (one,) = make(module, "two", [0], size=(3, 96, 96), recipe=Recipe(steps=12), batch=1)
    assert module.seen == ({(96, 96), (64, 64)} if only is None else {(96, 96)})
    assert one.failed is None
    assert one.pixels.shape == (96, 96, 3)


def test_no_small_canvas_where_it_saves_little() -> None:
    torch.manual_seed(0)
    module = Sized(None)
    make(module, "two", [0], size=(3, 72, 72), recipe=Recipe(steps=4))
    assert module.seen == {(72, 72)}


def test_every_pass_has_the_same_number_of_pictures() -> None:
    """Kernels may round differently for another number; single pictures come from the questions about the layer."""
    torch.manual_seed(0)
    module = Sized(None)
    make(module, "two", [1, 0, 1, 0, 1], size=(3, 16, 16), recipe=Recipe(steps=4), batch=4)
    assert module.counts == {1, 4}


def test_seed_decides_the_noise_too() -> None:
    still = Recipe(steps=8, jitter=0, zoom=0)
    first, other = (make(seeded(Branching), "last", [2], seed=seed, recipe=still)[0] for seed in (3, 4))
    assert first.pixels.tobytes() != other.pixels.tobytes()


def test_network_is_left_as_it_was() -> None:
    module = seeded(Branching)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    make(module, "last", [0])
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert all(value.grad is None for value in module.parameters())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


def test_works_where_gradients_are_off() -> None:
    with torch.no_grad():
        (one,) = make(seeded(Branching), "last", [0])
    assert one.failed is None


def test_recipe_names_all_that_changes_bytes() -> None:
    assert Recipe(steps=Recipe().steps + 1).as_dict() != Recipe().as_dict()
    assert set(Recipe().as_dict()) >= {"steps", "rate", "jitter", "zoom", "version"}


def test_last_steps_that_spoil_a_picture_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    module, run = seeded(Branching), Climb.run
    good = make(module, "last", [2], recipe=Recipe(steps=20))[0]

    def spoil(self: Climb, objective: Any, steps: Sequence[int], seen: Any, spare: Tensor) -> list[Tensor]:
        scores_by_step = run(self, objective, steps, seen, spare)
        if len(steps) and steps[-1] == 19:
            self.coefficients = -self.coefficients
        return scores_by_step

    monkeypatch.setattr(Climb, "run", spoil)
    kept = make(module, "last", [2], recipe=Recipe(steps=20))[0]
    assert kept.failed is None
    assert kept.score > 0.8 * good.score
