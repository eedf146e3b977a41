"""Read the plugin's options from ``mkdocs.yml``, key by key, and say in one line where they cannot be followed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from mkdocs_lurk.config.filters import read_choice
from mkdocs_lurk.config.options import (
    ARCHIVE_SUFFIXES,
    WEIGHT_SUFFIXES,
    LayersConfig,
    LurkConfig,
    ModelConfig,
    NavConfig,
    SynthesisConfig,
)
from mkdocs_lurk.config.references import is_reference, reference_file
from mkdocs_lurk.config.transform import TransformSpec, read_spec
from mkdocs_lurk.config.validation import Section, existing, shown, text, texts
from mkdocs_lurk.errors import ConfigError, near

_PLUGIN_KEYS = ("cache_dir", "missing", "on_serve", "device", "precision", "nav", "defaults", "models")
_MODEL_KEYS = (
    "name", "title", "source", "arguments", "weights", "images", "classes", "transform", "layers", "filters",
    "top_k", "gradient", "synthesis", "card", "seed",
)  # fmt: skip


def from_mapping(mapping: Mapping[str, Any], root: Path, place: str = "plugins.lurk") -> LurkConfig:
    """Check a declared mapping and fill in what was left out.

    Args:
        mapping: The plugin's options as YAML gives them.
        root: The folder of ``mkdocs.yml``; relative paths start there.
        place: What the paths of keys in messages start with.

    Raises:
        ConfigError: The first thing that cannot be followed, in one line.
    """
    root = root.resolve()
    top = Section(mapping, place, _PLUGIN_KEYS)
    cache_dir, path = top.get("cache_dir", ".cache/plugin/lurk")
    nav = top.section("nav", ("mode", "section"))
    device, device_path = top.get("device", "auto")
    if not isinstance(device, str) or not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", device):
        raise ConfigError(f"{device_path}: {shown(device)} is not known; give auto, cpu, cuda, cuda:N or mps")
    section, section_path = nav.get("section", "Models")
    return LurkConfig(
        root=root,
        cache_dir=root / Path(text(cache_dir, path, "the folder that keeps the results")).expanduser(),
        missing=cast(Any, top.one_of("missing", "analyze", ("analyze", "error", "placeholder"))),
        on_serve=cast(Any, top.one_of("on_serve", "cached", ("cached", "analyze"))),
        device=device,
        precision=top.one_of("precision", "auto", ("auto", "float32", "bfloat16")),
        nav=NavConfig(
            cast(Any, nav.one_of("mode", "inject", ("inject", "none"))),
            text(section, section_path, "the section's title"),
        ),
        models=_models(top, root),
    )


def _models(top: Section, root: Path) -> tuple[ModelConfig, ...]:
    declared, path = top.get("models", [])
    if not isinstance(declared, (list, tuple)):
        raise ConfigError(f"{path}: {shown(declared)} is no list; give each model as a list item: - name: ...")
    keys = tuple(key for key in _MODEL_KEYS if key != "name")
    defaults = top.section("defaults", keys)
    models: list[ModelConfig] = []
    taken: dict[str, int] = {}
    for index, item in enumerate(declared):
        here = f"{path}[{index}]"
        if not isinstance(item, Mapping):
            raise ConfigError(f"{here}: {shown(item)} is no mapping; give name, source and images")
        model = _model(Section(item, here, _MODEL_KEYS, defaults), root, here)
        first = taken.setdefault(model.name.lower(), index)
        if first != index:
            raise ConfigError(f"{here}.name: {model.name!r} is taken by models[{first}]; give each model its own name")
        models.append(model)
    return tuple(models)


def _model(section: Section, root: Path, place: str) -> ModelConfig:
    name = _name(*section.need("name", "a short name for the address of its pages"))
    title, title_path = section.get("title", name)
    source = _source(
        *section.need("source", "torchvision:NAME, package.module:factory or path/to/file.py:factory"), root
    )
    card, card_path = section.get("card")
    return ModelConfig(
        name=name,
        title=text(title, title_path, "the title of the model's page"),
        source=source,
        images=_images(*section.need("images", "a folder of pictures or package.module:factory of a Dataset"), root),
        root=root,
        arguments=_arguments(*section.get("arguments"), source),
        weights=_weights(*section.get("weights"), source, root),
        classes=_classes(*section.get("classes"), root),
        transform=_transform(section, source, root),
        layers=_layers(section.section("layers", ("include", "exclude"))),
        filters=read_choice(*section.get("filters", "all")),
        top_k=section.whole("top_k", 4, 1, "how many pictures to keep for each filter, 1 or more"),
        gradient=cast(Any, section.one_of("gradient", "guided", ("guided", "deconv", "saliency"))),
        synthesis=_synthesis(section),
        card=None if card is None else existing(text(card, card_path, "a Markdown file"), card_path, root, "file"),
        seed=section.whole("seed", 0, 0, "a seed, 0 or more"),
        place=place,
    )


def _name(value: object, path: str) -> str:
    name = text(str(value) if isinstance(value, int) and not isinstance(value, bool) else value, path, "a short name")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise ConfigError(f"{path}: {shown(name)} cannot be an address; use letters, digits, '-', '_' and '.' only")
    if name.lower() == "index":
        raise ConfigError(f"{path}: 'index' is the address of the list of models; give another name")
    return name


def _source(value: object, path: str, root: Path) -> str:
    forms = "torchvision:NAME, package.module:factory, path/to/file.py:factory or a .pt2 file of torch.export"
    source = text(value, path, forms)
    if re.fullmatch(r"torchvision:\w+", source):
        return source
    if is_reference(source):
        _see_reference(source, path, root)
        return source
    if Path(source).suffix in ARCHIVE_SUFFIXES:
        existing(source, path, root, "file")
        return source
    hint = f"; did you mean 'torchvision:{source}'?" if re.fullmatch(r"[a-z0-9_]+", source) else ""
    raise ConfigError(f"{path}: {source!r} is no source{hint or '; give ' + forms}")


def _see_reference(value: str, path: str, root: Path) -> None:
    file = reference_file(value, root)
    if file is not None:
        existing(value.rpartition(":")[0], path, root, "file")


def _images(value: object, path: str, root: Path) -> str:
    images = text(value, path, "a folder of pictures or package.module:factory of a Dataset")
    if is_reference(images):
        _see_reference(images, path, root)
    else:
        existing(images, path, root, "folder")
    return images


def _arguments(value: object, path: str, source: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ConfigError(f"{path}: {shown(value)} is no mapping; give the factory's keyword arguments by name")
    if source.startswith("torchvision:") and (named := {"weights", "pretrained"} & set(value)):
        raise ConfigError(f"{path}.{min(named)}: weights are not an argument here; give them as the key 'weights'")
    if value and ":" not in source:
        raise ConfigError(f"{path}: {source!r} is an archive, which takes no arguments; leave them out")
    return dict(value)


def _weights(value: object, path: str, source: str, root: Path) -> str | None:
    if value is None or value == "none":
        return None
    forms = "a .safetensors, .pt or .pth file, the name of torchvision weights, or none"
    weights = text(value, path, forms)
    if ":" not in source:
        raise ConfigError(f"{path}: {source!r} is an archive, which holds its own weights; leave the key out")
    if Path(weights).suffix in WEIGHT_SUFFIXES:
        existing(weights, path, root, "file")
        return weights
    if source.startswith("torchvision:") and re.fullmatch(r"(\w+_Weights\.)?\w+", weights):
        return weights
    if "/" in weights or (root / weights).exists():
        existing(weights, path, root, "file")
    raise ConfigError(f"{path}: {weights!r} is no weights; give {forms}")


def _classes(value: object, path: str, root: Path) -> str | tuple[str, ...] | None:
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        return tuple(text(str(item) if isinstance(item, (int, float)) else item, f"{path}[{index}]", "a class's name")
                     for index, item in enumerate(value))  # fmt: skip
    classes = text(value, path, "imagenet, a file of names, or a list of names")
    if classes != "imagenet":
        existing(classes, path, root, "file")
    return classes


def _transform(section: Section, source: str, root: Path) -> str | TransformSpec:
    value, path = section.get("transform", "imagenet")
    if isinstance(value, Mapping):
        return read_spec(value, path)
    forms = "imagenet, weights, {resize, crop, mean, std, channels} or package.module:factory"
    transform = text(value, path, forms)
    if is_reference(transform):
        _see_reference(transform, path, root)
        return transform
    if transform not in ("imagenet", "weights"):
        hint = near(transform, ("imagenet", "weights")) or "; give " + forms
        raise ConfigError(f"{path}: {transform!r} is not known{hint}")
    if transform == "weights" and not source.startswith("torchvision:"):
        raise ConfigError(f"{path}: 'weights' needs a torchvision source; give {{resize, crop, mean, std, channels}}")
    return transform


def _layers(section: Section) -> LayersConfig:
    globs = {}
    for key, default in (("include", ("*",)), ("exclude", ())):
        value, path = section.get(key, default)
        globs[key] = texts([value] if isinstance(value, str) else value, path, "a list of globs over layer names")
    if not globs["include"]:
        raise ConfigError(f"{section.path}.include: the list is empty; give '*' for every convolution")
    return LayersConfig(globs["include"], globs["exclude"])


def _synthesis(section: Section) -> SynthesisConfig | None:
    value, path = section.get("synthesis", True)
    if value is False:
        return None
    if value is not True and value is not None and not isinstance(value, Mapping):
        raise ConfigError(f"{path}: {shown(value)} is not known; give false or {{steps, filters}}")
    if not isinstance(value, Mapping):
        return SynthesisConfig()
    inner = section.section("synthesis", ("steps", "filters"))
    steps = inner.whole("steps", SynthesisConfig().steps, 1, "steps of gradient ascent, 1 or more")
    return SynthesisConfig(steps, read_choice(*inner.get("filters", "all"), least=0))
