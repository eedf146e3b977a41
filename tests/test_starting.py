"""``mkdocs-lurk init``: what it finds out of a network and its pictures, and that it replaces nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from click.testing import CliRunner, Result
from PIL import Image

from mkdocs_lurk.cli import main
from mkdocs_lurk.plugin.mkdocs_yml import read_mkdocs_yml
from mkdocs_lurk.starting import _title_of
from tests.config.declarations import read_model

NETWORK = """
from torch import nn

def make(channels=3):
    return nn.Sequential(nn.Conv2d(channels, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))

def grey():
    return make(1)

def wide():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1000))

def seven():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 7))

def fixed():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 94 * 94, 2))

def flat():
    return nn.Linear(3, 2)

def tuned():
    network = make()
    network.pretrained_cfg = {"input_size": (3, 64, 64), "mean": (0.5,) * 3, "std": (0.25,) * 3, "crop_pct": 0.875}
    return network
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder but for a network and pictures of 20 x 20 px in two class folders."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(NETWORK)
    for label, value in (("cat", 51), ("dog", 153)):
        picture = tmp_path / "photos" / label / "0.png"
        picture.parent.mkdir(parents=True)
        Image.new("RGB", (20, 20), (value, value, 0)).save(picture)
    return tmp_path


def init(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["init", *arguments])


def options(*arguments: str) -> dict[str, Any]:
    """Write a site, and return what its ``mkdocs.yml`` declares of the model."""
    result = init(*arguments)
    assert result.exit_code == 0, result.output
    assert read_mkdocs_yml(Path("mkdocs.yml")).config.models
    declared = yaml.safe_load(Path("mkdocs.yml").read_text("utf-8"))
    model: dict[str, Any] = declared["plugins"][1]["lurk"]["models"][0]
    return model


def refusal(*arguments: str) -> str:
    result = init(*arguments)
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.splitlines()
    return line


def test_pictures_of_one_size_suggest_that_size_and_their_own_mean(folder: Path) -> None:
    model = options("nets.py:make", "photos", "--title", "My *best* net")
    assert model["transform"] == {"crop": 20, "mean": [0.4, 0.4, 0.0], "std": [0.2, 0.2, 0.001]}
    assert (model["name"], model["title"], model["quick"]) == ("nets", "My *best* net", True)
    assert "classes" not in model
    page, card = ((folder / path).read_text("utf-8") for path in ("docs/index.md", model["card"]))
    assert page.startswith("# My \\*best\\* net\n")
    assert "layer: '0'\nfilter: 0" in page
    assert "My \\*best\\* net is a network with 122 parameters and 2 outputs." in card
    assert "2 pictures of 2 class folders" in card


def test_it_says_the_three_commands_to_run(folder: Path) -> None:
    said = init("nets.py:grey", "photos").output
    assert [line.split("  ")[1] for line in said.splitlines()[1:]] == [
        "mkdocs-lurk plan", "mkdocs-lurk analyze", "mkdocs serve"
    ]  # fmt: skip


def test_a_grey_network_gets_grey_pictures(folder: Path) -> None:
    assert options("nets.py:grey", "photos")["transform"] == {"crop": 20, "mean": [0.355], "std": [0.178]}
    assert (folder / "docs" / "cards" / "grey.md").is_file()


@pytest.mark.parametrize(
    ("factory", "line"),
    [
        (
            "wide",
            "# classes: imagenet  # if the outputs are ImageNet's classes; otherwise a file",
        ),
        ("seven", "# classes: classes.txt  # the names of the 7 outputs, in order, one a line"),
    ],
)
def test_outputs_that_are_not_the_class_folders_are_left_to_name(folder: Path, factory: str, line: str) -> None:
    assert "classes" not in options(f"nets.py:{factory}", "photos")
    assert line in (folder / "mkdocs.yml").read_text("utf-8")


def test_a_network_that_takes_one_size_gets_it(folder: Path) -> None:
    assert options("nets.py:fixed", "photos")["transform"]["crop"] == 96


def test_photos_of_many_sizes_suggest_imagenets_transform(folder: Path) -> None:
    Image.new("RGB", (30, 20)).save(folder / "photos" / "cat" / "1.png")
    assert options("nets.py:make", "photos")["transform"] == "imagenet"


