"""Start a site: write ``mkdocs.yml``, a first page and a model card for a network and a folder of pictures."""

from __future__ import annotations

import html
import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from mkdocs_lurk.author_errors import author_errors, require_torch
from mkdocs_lurk.config.options import QUICK_FILTERS, QUICK_STEPS, ModelConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.errors import ConfigError, describe_os_error
from mkdocs_lurk.pages import formatting
from mkdocs_lurk.text import one_line

if TYPE_CHECKING:
    from mkdocs_lurk.run.suggestion import Suggestion

_PLACE = "init"
_IMAGENET_OUTPUTS = 1000
_SAYS_NOTHING = frozenset(("build", "create", "factory", "get", "load", "main", "make", "model", "net", "network"))
"""Names of factories that say nothing of the network: the name of its file or module stands instead."""

_FAMILIES = (
    (r"alexnet", "AlexNet"),
    (r"convnext_(\w+)", "ConvNeXt-{0}"),
    (r"densenet(\d+)", "DenseNet-{0}"),
    (r"efficientnet_b(\d)", "EfficientNet-B{0}"),
    (r"efficientnet_v2_(\w)", "EfficientNetV2-{0}"),
    (r"googlenet", "GoogLeNet"),
    (r"inception_v3", "Inception v3"),
    (r"mnasnet(\d)_(\d+)", "MNASNet {0}.{1}"),
    (r"mobilenet_v2", "MobileNetV2"),
    (r"mobilenet_v3_(\w+)", "MobileNetV3-{0}"),
    (r"regnet_([xy])_(\d+)mf", "RegNet{0}-{1}MF"),
    (r"regnet_([xy])_(\d+)gf", "RegNet{0}-{1}GF"),
    (r"regnet_([xy])_(\d)_(\d)gf", "RegNet{0}-{1}.{2}GF"),
    (r"resnet(\d+)", "ResNet-{0}"),
    (r"resnext(\d+)_(\w+)", "ResNeXt-{0} {1}"),
    (r"shufflenet_v2_x(\d)_(\d)", "ShuffleNetV2 x{0}.{1}"),
    (r"squeezenet(\d)_(\d)", "SqueezeNet {0}.{1}"),
    (r"vgg(\d+)", "VGG-{0}"),
    (r"vgg(\d+)_bn", "VGG-{0} BN"),
    (r"wide_resnet(\d+)_(\d)", "Wide ResNet-{0}-{1}"),
)
"""Torchvision's names of classification networks, and what their papers call them."""


def start_site(
    root: Path, source: str, images: str, weights: str | None, name: str | None, title: str | None
) -> list[str]:
    """Write the files of a new site into the current folder; an existing file is never touched.

    Args:
        root: The folder of the site.
        source: The network: a name of torchvision's, or what the option ``source`` takes.
        images: The pictures.
        weights: A file, or the name of torchvision's weights; None for the usual ones of torchvision.
        name: The model's name; None to take that of the source.
        title: Its title; None to take the name.

    Returns:
        The paths of the files, relative to ``root``.

    Raises:
        LurkError: A file exists, or the network, its weights or its pictures cannot be read.
    """
    model = _read(root, source, images, weights, name, title)
    card = f"docs/cards/{model.name}.md"
    _refuse_existing(root, ("mkdocs.yml", "docs/index.md", card))
    require_torch(model)
    from mkdocs_lurk.run.suggestion import suggest  # imports torch

    with author_errors(model):
        found = suggest(model)
    texts = {"docs/index.md": _first_page(model, found), card: _card(model, found)}
    texts["mkdocs.yml"] = _mkdocs_yml(model, found, card)
    for path, text in texts.items():
        _write_new(root / path, text)
    return list(texts)


def _read(
    root: Path, source: str, images: str, weights: str | None, name: str | None, title: str | None
) -> ModelConfig:
    """Return the declaration so far.

    Raises:
        ConfigError: Something in it cannot be followed.
    """
    if re.fullmatch(r"[a-z0-9_]+", source):
        source = f"torchvision:{source}"
    if weights is None and source.startswith("torchvision:"):
        weights = "DEFAULT"
    name = name or _name_of(source)
    declared = {
        "name": name,
        "title": one_line(title or "") or _title_of(source, name),
        "source": source,
        "images": images,
        "weights": weights,
    }
    try:
        return from_mapping({"models": [declared]}, root, _PLACE).models[0]
    except ConfigError as error:
        raise ConfigError(str(error).replace(f"{_PLACE}.models[0]", _PLACE)) from error


def _name_of(source: str) -> str:
    """Return a name for the address of a network's pages: that of its factory, or of the file if that says more."""
    place, _, name = source.rpartition(":")
    parts = re.split(r"[_.]", name)
    words = [part for part in parts if part.lower() not in _SAYS_NOTHING]
    name = "-".join(words) if words else re.split(r"[/.]", place.removesuffix(".py"))[-1]
    return re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "model"


