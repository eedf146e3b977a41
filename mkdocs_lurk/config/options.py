"""The options of the plugin and of each model, as dataclasses; ``parsing`` makes them of ``mkdocs.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from mkdocs_lurk.config.filters import FilterChoice, check_choice, choose
from mkdocs_lurk.config.transform import TransformSpec

WEIGHT_SUFFIXES = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")
ARCHIVE_SUFFIXES = (".pt2", ".pt", ".pth", ".ts", ".torchscript")


@dataclass(frozen=True, slots=True)
class NavConfig:
    """Where the pages go in the site's navigation."""

    mode: Literal["inject", "none"] = "inject"
    section: str = "Models"


@dataclass(frozen=True, slots=True)
class LayersConfig:
    """Globs over the names of layers: a layer is looked at if one of ``include`` and none of ``exclude`` fits."""

    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SynthesisConfig:
    """How pictures are made by gradient ascent: ``steps`` each, for ``filters`` out of the chosen ones."""

    steps: int = 64
    filters: FilterChoice = "all"


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """One declared network; the keys are those of ``mkdocs.yml``.

    Attributes:
        weights: A file, the name of torchvision weights, or none: as the source makes them.
        classes: ``imagenet``, a file of names, the names themselves, or none: the labels of the pictures.
        root: The folder that relative paths start from.
        place: The key's path, for messages.
    """

    name: str
    title: str
    source: str
    images: str
    root: Path
    arguments: Mapping[str, Any] = field(default_factory=dict)
    weights: str | None = None
    classes: str | tuple[str, ...] | None = None
    transform: str | TransformSpec = "imagenet"
    layers: LayersConfig = LayersConfig()
    filters: FilterChoice = "all"
    top_k: int = 4
    gradient: Literal["guided", "deconv", "saliency"] = "guided"
    synthesis: SynthesisConfig | None = SynthesisConfig()
    card: Path | None = None
    seed: int = 0
    place: str = "plugins.lurk.models[0]"

    @property
    def weights_path(self) -> Path | None:
        """The weights file, or none where weights are named or not given."""
        if self.weights is None or Path(self.weights).suffix not in WEIGHT_SUFFIXES:
            return None
        return self.root / Path(self.weights).expanduser()

    @property
    def torchvision_name(self) -> str | None:
        """The network's name in torchvision, or none where the source is something else."""
        return self.source.partition(":")[2] if self.source.startswith("torchvision:") else None

    def chosen_filters(self, layer: str, count: int) -> tuple[int, ...]:
        """The filters of a layer of ``count`` filters that are looked at, in rising order."""
        return choose(self.filters, layer, range(count))

    def synthesis_filters(self, layer: str, count: int) -> tuple[int, ...]:
        """Those of the chosen filters for which a picture is made."""
        if self.synthesis is None:
            return ()
        return choose(self.synthesis.filters, layer, self.chosen_filters(layer, count))

    def check_layers(self, counts: Mapping[str, int]) -> None:
        """See that every filter choice fits the network.

        Args:
            counts: Filters of each layer that was found, by its name.

        Raises:
            ConfigError: A glob fits no layer, or a listed filter is in none of the layers it is meant for.
        """
        check_choice(self.filters, f"{self.place}.filters", counts)
        if self.synthesis is not None:
            check_choice(self.synthesis.filters, f"{self.place}.synthesis.filters", counts)


@dataclass(frozen=True, slots=True)
class LurkConfig:
    """The plugin's whole configuration."""

    root: Path
    cache_dir: Path
    missing: Literal["analyze", "error", "placeholder"] = "analyze"
    on_serve: Literal["cached", "analyze"] = "cached"
    device: str = "auto"
    precision: str = "auto"
    nav: NavConfig = NavConfig()
    models: tuple[ModelConfig, ...] = ()
