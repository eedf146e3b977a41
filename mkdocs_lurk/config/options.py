"""The options of the plugin and of each model, as dataclasses; ``parsing`` makes them from ``mkdocs.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal, get_args

from mkdocs_lurk.config.effect import ESTIMATED, EffectConfig
from mkdocs_lurk.config.filters import FilterSelection, check_filters, select_filters
from mkdocs_lurk.config.images import ImagesDetail
from mkdocs_lurk.config.labels import Groups, LabelMap
from mkdocs_lurk.config.live import LiveConfig
from mkdocs_lurk.config.names import FilterNames, check_names
from mkdocs_lurk.config.pictures import SHOW_ALL, PictureRules
from mkdocs_lurk.config.transform import TransformSpec
from mkdocs_lurk.config.weights import WEIGHT_SUFFIXES, WeightsDetail
from mkdocs_lurk.declared_files import expanded
from mkdocs_lurk.limits import MAX_PIXELS

ARCHIVE_SUFFIXES = (".pt2", ".pt", ".pth", ".ts", ".torchscript")

Missing = Literal["analyze", "error", "placeholder"]
OnServe = Literal["cached", "analyze"]
Precision = Literal["auto", "float32", "bfloat16"]
NavMode = Literal["inject", "none"]
Gradient = Literal["guided", "deconv", "saliency"]
Quality = Literal["quick", "default", "best"]
Target = Literal["mean", "centre"]

MISSING: tuple[Missing, ...] = get_args(Missing)
ON_SERVE: tuple[OnServe, ...] = get_args(OnServe)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
NAV_MODES: tuple[NavMode, ...] = get_args(NavMode)
GRADIENTS: tuple[Gradient, ...] = get_args(Gradient)
QUALITIES: tuple[Quality, ...] = get_args(Quality)
TARGETS: tuple[Target, ...] = get_args(Target)


MODELS_FOLDER = "models"
"""The folder of the list of models under the site, and of the models that are declared without ``page``."""
QUICK_FILTERS, QUICK_STEPS = 8, 16
"""What a preview computes at most: filters of each layer, and steps of gradient ascent."""


def switch(default: bool) -> bool:
    """Declare an option of ``ModelConfig`` that is true or false; nothing else is needed for it to be read."""
    option: bool = field(default=default, metadata={"switch": True})
    return option


@dataclass(frozen=True, slots=True)
class NavConfig:
    """Where the pages go in the site's navigation."""

    mode: NavMode = "inject"
    section: str = "Models"