def _title_of(source: str, name: str) -> str:
    """Return a title for a network: what its paper calls it, where torchvision has it, or else its name in words."""
    for pattern, title in _FAMILIES if source.startswith("torchvision:") else ():
        if match := re.fullmatch(pattern, source.removeprefix("torchvision:")):
            return title.format(*(part.upper() if len(part) == 1 else part.capitalize() for part in match.groups()))
    text = name.replace("-", " ").replace("_", " ")
    return text[:1].upper() + text[1:]


def _refuse_existing(root: Path, paths: tuple[str, ...]) -> None:
    """Refuse to replace a file.

    Raises:
        ConfigError: One of them exists.
    """
    for path in paths:
        if (root / path).exists() or (root / path).is_symlink():
            raise ConfigError(
                f"init: {path} exists already and is not replaced; run it in another folder, or add the model to "
                "mkdocs.yml by hand"
            )


def _write_new(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise ConfigError(
            f"init: {path.name} cannot be written ({describe_os_error(error)}); run it in another folder"
        ) from error


def _mkdocs_yml(model: ModelConfig, found: Suggestion, card: str) -> str:
    """Return the text of ``mkdocs.yml``."""
    options: dict[str, object] = {"name": model.name, "title": model.title, "source": model.source}
    if found.arguments:
        options["arguments"] = found.arguments
    if model.weights is not None:
        options["weights"] = model.weights
    options["images"] = model.images
    if found.classes is not None:
        options["classes"] = found.classes
    options |= {"transform": found.transform, "card": card, "quick": True}
    comments = {
        "transform": found.transform_reason,
        "quick": f"a preview: {QUICK_FILTERS} filters of each layer, pictures of {QUICK_STEPS} steps; remove for all",
    }
    lines = [f"{key}: {_yaml(value)}" for key, value in options.items()]
    lines = [
        f"{line}  # {comments[key]}" if key in comments else line for key, line in zip(options, lines, strict=True)
    ]
    if found.classes is None and found.n_outputs not in (0, len(found.labels)):
        lines.append(_classes_comment(found.n_outputs))
    if ":" in model.source and model.weights is None:
        lines.append("# weights: weights.safetensors  # without a file, the weights are those that the source makes")
    model_lines = "\n          ".join(lines)
    theme = "material" if importlib.util.find_spec("material") else "mkdocs"
    return f"""site_name: {_yaml(model.title)}
theme:
  name: {theme}

plugins:
  - search
  - lurk:
      models:
        - {model_lines}
"""


def _classes_comment(n_outputs: int) -> str:
    """Return a line that says how to name outputs that are not the class folders."""
    named = f"the names of the {n_outputs:,} outputs, in order, one a line"
    if n_outputs == _IMAGENET_OUTPUTS:
        return f"# classes: imagenet  # if the outputs are ImageNet's classes; otherwise a file with {named}"
    return f"# classes: classes.txt  # {named}"


def _yaml(value: object) -> str:
    """Return a value as YAML in one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def _first_page(model: ModelConfig, found: Suggestion) -> str:
    """Return the text of ``docs/index.md``: a story through the network, and a filter of its first layer."""
    title = _markdown(model.title)
    return f"""# {title}

What do the filters of [{title}](lurk:{model.name}) respond to? Here is one of each part of the network, from the
first layers to the last.

```lurk
model: {model.name}
show: story
```

Every filter has its own place. This one is in the first layer:

```lurk
model: {model.name}
layer: {_yaml(found.layer)}
filter: 0
show: [crops, histogram]
```
"""


def _card(model: ModelConfig, found: Suggestion) -> str:
    """Return the text of the model card."""
    library = "torchvision" if model.torchvision_name else "pytorch"
    metadata: Mapping[str, object] = {"library_name": library}
    if found.n_outputs > 1:
        metadata = {**metadata, "pipeline_tag": "image-classification"}
    head = "\n".join(f"{key}: {_yaml(value)}" for key, value in metadata.items())
    outputs = f" and {formatting.plural(found.n_outputs, 'output')}" if found.n_outputs else ""
    classes = f" of {len(found.labels):,} class folders" if len(found.labels) > 1 else ""
    return f"""---
{head}
---

{_markdown(model.title)} is a network with {formatting.count(found.parameters)} parameters{outputs}.

<!-- The first paragraph opens the model's page: say there what the network is for, and who made it. -->

## Pictures

Its filters are shown on {formatting.plural(found.n_pictures, "picture")}{classes}.

<!-- Say where they come from and whether the network was trained on them. Sections such as Training, Limits and
     Licence help a reader; https://huggingface.co/docs/hub/model-cards lists the metadata that belongs above. -->
"""


def _markdown(text: str) -> str:
    """Return a title for a Markdown page that its author goes on writing."""
    return re.sub(r"([\\`*_\[\]#|])", r"\\\1", html.escape(text, quote=False))
