"""Checkpoints as trainers, wrappers and averages write them, made with PyTorch's own classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mkdocs_lurk.config.weights import WeightsDetail
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.loading.network import digest_weights
from mkdocs_lurk.models.loading.weights import load_weights


class Small(nn.Module):
    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.features: nn.Module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
            self.classifier = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.classifier(self.features(x).mean((2, 3)))
        return y


class Tied(nn.Module):
    """Two names for one module, and two modules with one kernel."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 3, 3)
        self.b = self.a
        self.c = nn.Conv2d(3, 3, 3)
        self.c.weight = self.a.weight


@pytest.mark.parametrize("prefix", ["", "model."])
def test_a_file_may_name_a_tied_weight_once(tmp_path: Path, prefix: str) -> None:
    state = {name: torch.randn_like(value) for name, value in Tied().state_dict().items()}
    kept = {prefix + name: value for name, value in state.items() if name.startswith("a.") or name == "c.bias"}
    torch.save(kept, tmp_path / "w.pt")
    network = Tied()
    loaded = load_weights(network, tmp_path / "w.pt", "model 'm'")
    assert loaded.parts_without == ()
    assert len(loaded.notes) == bool(prefix)
    assert torch.equal(network.c.weight, state["a.weight"])
    assert torch.equal(network.b.bias, state["a.bias"])
    assert torch.equal(network.c.bias, state["c.bias"])


def test_different_values_for_a_tied_weight_are_refused(tmp_path: Path) -> None:
    state = {name: torch.randn_like(value) for name, value in Tied().state_dict().items()}
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(ModelError, match=r"different values for a\.weight and b\.weight, which are one parameter"):
        load_weights(Tied(), tmp_path / "w.pt", "model 'm'")


class Trainer(nn.Module):
    """Stands for a LightningModule."""

    def __init__(self, **children: nn.Module) -> None:
        super().__init__()
        for name, child in children.items():
            self.add_module(name, child)


def load(content: object, folder: Path, *detail: str | None) -> tuple[Small, tuple[str, ...]]:
    torch.save(content, folder / "w.ckpt")
    net = Small(9)
    return net, load_weights(net, folder / "w.ckpt", "model 'net'", WeightsDetail(*detail)).notes


def refuse(content: object, folder: Path, *detail: str | None) -> str:
    with pytest.raises(ModelError) as caught:
        load(content, folder, *detail)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def inside_parallel() -> nn.Module:
    net = Small(1)
    net.features = nn.DataParallel(net.features)
    return net


def compiled(net: nn.Module) -> nn.Module:
    wrapped: nn.Module = torch.compile(net, backend="eager")  # type: ignore[assignment] # the default one imports more
    return wrapped


def inside_compiled() -> nn.Module:
    net = Small(1)
    net.features = compiled(net.features)
    return net


@pytest.mark.parametrize(
    "saved",
    [
        inside_parallel(),
        inside_compiled(),
        nn.DataParallel(inside_compiled()),
        compiled(Small(1)),
        Trainer(model=nn.DataParallel(Small(1))),
        Trainer(model=compiled(Small(1))),
        Trainer(net=inside_parallel()),
        Trainer(backbone=Small(1), head=nn.Linear(4, 9)),
        Trainer(encoder=Small(1)),
        Trainer(model=Small(1), criterion=nn.CrossEntropyLoss(weight=torch.ones(2)), projection=nn.Linear(2, 2)),
        Trainer(model=Trainer(backbone=Small(1))),
    ],
)
def test_wrapped_networks_have_the_weights_of_the_plain_one(saved: nn.Module, tmp_path: Path) -> None:
    net, notes = load({"state_dict": saved.state_dict(), "epoch": 3}, tmp_path)
    assert digest_weights(net) == digest_weights(Small(1))
    assert notes[0].startswith("In w.ckpt the weights have other names: ")
    left_out = [note for note in notes if note.startswith("The file w.ckpt holds more than this network's weights")]
    outside = [name for name, _ in saved.named_children() if name in ("head", "criterion", "projection")]
    assert bool(left_out) == bool(outside)
    assert all(name in left_out[0] for name in outside)


def test_metrics_beside_an_unwrapped_network_are_left_out(tmp_path: Path) -> None:
    state = {**Small(1).state_dict(), "criterion.weight": torch.ones(2), "train_acc.total": torch.tensor(3)}
    net, notes = load({"state_dict": state}, tmp_path)
    assert digest_weights(net) == digest_weights(Small(1))
    assert notes == (
        "The file w.ckpt holds more than this network's weights; left out: criterion.weight, train_acc.total.",
    )


def test_layers_beside_an_unwrapped_network_are_refused(tmp_path: Path) -> None:
    state = {**Small(1).state_dict(), "extra.weight": torch.ones(2)}
    assert "does not fit the network: not in the network: extra.weight; give this" in refuse(state, tmp_path)


