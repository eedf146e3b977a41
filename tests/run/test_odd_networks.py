"""Networks that autograd, batches or crops would trip over: their results are those of plain PyTorch, or one line."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.gradients.engine import GradientEngine
from mkdocs_lurk.analysis.gradients.input_windows import window_of_unit
from mkdocs_lurk.analysis.gradients.requests import GradientRequest, GradientSettings
from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import LurkError
from mkdocs_lurk.names import Box
from mkdocs_lurk.run.inspection import inspect_session
from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Session, open_session
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store
from tests.run.networks import input_tensors
from tests.run.odd_networks import code_of

Project = Callable[..., LurkConfig]

IN_PLACE = [
    *["ChunkInPlace", "ChunkInPlaceReadThroughTheWhole", "SplitInPlace", "SplitMethodInPlace", "TensorSplitInPlace"],
    *["UnbindInPlace", "IteratedInPlace", "VerticalSplitInPlace", "SliceInPlace", "SliceAssigned"],
    *["NarrowModuleInPlace", "TransposedInPlace", "InputOverwritten", "InputSliceOverwritten"],
    *["InputChunksOverwritten", "AddedAfterInPlace", "SquaredThenOverwritten", "SigmoidThenOverwritten"],
    "ChunkThenProduct",
]
OF_THE_WHOLE_PICTURE = [
    *["BranchOnMaximum", "BranchOnLayer", "BranchOnMean", "BranchOnWholeNumber", "BranchOnPeak", "AssertFinite"],
    *["AssertRange", "AssertNotBlack"],
    *["Centred", "Standardised", "ScaledByMaximum", "ScaledByNumpy", "ClampedByMaximum", "CountedByNonzero"],
    *["MeanOfTheBatch", "BatchNormInTraining", "FirstPictureOnly", "OnePictureOnly"],
]
IN_BATCHES = ["Standing", "Lazy", "StraightThrough", "compiled", "compiled_inside", "compiled_in_place"]
IN_BATCHES += ["Cubic", "MixedSparsely"]
KNOWN_GRADIENTS = ["Standing", "Lazy", "StraightThrough", "Cubic", "MixedSparsely"]


class Guided(torch.autograd.Function):
    """ReLU with the rule of guided backpropagation."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return gradient.clamp(min=0) * (x > 0)


@pytest.fixture
def odd(project: Project, tmp_path: Path) -> Project:
    def make(name: str, **model: Any) -> LurkConfig:
        (tmp_path / "odd.py").write_text(code_of(name))
        return project(source=f"odd.py:{name}", count=6, **({"synthesis": {"steps": 2, "filters": 1}} | model))

    return make


@cache
def network_class(name: str) -> Callable[[], nn.Module]:
    names: dict[str, Any] = {}
    exec(code_of(name), names)  # noqa: S102 - the project's own text
    network: Callable[[], nn.Module] = names[name]
    return network