@dataclass(frozen=True, slots=True)
class LayersConfig:
    """Globs over the names of layers: a layer is analysed if one of ``include`` and none of ``exclude`` fits."""

    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SynthesisConfig:
    """Pictures made by gradient ascent.

    Attributes:
        steps: The steps of each; None for as many as ``quality`` allows in each layer.
        quality: How much computation a picture may take.
        target: What a picture is to raise: the filter's spatial mean, or the unit in the middle of its map.
        filters: Those of the chosen filters that get a picture.
    """

    steps: int | None = None
    quality: Quality = "default"
    target: Target = "mean"
    filters: FilterSelection = "all"


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """One declared network; the keys are those of ``mkdocs.yml``.

    Attributes:
        images: A folder, a glob, a CSV file or the reference of a Dataset; for a list, what messages call it.
        images_detail: A dataset's split, the folder of a CSV file's paths, or the items of a list.
        weights: A file, or the name of torchvision weights; None to keep those that the source makes.
        weights_detail: Which weights of a file are meant.
        classes: ``imagenet``, a file of names, or the names themselves; None for the labels of the pictures.
        range: Whether pictures from the strongest response to the weakest are shown of every filter.
        labels: Whether the classes that a filter responds to are searched for, and proven.
        effect: How the effect of filters on the output is measured; None if it is not.
        facets: Whether the crops that excite each filter most are divided into kinds.
        circuits: Whether the filters through which the network makes each class are searched for.
        tuning: Whether changed pictures are shown to the network, to see what each filter depends on.
        twin: Whether the figures of all filters are compared with those of the network with shuffled weights.
        sanity_checks: Whether gradients are compared with those of the network with shuffled weights.
        live: How the network is published so that it runs in the visitor's browser; None if it is not.
        latency: Whether the time of a forward pass is measured, which depends on the machine.
        groups: Classes that belong together, by the name of their group; None for those of nested class folders.
        label_map: The outputs that labels, or the pictures that globs over paths fit, stand for.
        page: The folder of its pages under the site; None for ``models/NAME``. It changes no result.
        names: The author's names of filters; they change no result.
        names_file: The file that holds them, if they are not in ``mkdocs.yml``.
        max_pixels: A picture of more pixels is not decoded.
        trust: Whether a ``torch.export`` archive may be loaded, which can run code.
        pictures: What of the pictures may be published; it changes no result.
        anonymous: Whether source, paths and author stay out of what is published; it changes no result.
        quick: Whether this is a preview: a few filters of each layer, and few steps of gradient ascent.
        root: The folder that relative paths start from.
        ignore: Names of warnings that the author accepts; they change no result.
        place: The key's path, for messages.
        absent: What would be said of declared files that are not at hand, where that was allowed.
    """

    name: str
    title: str
    source: str
    images: str
    root: Path
    images_detail: ImagesDetail = field(default_factory=ImagesDetail)
    arguments: Mapping[str, object] = field(default_factory=dict)
    weights: str | None = None
    weights_detail: WeightsDetail = field(default_factory=WeightsDetail)
    classes: str | tuple[str, ...] | None = None
    groups: Groups | None = None
    label_map: LabelMap = field(default_factory=dict)
    transform: str | TransformSpec = "imagenet"
    layers: LayersConfig = LayersConfig()
    filters: FilterSelection = "all"
    top_k: int = 4
    gradient: Gradient = "guided"
    synthesis: SynthesisConfig | None = SynthesisConfig()
    card: Path | None = None
    page: str | None = None
    names: FilterNames = field(default_factory=dict)
    names_file: Path | None = None
    range: bool = switch(True)
    labels: bool = switch(True)
    effect: EffectConfig | None = ESTIMATED
    facets: bool = switch(False)
    circuits: bool = switch(False)
    tuning: bool = switch(False)
    twin: bool = switch(False)
    sanity_checks: bool = switch(False)
    live: LiveConfig | None = field(default=None, metadata={"new": True})
    latency: bool = switch(False)
    quick: bool = switch(False)
    seed: int = 0
    max_pixels: int = MAX_PIXELS
    ignore: tuple[str, ...] = ()
    trust: bool = switch(False)
    pictures: PictureRules = SHOW_ALL
    anonymous: bool = switch(False)
    place: str = "plugins.lurk.models[0]"
    absent: tuple[str, ...] = ()

    @property
    def weights_path(self) -> Path | None:
        """The weights file; None if weights are named or not given."""
        if self.weights is None or Path(self.weights).suffix not in WEIGHT_SUFFIXES:
            return None
        return self.root / expanded(self.weights)

    @property
    def folder(self) -> str:
        """The folder of its pages under the site."""
        return self.page or f"{MODELS_FOLDER}/{self.name}"

    @property
    def torchvision_name(self) -> str | None:
        """The network's name in torchvision; None if the source is something else."""
        return self.source.partition(":")[2] if self.source.startswith("torchvision:") else None

    def chosen_filters(self, layer: str, count: int) -> tuple[int, ...]:
        """Return the filters to analyse of a layer with ``count`` filters, in rising order."""
        chosen = select_filters(self.filters, layer, range(count))
        return chosen[:QUICK_FILTERS] if self.quick else chosen

    def synthesis_filters(self, layer: str, count: int) -> tuple[int, ...]:
        """Return the chosen filters for which a picture is synthesised."""
        if self.synthesis is None:
            return ()
        return select_filters(self.synthesis.filters, layer, self.chosen_filters(layer, count))

    def check_layers(self, counts: Mapping[str, int]) -> None:
        """Check that every selection of filters and every name of one fits the network.

        Args:
            counts: The number of filters of each layer, by its name.

        Raises:
            ConfigError: A glob fits no layer, or a listed filter is in none of the layers it is meant for.
        """
        check_filters(self.filters, f"{self.place}.filters", counts)
        if self.synthesis is not None:
            check_filters(self.synthesis.filters, f"{self.place}.synthesis.filters", counts)
        check_names(self.names, f"{self.place}.names", counts)


def switches() -> dict[str, bool]:
    """Return the options of ``ModelConfig`` that are switches, with their defaults."""
    return {option.name: bool(option.default) for option in fields(ModelConfig) if option.metadata.get("switch")}


@dataclass(frozen=True, slots=True)
class LurkConfig:
    """The plugin's whole configuration.

    Attributes:
        compare: Pairs of names of models whose results are compared; they change no result.
        threads: The threads of every process, on which the last digits of results depend; None for one a core.
    """

    root: Path
    cache_dir: Path
    missing: Missing = "analyze"
    on_serve: OnServe = "cached"
    device: str = "auto"
    precision: Precision = "auto"
    threads: int | None = None
    nav: NavConfig = NavConfig()
    models: tuple[ModelConfig, ...] = ()
    compare: tuple[tuple[str, str], ...] = ()