def test_averaged_model_is_loaded_and_called_an_average(tmp_path: Path) -> None:
    averaged = AveragedModel(Small(1))
    averaged.update_parameters(Small(2))
    averaged.update_parameters(Small(3))
    net, notes = load(averaged.state_dict(), tmp_path)
    assert digest_weights(net) == digest_weights(averaged.module)
    assert notes[0] == "The file w.ckpt holds an average of the weights at 2 moments of the training."


@pytest.mark.parametrize("key", ["state_dict_ema", "model_ema", "ema", "ema_state_dict", "ema_model"])
def test_moving_average_is_read_unless_the_author_chooses(key: str, tmp_path: Path) -> None:
    average = AveragedModel(Small(1), multi_avg_fn=get_ema_multi_avg_fn(0.9))
    content = {"state_dict": Small(2).state_dict(), key: average.module.state_dict()}
    net, notes = load(content, tmp_path)
    assert digest_weights(net) == digest_weights(Small(1))
    assert notes == (
        f"Of w.ckpt, the moving average of the weights (EMA) was read: {key}, and not state_dict, the weights at the "
        "end of the training.",
    )
    net, notes = load(content, tmp_path, "state_dict")
    assert (digest_weights(net), notes) == (digest_weights(Small(2)), ())


def test_lightnings_average_is_read_and_called_an_average(tmp_path: Path) -> None:
    """As Lightning's ``WeightAveraging`` saves it: the average takes the place of the state dict."""
    states = {"state_dict": Small(1).state_dict(), "current_model_state": Small(2).state_dict()}
    net, notes = load({**states, "averaging_state": {"n_averaged": torch.tensor(5)}}, tmp_path)
    assert digest_weights(net) == digest_weights(Small(1))
    assert notes == ("Of w.ckpt, the average of the weights was read: state_dict, and not current_model_state.",)


def test_average_in_an_unknown_form_is_mentioned(tmp_path: Path) -> None:
    content = {"model": Small(1).state_dict(), "ema": {"decay": 0.9, "shadow_params": [torch.ones(2)]}}
    net, notes = load(content, tmp_path)
    assert digest_weights(net) == digest_weights(Small(1))
    assert notes == ("The file w.ckpt holds an average of the weights in a form that is not read: ema.",)


def averages(state: object) -> dict[str, object]:
    return {
        "callbacks": {"EMA": {"ema_state_dict": state, "decay": 0.9}},
        "swa_model_state_dict": state,
        "swa_model": {"module." + name: value for name, value in Small(1).state_dict().items()},
        "averaged_model": state,
        "model_averaged": state,
    }


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("callbacks", "callbacks.EMA.ema_state_dict"),
        ("swa_model_state_dict", "swa_model_state_dict"),
        ("swa_model", "swa_model"),
        ("averaged_model", "averaged_model"),
        ("model_averaged", "model_averaged"),
    ],
)
@pytest.mark.parametrize("key", ["model", "state_dict"])
def test_average_is_read_wherever_it_lies(place: str, path: str, key: str, tmp_path: Path) -> None:
    average = averages(Small(1).state_dict())[place]
    net, notes = load({key: Small(2).state_dict(), place: average, "optimizer": {"state": {}}}, tmp_path)
    assert digest_weights(net) == digest_weights(Small(1))
    assert f"average of the weights{' (EMA)' * ('ema' in path)} was read: {path}, and not {key}, the" in notes[0]


def test_an_average_that_does_not_fit_is_named_with_the_way_to_the_other_weights(tmp_path: Path) -> None:
    parameters = dict(Small(1).named_parameters())
    content = {"state_dict": Small(2).state_dict(), "callbacks": {"EMA": {"ema_state_dict": parameters}}}
    assert refuse(content, tmp_path).startswith(
        "model 'net': w.ckpt (of which the average 'callbacks.EMA.ema_state_dict' is read; another by weights: "
        "{file, key}) does not fit the network: missing from the file: features.1.running_mean"
    )
    assert digest_weights(load(content, tmp_path, "state_dict")[0]) == digest_weights(Small(2))


def test_averaged_model_before_its_first_update_is_no_average(tmp_path: Path) -> None:
    """It is a copy of the network at the beginning of the training."""
    content = {"model": Small(1).state_dict(), "swa_model": AveragedModel(Small(2)).state_dict()}
    net, notes = load(content, tmp_path)
    assert digest_weights(net) == digest_weights(Small(1))
    assert notes == (
        "Other weights that fit this network, too, lie in w.ckpt and were not read: swa_model. To read them, say "
        "weights: {file: w.ckpt, key: swa_model}.",
    )