def made(name: str) -> nn.Module:
    """The network as the analysis makes it: seed 0."""
    name = {"compiled": "Compiled", "compiled_in_place": "Compiled", "compiled_inside": "not_compiled"}.get(name, name)
    network = network_class(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = network()
        with torch.no_grad():
            module.eval()(torch.zeros(1, 3, 16, 16))  # lazy modules
    return module.requires_grad_(False)


def maps_of(module: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Every convolution's output for each picture alone, by plain hooks."""
    layers = {name: child for name, child in module.named_modules() if isinstance(child, nn.Conv2d)}
    found: dict[str, list[Tensor]] = {name: [] for name in layers}
    handles = [
        child.register_forward_hook(lambda _m, _i, output, name=name: found[name].append(output.clone()))
        for name, child in layers.items()
    ]
    with torch.no_grad():
        for picture in x.split(1):
            module(picture.clone())
    for handle in handles:
        handle.remove()
    return {name: torch.cat(maps) for name, maps in found.items()}


def analysed(config: LurkConfig) -> ModelReader:
    store = Store(config.cache_dir)
    return ModelReader(store, analyze(config, config.models[0], store))


@pytest.mark.parametrize("name", [*IN_PLACE, *OF_THE_WHOLE_PICTURE, "ManyPicturesMixed", *IN_BATCHES])
def test_scores_are_those_of_each_picture_alone(odd: Project, name: str) -> None:
    config = odd(name)
    reader, maps = analysed(config), maps_of(made(name), input_tensors(config.root / "pictures"))
    assert [entry["name"] for entry in reader.record["layers"]] == list(maps)
    for layer, own_maps in maps.items():
        for found in reader.layer(layer)["filters"]:
            own = own_maps[:, found["index"]]
            for key, scores in (("top_avg", own.mean((1, 2))), ("top_max", own.amax((1, 2)))):
                best = sorted(range(len(scores)), key=lambda image: (-float(scores[image]), image))[:3]
                assert [item["image"] for item in found[key]] == best
                expected = [float(scores[image]) for image in best]
                assert [item["score"] for item in found[key]] == pytest.approx(expected, rel=1e-4, abs=1e-6)
    alone = any("one by one" in note for note in reader.record["notes"])
    assert alone == (name in [*OF_THE_WHOLE_PICTURE, "ManyPicturesMixed"])


def slow_maps(name: str, x: Tensor) -> Tensor:
    """The second layer's maps, with in-place steps written out of place and the guided rule in every rectifier."""
    module: Any = made(name)
    module.act = Guided.apply
    before = getattr(module, "twin_before", module.before)
    between = getattr(module, "twin", module.between)
    return module.b(between(module.a(before(x))))


def slow_gradient(name: str, x: Tensor, request: GradientRequest) -> Tensor:
    """The gradient of a request for one picture, ``(3, h, w)``, by the slow twin."""
    x = x.requires_grad_()
    maps = slow_maps(name, x)[0, request.filter]
    score = maps.mean() if request.position is None else maps[request.position]
    (gradient,) = torch.autograd.grad(score, x)
    return gradient[0]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", [*IN_PLACE, *OF_THE_WHOLE_PICTURE[:-2], *KNOWN_GRADIENTS])
def test_guided_gradients_are_those_of_a_slow_twin(odd: Project, name: str, precision: str) -> None:
    if precision == "bfloat16" and name in ("ScaledByNumpy", "MixedSparsely"):
        pytest.skip("NumPy and sparse products have no bfloat16: such a network is refused")
    config = odd(name, precision=precision)
    session = open_session(config, config.models[0], Store(config.cache_dir), SilentProgress(), Ranks())
    asked = [
        GradientRequest(image, "b", index, position)
        for image, index, position in itertools.product((1, 4), (0, 3), (None, (2, 9), (12, 13)))
    ]
    true = [slow_gradient(name, session.pictures.tensor([request.image]), request) for request in asked]
    least = 0.999 if precision == "float32" else 0.98
    for least_plain_batch in (1, 1000) if precision == "float32" else (1000,):  # in plain passes, and replayed
        settings = GradientSettings(least_plain_batch=least_plain_batch)
        engine = GradientEngine(session.network, "guided", session.pictures.tensor, session.limit_batch, settings)
        places = []
        for place, result in engine.compute(asked):
            assert result.gradient is not None
            found, box = torch.zeros(true[place].shape), result.grad_box or Box(0, 0, 16, 16)
            found[:, box.top : box.bottom, box.left : box.right] = torch.from_numpy(result.gradient)
            assert float(F.cosine_similarity(found.flatten(), true[place].flatten(), 0)) >= least, asked[place]
            places.append(place)
        assert sorted(places) == list(range(len(asked)))


@pytest.mark.parametrize(("name", "is_cut"), [("Standing", True), ("BranchOnPeak", False), ("Centred", False)])
def test_pictures_are_cut_only_for_networks_that_do_not_look_at_all_of_them(
    odd: Project, name: str, is_cut: bool
) -> None:
    config = odd(name)
    session = open_session(config, config.models[0], Store(config.cache_dir), SilentProgress(), Ranks())
    window = window_of_unit(session.network, "a", (8, 8), Box(7, 7, 10, 10), GradientSettings())
    assert (window is not None) == is_cut


AGAIN = r"the network gives something else for class-0/000\.png the second time, first in "
REFUSED = {
    "Dropout": AGAIN + r"layer 'b' \(by .*\): something between layer 'a' and it draws random numbers",
    "Noise": AGAIN + r"layer 'a' \(by .*\): something between the picture and it draws random numbers",
    "NoiseAtTheEnd": AGAIN + r"the network's output \(by .*\): something between layer 'b' and it draws",
    "Counter": AGAIN + r"layer 'b' .* or keeps count; let 'source' name a factory that turns it off$",
    "SwitchedByABuffer": r"the network changes its own buffer 'seen' with every picture, though .*; let 'source' name",
    "CountsInAList": r"the network counts in seen\[0\], and gives something else for class-0/000\.png after many pict",
    "CountsInItsClass": r"the network counts in CountsInItsClass\.left, .*, first in layer 'b'; let 'source' name",
    "counts_around_it": r"the network counts in calls, and gives something else",
    "CountsInATensor": r"the network changes its own attribute 'seen' with every picture",
    "RunningMean": AGAIN + r"layer 'b' ",
    "CentredByTheFirst": r"something else for class-0/000\.png where that is the first picture it sees: it keeps",
    "ScaledByTheFirst": r"something else for class-0/000\.png where that is the first picture it sees: it keeps",
    "Detached": r"layer 'b' has no gradient: the network leaves autograd \(detach, .*; change that, or leave out this",
    "WithoutGradient": r"layer 'a' has no gradient: the network leaves autograd",
    "Rounded": r"layer 'b' has no gradient: round, whose derivative is zero, stands between the picture and the layer",
    "ThroughNumpy": r"the network's output holds no tensor that depends on the picture; a step through NumPy",
    "NotFinite": r"layer 'b' gives NaN or infinity on class-0/000\.png, the first",
    "FailsOnPictures": r"the network runs on a blank picture, but fails on class-0/000\.png \(ValueError: only blank",
    "SkipsALayer": r"layer 'b' runs on a blank picture, but not on class-0/000\.png: .* layers: \{exclude: \['b'\]\}$",
    "WithoutDerivative": r"layer 'b' cannot be differentiated \(NotImplementedError: .*; change the step",
    "SideBranch": r"layer 'side' cannot be differentiated \(NotImplementedError: .*; change the step",
    "Checkpointed": r"layer 'c' cannot be differentiated \(CheckpointError: torch\.utils\.checkpoint",
    "Grey": r"layer 'a' takes 1 channel, but the transform makes pictures of 3; say transform: \{channels: 1\}, with",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_analysed_is_refused_in_one_line_before_anything_is_computed(odd: Project, name: str) -> None:
    config = odd(name)
    with pytest.raises(LurkError, match=REFUSED[name]) as caught:
        analysed(config)
    assert "\n" not in str(caught.value)
    assert not list(config.cache_dir.rglob("*.unit"))


def test_outputs_that_are_no_rows_of_pictures_are_not_evaluated(odd: Project) -> None:
    reader = analysed(odd("Transposed"))
    assert "skipped" in reader.record["evaluation"]


def opened(config: LurkConfig) -> Session:
    """Load and rehearse a model, as ``inspect`` does."""
    return open_session(config, config.models[0], Store(config.cache_dir), SilentProgress(), Ranks())


def test_what_changes_later_is_found_before_the_stages_that_follow_and_leaves_nothing(odd: Project) -> None:
    config = odd("TiresOfPictures")
    with pytest.raises(LurkError, match="than before the analysis, first in layer 'b'"):
        analysed(config)
    assert not list(config.cache_dir.rglob("*.unit"))


def test_a_full_memory_is_no_other_result(odd: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened(odd("Standing"))

    def run_out(*_: Any) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr("mkdocs_lurk.analysis.forward_passes.run_pass", run_out)
    session.rehearsed.first.require_same()


@pytest.mark.parametrize("name", ["RootOfOutput", "KeepsTheLast", "CountsForNothing"])
def test_equal_nan_and_what_a_network_keeps_without_using_it_change_nothing(odd: Project, name: str) -> None:
    session = opened(odd(name))
    assert session.rehearsed.one_by_one is None
    assert session.rehearsed.outputs is not None
    is_finite = bool(session.rehearsed.outputs.isfinite().all())
    assert is_finite == (name != "RootOfOutput")
    assert bool(inspect_session(session)["predictions"]) == is_finite


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("ManyPicturesMixed", "(layer 'b' changes in a batch of 16)"),
        ("ManyMorePicturesMixed", "(layer 'b' changes in a batch of 64)"),
        ("FewPicturesOnly", "(layer 'b' changes in a batch of 16)"),
    ],
)
def test_pictures_that_change_each_other_in_larger_batches_alone_are_found_before_the_analysis(
    odd: Project, name: str, place: str
) -> None:
    session = opened(odd(name))
    assert place in str(session.rehearsed.one_by_one)
    assert session.limit_batch(16) == 1


@pytest.mark.parametrize("name", ["SideBranch", "Checkpointed"])
def test_what_some_layer_cannot_do_is_found_without_an_analysis(odd: Project, name: str) -> None:
    with pytest.raises(LurkError, match=REFUSED[name]):
        opened(odd(name))


def test_hooks_that_give_back_what_they_saved_are_no_hindrance(odd: Project) -> None:
    assert [layer.name for layer in opened(odd("SavedElsewhere")).layers]


def test_a_number_format_that_the_network_does_not_take_is_found_before_the_analysis(
    odd: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = odd("PlainConstant")
    with pytest.raises(LurkError, match=r"^the network does not run in bfloat16 \(RuntimeError: .*precision: float32"):
        opened(replace(config, precision="bfloat16"))
    monkeypatch.setattr("mkdocs_lurk.run.session.choose_fast_dtype", lambda *_: torch.bfloat16)
    assert opened(config).network.fast_dtype == torch.float32  # with precision: auto
    assert opened(odd("Standing")).network.fast_dtype == torch.bfloat16


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning", "ignore:.torch.jit:FutureWarning")
@pytest.mark.parametrize("name", ["scripted", "frozen", "traced"])
def test_a_scripted_network_is_refused_with_the_ways_out(odd: Project, name: str) -> None:
    with pytest.raises(LurkError, match=r"^model 'tiny': the factory gave a scripted, .*torch\.export\.save$"):
        analysed(odd(name))


def test_unreadable_pictures_are_found_before_the_analysis(odd: Project) -> None:
    config = odd("Standing")
    for path in (config.root / "pictures").rglob("*.png"):
        path.write_bytes(b"no picture")
    message = (
        r"images: not one of 6 pictures can be read: class-0/000\.png cannot be read \(no picture that Pillow knows"
    )
    with pytest.raises(LurkError, match=message):
        analysed(config)


def test_one_readable_picture_suffices(odd: Project) -> None:
    config = odd("Standing")
    for path in sorted((config.root / "pictures").rglob("*.png"))[:5]:
        path.write_bytes(b"no picture")
    assert len([image for image in analysed(config).record["images"] if "skipped" not in image]) == 1


def test_a_network_of_one_channel_needs_another_transform_of_the_author(odd: Project, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import numpy as np\nimport torch\n\n\ndef make():\n"
        "    return lambda image: torch.from_numpy(np.array(image, np.float32)).movedim(-1, 0) / 255\n"
    )
    message = (
        r"takes 1 channel, but the transform makes pictures of 3; let own\.py:make give tensors of shape \(1, h, w\)$"
    )
    with pytest.raises(LurkError, match=message):
        opened(odd("Grey", transform="own.py:make"))
