"""Every option is read, and the defaults are those of the contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mkdocs_lurk.config.options import LayersConfig, SynthesisConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.config.transform import TransformSpec
from mkdocs_lurk.errors import ConfigError
from tests.config.declarations import plugin_options, read_model


def test_the_defaults_are_those_of_the_contract(site: Path) -> None:
    config = from_mapping(plugin_options(), site)
    assert config.cache_dir == site / ".cache/plugin/lurk"
    assert (config.missing, config.on_serve, config.device, config.precision) == ("analyze", "cached", "auto", "auto")
    assert (config.nav.mode, config.nav.section) == ("inject", "Models")
    net = config.models[0]
    assert (net.title, net.weights, net.classes, net.transform, net.card) == ("net", None, None, "imagenet", None)
    assert (net.layers, net.filters, net.top_k, net.gradient, net.seed) == (LayersConfig(), "all", 4, "guided", 0)
    assert net.synthesis == SynthesisConfig(None, "default", "mean", "all")
    assert (net.groups, net.label_map) == (None, {})


def test_every_key_of_a_model_is_read(site: Path) -> None:
    net = read_model(
        site,
        title="A net",
        source="nets/small.py:Net",
        arguments={"width": 8},
        weights="weights.safetensors",
        classes=["cat", 7],
        groups={"pets": ["cat", 7]},
        label_map={"tom": "cat", 9: 0, "*/blurred-*": None},
        transform={"resize": 28, "crop": [24, 28], "mean": 0.5, "std": [0.25], "channels": 1},
        layers={"include": "features.*", "exclude": ["*.1"]},
        filters={"features.*": 8, "stem": [5, 1, 5]},
        top_k=9,
        gradient="deconv",
        synthesis={"steps": 12, "quality": "best", "target": "centre", "filters": {"*": 0}},
        card="card.md",
        seed=3,
    )
    assert net.weights_path == site / "weights.safetensors"
    assert net.classes == ("cat", "7")
    assert net.groups == {"pets": ("cat", "7")}
    assert net.label_map == {"tom": "cat", "9": 0, "*/blurred-*": None}
    assert net.transform == TransformSpec(28, (24, 28), (0.5,), (0.25,), 1)
    assert net.layers == LayersConfig(("features.*",), ("*.1",))
    assert net.filters == {"features.*": 8, "stem": (1, 5)}
    assert net.synthesis == SynthesisConfig(12, "best", "centre", {"*": 0})
    assert net.card == site / "card.md"


MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
TRANSFORMS = {
    "three channels without mean and std are ImageNet's": ({"resize": 32}, TransformSpec(32, None, MEAN, STD, 3)),
    "a range changes neither": (
        {"value_range": [0, 4095]},
        TransformSpec(None, None, MEAN, STD, 3, value_range=(0, 4095)),
    ),
    "0 and 1 are no normalisation": (
        {"mean": 0, "std": 1},
        TransformSpec(None, None, (0.0,) * 3, (1.0,) * 3, 3),
    ),
    "a list says how many channels there are": (
        {"mean": [0.1, 0.2], "std": 0.5},
        TransformSpec(None, None, (0.1, 0.2), (0.5, 0.5), 2),
    ),
    "normalised values of a range: decibels from -80 to 0, mean -40 and std 10": (
        {"normalised": True, "mean": [-40], "std": [10], "value_range": [-80, 0]},
        TransformSpec(None, None, (0.5,), (0.125,), 1, normalised=True, value_range=(-80, 0)),
    ),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_by_numbers_is_completed(site: Path, name: str) -> None:
    declared, expected = TRANSFORMS[name]
    assert read_model(site, transform=declared).transform == expected


def test_the_word_none_and_a_null_are_the_same(site: Path) -> None:
    assert read_model(site, weights="none").weights is None
    assert read_model(site, weights=None).weights is None


def test_defaults_are_merged_into_every_model_and_its_mappings(site: Path) -> None:
    mapping = plugin_options(synthesis={"filters": 2}) | {
        "defaults": {"top_k": 7, "synthesis": {"steps": 5}, "card": "card.md"}
    }
    net = from_mapping(mapping, site).models[0]
    assert (net.top_k, net.synthesis, net.card) == (7, SynthesisConfig(5, filters=2), site / "card.md")


def test_a_model_can_turn_synthesis_off_against_the_defaults(site: Path) -> None:
    mapping = plugin_options(synthesis=False) | {"defaults": {"synthesis": {"steps": 5}}}
    assert from_mapping(mapping, site).models[0].synthesis is None


def test_defaults_can_turn_synthesis_off(site: Path) -> None:
    assert from_mapping(plugin_options() | {"defaults": {"synthesis": False}}, site).models[0].synthesis is None


def test_the_error_for_a_wrong_default_names_its_key_in_defaults(site: Path) -> None:
    with pytest.raises(ConfigError, match=r"^plugins\.lurk\.defaults\.synthesis\.steps: 0 is too small"):
        from_mapping(plugin_options(synthesis={"filters": 2}) | {"defaults": {"synthesis": {"steps": 0}}}, site)


def test_reading_the_configuration_imports_neither_torch_nor_mkdocs() -> None:
    code = "import sys, mkdocs_lurk.config.options; assert not {'torch', 'mkdocs', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own code


def test_weights_may_be_a_choice_of_what_is_in_a_file(site: Path) -> None:
    (site / "w.ckpt").touch()
    model = read_model(site, weights={"file": "w.ckpt", "key": "state_dict_ema", "prefix": "model."})
    assert (model.weights, model.weights_path) == ("w.ckpt", site / "w.ckpt")
    assert (model.weights_detail.key, model.weights_detail.prefix) == ("state_dict_ema", "model")