@pytest.mark.parametrize("path", ["teacher", "best_state_dict", "callbacks.StochasticWeightAveraging.average"])
def test_every_other_state_dict_that_fits_is_mentioned_with_the_way_to_it(path: str, tmp_path: Path) -> None:
    other: object = {"model." + name: value for name, value in Small(2).state_dict().items()}
    for part in reversed(path.split(".")):
        other = {part: other}
    assert isinstance(other, dict)
    content = {"model": Small(1).state_dict(), "discriminator": nn.Linear(4, 2).state_dict(), **other}
    net, (note,) = load(content, tmp_path)
    assert digest_weights(net) == digest_weights(Small(1))
    assert f"were not read: {path}. To read them" in note
    net, notes = load(content, tmp_path, path)
    assert digest_weights(net) == digest_weights(Small(2))
    assert not any("other weights that fit" in note for note in notes)


def test_equal_weights_under_two_keys_need_no_word(tmp_path: Path) -> None:
    assert load({"model": Small(1).state_dict(), "best": Small(1).state_dict()}, tmp_path)[1] == ()


def test_settings_of_an_average_are_no_average(tmp_path: Path) -> None:
    assert load({"model": Small(1).state_dict(), "config": {"ema": {"decay": 0.9}}}, tmp_path)[1] == ()


def test_two_networks_that_fit_are_refused_until_one_is_chosen(tmp_path: Path) -> None:
    trainer = Trainer(model=Small(1), ema=AveragedModel(Small(2)))
    content = {"state_dict": trainer.state_dict()}
    message = refuse(content, tmp_path)
    assert "holds several networks that fit (" in message
    assert "choose by 'prefix'" in message
    for prefix, seed in (("model", 1), ("ema", 2), ("ema.module", 2)):
        assert digest_weights(load(content, tmp_path, None, prefix)[0]) == digest_weights(Small(seed))
    assert "begin with 'modle.'; did you mean 'model'" in refuse(content, tmp_path, None, "modle")


def test_two_names_of_the_same_network_are_no_choice(tmp_path: Path) -> None:
    net = Small(1)
    assert digest_weights(load(Trainer(model=net, copy=net).state_dict(), tmp_path)[0]) == digest_weights(net)


def test_teacher_inside_a_plain_state_dict_is_not_taken_silently(tmp_path: Path) -> None:
    state = {**Small(1).state_dict(), **Trainer(teacher=Small(2)).state_dict()}
    assert "holds several networks that fit (" in refuse(state, tmp_path)


def test_several_state_dicts_are_refused_until_one_is_chosen(tmp_path: Path) -> None:
    content = {"model": Small(1).state_dict(), "net": Small(2).state_dict()}
    assert "holds several state dicts (model, net); choose one by its key" in refuse(content, tmp_path)
    content = {"discriminator": Small(1).state_dict(), "parts": {"generator": Small(2).state_dict()}}
    assert "weights: {file: w.ckpt, key: discriminator}" in refuse(content, tmp_path)
    averaged = {"generator": Small(1).state_dict(), "generator_ema": Small(2).state_dict()}
    assert "weights: {file: w.ckpt, key: generator_ema}" in refuse(averaged, tmp_path)
    assert digest_weights(load(content, tmp_path, "parts.generator")[0]) == digest_weights(Small(2))
    assert refuse(content, tmp_path, "generater").endswith("under the key 'generater'; did you mean 'parts.generator'?")


def test_part_of_the_network_under_backbone_is_refused(tmp_path: Path) -> None:
    state = {f"backbone.{name}": value for name, value in Small(1).state_dict().items() if name.startswith("feat")}
    assert "missing from the file: classifier.weight, classifier.bias" in refuse(state, tmp_path)


def test_near_names_are_suggested(tmp_path: Path) -> None:
    state = Small(1).state_dict()
    state["clasifier.weight"], state["clasifier.bias"] = state.pop("classifier.weight"), state.pop("classifier.bias")
    assert "did you mean 'clasifier.weight'" in refuse(state, tmp_path)


def unusual(make: Any) -> dict[str, Tensor]:
    state: dict[str, Tensor] = Small(1).state_dict()
    state["classifier.weight"] = make(state["classifier.weight"])
    return state


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda w: w.to("meta"), "holds no values (classifier.weight is on the meta device)"),
        (lambda w: w.to_sparse(), "is sparse or nested (classifier.weight)"),
        (lambda w: torch.quantize_per_tensor(w, 0.1, 0, torch.qint8), "is quantised (classifier.weight)"),
        (lambda w: w.to(torch.complex64), "classifier.weight is 2x4 complex in the file, 2x4 in the network"),
    ],
    ids=["meta", "sparse", "quantised", "complex"],
)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_unusual_weights_are_refused(make: Any, expected: str, tmp_path: Path) -> None:
    assert expected in refuse(unusual(make), tmp_path)


def test_note_says_where_rounding_lost_digits(tmp_path: Path) -> None:
    assert load(unusual(lambda w: w.double()), tmp_path)[1] == ()
    assert load(unusual(lambda w: w.bfloat16()), tmp_path)[1] == ()
    assert load(unusual(lambda w: w.double() + 1e-12), tmp_path)[1] == (
        "The file w.ckpt holds numbers of 64 bits, which were rounded to 32: classifier.weight.",
    )