def test_a_network_of_timm_tells_its_transform(folder: Path) -> None:
    assert options("nets.py:tuned", "photos")["transform"] == {
        "resize": 73, "crop": [64, 64], "mean": [0.5] * 3, "std": [0.25] * 3
    }  # fmt: skip


def test_weights_of_torchvision_bring_their_transform_and_number_of_classes(folder: Path) -> None:
    from torchvision.models import squeezenet1_1

    torch.save(squeezenet1_1(num_classes=2).state_dict(), folder / "tuned.pth")
    model = options("squeezenet1_1", "photos", "--weights", "tuned.pth")
    assert model["source"] == "torchvision:squeezenet1_1"
    assert (model["transform"], model["arguments"]) == ("weights", {"num_classes": 2})


def test_torchvisions_usual_weights_stand_without_any(folder: Path) -> None:
    model = options("squeezenet1_1", "photos")
    assert (model["weights"], model["classes"]) == ("DEFAULT", "imagenet")


@pytest.mark.parametrize("path", ["mkdocs.yml", "docs/index.md", "docs/cards/nets.md"])
def test_no_file_is_replaced_and_none_is_left_half_done(folder: Path, path: str) -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text("mine")
    before = sorted(folder.rglob("*"))
    assert refusal("nets.py:make", "photos") == (
        f"Error: init: {path} exists already and is not replaced; run it in another folder, or add the model to "
        "mkdocs.yml by hand"
    )
    assert sorted(folder.rglob("*")) == before
    assert (folder / path).read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("nets.py:make", "photoz"), "Error: init.images: 'photoz' does not exist; did you mean 'photos'?"),
        (("nets.py:mak", "photos"), "Error: model 'mak': nets.py has no 'mak'; did you mean 'make'?"),
        (("squeezenet", "photos"), "Error: model 'squeezenet': torchvision has no network 'squeezenet'; did you mean"),
        (("nets.py:flat", "photos"), "Error: model 'flat': the network runs on no picture of 3 channels and 20 x 20"),
        (("nets.py:make", "photos", "--weights", "x.pth"), "Error: init.weights: 'x.pth' does not exist"),
        (("nets.py:make", "photos", "--name", "a b"), "Error: init.name: 'a b' cannot be an address"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_one_line(folder: Path, arguments: tuple[str, ...], line: str) -> None:
    assert refusal(*arguments).startswith(line)
    assert not (folder / "mkdocs.yml").exists()


def test_a_preview_takes_few_filters_and_steps(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    quick = read_model(tmp_path, quick=True, filters=[3, 5, *range(20, 40)])
    assert quick.chosen_filters("any", 64) == (3, 5, 20, 21, 22, 23, 24, 25)
    assert quick.synthesis is not None
    assert (quick.synthesis.steps, quick.synthesis.quality) == (16, "quick")
    fewer = read_model(tmp_path, quick=True, filters=2, synthesis={"steps": 4, "quality": "best"})
    assert fewer.chosen_filters("any", 64) == (0, 1)
    assert fewer.synthesis is not None
    assert (fewer.synthesis.steps, fewer.synthesis.quality) == (4, "best")
    assert read_model(tmp_path, quick=True, synthesis=False).synthesis is None


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("squeezenet1_1", "SqueezeNet 1.1"),
        ("resnet18", "ResNet-18"),
        ("resnext50_32x4d", "ResNeXt-50 32x4d"),
        ("mobilenet_v3_large", "MobileNetV3-Large"),
        ("efficientnet_v2_s", "EfficientNetV2-S"),
        ("regnet_y_1_6gf", "RegNetY-1.6GF"),
        ("vgg16_bn", "VGG-16 BN"),
        ("wide_resnet50_2", "Wide ResNet-50-2"),
    ],
)
def test_a_network_of_torchvisions_is_called_what_its_paper_calls_it(name: str, title: str) -> None:
    assert _title_of(f"torchvision:{name}", name) == title
    assert _title_of("nets.py:make", "nets-of_mine") == "Nets of mine"


def test_every_classification_network_of_torchvisions_with_convolutions_has_a_title() -> None:
    import torchvision

    names = torchvision.models.list_models(torchvision.models)
    bare = {name for name in names if _title_of(f"torchvision:{name}", name) == name.replace("_", " ").capitalize()}
    assert {name for name in bare if not name.startswith(("vit", "swin", "maxvit"))} == {"inception_v3"}, "its own name"
