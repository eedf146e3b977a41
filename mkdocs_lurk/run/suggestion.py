"""Suggest the options of a network that somebody just made: its transform, classes and outputs, found out by trying."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from mkdocs_lurk.config.author_code import author_code
from mkdocs_lurk.config.options import LayersConfig, ModelConfig
from mkdocs_lurk.errors import ImageError, LurkError, ModelError
from mkdocs_lurk.images.framing import convert_channels
from mkdocs_lurk.images.image_set import ImageSet, list_images
from mkdocs_lurk.images.sample import spread
from mkdocs_lurk.images.transforms import make_transform
from mkdocs_lurk.models.loading.network import Network
from mkdocs_lurk.models.loading.sources import load_network
from mkdocs_lurk.models.tracing.layers import find_layers
from mkdocs_lurk.models.tracing.trace import trace_network

log = logging.getLogger("mkdocs.plugins.lurk")

_MEASURED = 256
"""Pictures whose sizes and values are measured at most."""
_USUAL_SIDES = (224, 32, 28, 64, 96, 128, 160, 192, 227, 256, 299, 384)
"""Sides of the input that are tried, in px, where neither weights nor pictures tell one."""
_IMAGENET_OUTPUTS = 1000
_DIGITS = 3
_SMALLEST_STD = 0.001


@dataclass(frozen=True)
class Suggestion:
    """What was found out about a declared network and its pictures.

    Attributes:
        transform: The value of ``transform``, as ``mkdocs.yml`` gives it.
        transform_reason: Where it comes from, in a few words.
        arguments: Keyword arguments of the source; empty if it takes none.
        classes: The value of ``classes``; None for the names of the class folders.
        n_outputs: Numbers that the network gives for a picture; 0 if it gives no row of them.
        parameters: Their number.
        layer: The name of the first layer that can be analysed.
        n_pictures: All pictures.
        labels: The names of the class folders.
    """

    transform: str | dict[str, object]
    transform_reason: str
    arguments: dict[str, object]
    classes: str | None
    n_outputs: int
    parameters: int
    layer: str
    n_pictures: int
    labels: tuple[str, ...]


@dataclass(frozen=True)
class _Measured:
    """What pictures are like: ``size`` is the ``(h, w)`` that all have, None if they differ; values are from 0 to 1."""

    size: tuple[int, int] | None
    mean: list[float]
    std: list[float]


@dataclass(frozen=True)
class _Input:
    """A suggested transform, where it comes from, and the ``(c, h, w)`` that it gives."""

    transform: str | dict[str, object]
    reason: str
    size: tuple[int, int, int]


def suggest(model: ModelConfig) -> Suggestion:
    """Load a network without downloading anything, look at its pictures, and suggest what else to declare.

    Args:
        model: Its name, source, weights and images are used.

    Raises:
        LurkError: The network, its weights or its pictures cannot be read, or the network runs at no usual size.
    """
    images = list_images(model)
    loaded, arguments = _load(model, len(images.labels))
    with author_code(model.root):
        found = _suggest_input(model, loaded.module, images)
        n_outputs = _count_outputs(loaded.module, found.size) or 0
        trace = trace_network(loaded.module, torch.zeros(1, *found.size))
    layers = find_layers(trace, LayersConfig()).layers
    is_imagenets = n_outputs == _IMAGENET_OUTPUTS and (model.torchvision_name or _timm_settings(loaded.module))
    return Suggestion(
        transform=found.transform,
        transform_reason=found.reason,
        arguments=arguments,
        classes="imagenet" if is_imagenets and len(images.labels) != n_outputs else None,
        n_outputs=n_outputs,
        parameters=loaded.parameters,
        layer=layers[0].name,
        n_pictures=len(images),
        labels=images.labels,
    )


def _load(model: ModelConfig, n_labels: int) -> tuple[Network, dict[str, object]]:
    """Load the network, and return the arguments that its source needs: torchvision's for other classes, say.

    Named weights stay where they are: neither shapes nor layers depend on them.
    """
    plain = model if model.weights_path is not None else replace(model, weights=None)
    try:
        return load_network(plain, (3, _USUAL_SIDES[0], _USUAL_SIDES[0])), {}
    except ModelError:
        if model.torchvision_name is None or model.weights_path is None or n_labels < 2:
            raise
        arguments: dict[str, object] = {"num_classes": n_labels}
        try:
            return load_network(replace(plain, arguments=arguments)), arguments
        except LurkError as error:
            log.debug("the weights do not fit %d classes either: %s", n_labels, error)
        raise


def _suggest_input(model: ModelConfig, module: nn.Module, images: ImageSet) -> _Input:
    """Suggest a transform: that of the weights, else that of the network's own settings, else one for the pictures."""
    if model.torchvision_name is not None:
        try:
            preset = make_transform(replace(model, transform="weights"))
        except LurkError as error:  # of a detector, say
            log.debug("no transform of the weights: %s", error)
        else:
            size = (preset.channels, preset.height, preset.width)
            if _count_outputs(module, size) is not None:
                return _Input("weights", "what torchvision recommends for the weights", size)
    settings = _timm_settings(module)
    if settings is not None:
        return settings
    return _for_pictures(module, images)


def _timm_settings(module: nn.Module) -> _Input | None:
    """Return the transform that a network of timm recommends for its weights; None if it tells none."""
    settings: Any = getattr(module, "pretrained_cfg", None)
    try:
        channels, height, width = settings["input_size"]
        resize = round(min(height, width) / settings.get("crop_pct", 1))
        mean, std = list(settings["mean"]), list(settings["std"])
    except (TypeError, KeyError, ValueError, AttributeError):
        return None
    transform = {"resize": resize, "crop": [height, width], "mean": mean, "std": std}
    return _Input(transform, "the network's own settings (pretrained_cfg)", (channels, height, width))


def _for_pictures(module: nn.Module, images: ImageSet) -> _Input:
    """Suggest a transform from what the pictures are like, and from the sizes at which the network runs.

    Raises:
        ModelError: It runs at none of the usual sizes.
    """
    channels = next((int(c.in_channels) for c in module.modules() if isinstance(c, nn.Conv2d)), 3)
    measured = _measure(images, channels)
    sizes = [(side, side) for side in _USUAL_SIDES]
    if measured.size is not None:
        sizes.insert(0, measured.size)
    size = next((size for size in sizes if _count_outputs(module, (channels, *size)) is not None), None)
    if size is None:
        tried = ", ".join(f"{height} x {width}" for height, width in sizes)
        raise ModelError(
            f"the network runs on no picture of {channels} channels and {tried} px; let the factory return a network "
            "that takes pictures (n, c, h, w), or write mkdocs.yml by hand"
        )
    if channels == 3 and measured.size is None and size == (_USUAL_SIDES[0],) * 2:
        return _Input("imagenet", "short side 256 px, centre 224 px, ImageNet's mean and std", (3, *size))
    crop: object = size[0] if size[0] == size[1] else list(size)
    numbers: dict[str, object] = {} if measured.size == size else {"resize": min(size)}
    numbers |= {"crop": crop, "mean": measured.mean, "std": measured.std}
    return _Input(numbers, "mean and std of the pictures; give those of the training if they differ", (channels, *size))


def _count_outputs(module: nn.Module, size: tuple[int, int, int]) -> int | None:
    """Return how many numbers a network gives for a blank picture ``(c, h, w)``.

    Returns:
        0 if it gives no row of them; None if it does not run on a picture of this size.
    """
    try:
        with torch.no_grad():
            output = module(torch.zeros(1, *size))
    except Exception as error:  # whatever the author's forward method raises
        log.debug("the network does not run at %s: %s", size, error)
        return None
    return output.shape[1] if isinstance(output, torch.Tensor) and output.dim() == 2 else 0


def _measure(images: ImageSet, channels: int) -> _Measured:
    """Measure the sizes and the values of pictures spread evenly through the set.

    Raises:
        ImageError: None of them can be read.
    """
    sizes: set[tuple[int, int]] = set()
    rows = list(_values(images, channels, sizes))
    if not rows:
        raise ImageError("not one of the pictures can be read; repair or replace them")
    count = sum(len(values) for values in rows)
    mean = sum(values.sum(0) for values in rows) / count
    std = np.sqrt(sum((values**2).sum(0) for values in rows) / count - mean**2)
    return _Measured(
        sizes.pop() if len(sizes) == 1 else None,
        [round(float(value), _DIGITS) for value in mean],
        [max(_SMALLEST_STD, round(float(value), _DIGITS)) for value in std],
    )


def _values(images: ImageSet, channels: int, sizes: set[tuple[int, int]]) -> Iterator[NDArray[np.float64]]:
    """Yield the values of each picture, ``(n_pixels, channels)`` from 0 to 1, and add its ``(h, w)`` to ``sizes``."""
    for image in spread(len(images), _MEASURED):
        try:
            picture = convert_channels(images.open(image), channels)
        except ImageError as error:
            log.debug("a picture is not measured: %s", error)
            continue
        values = np.asarray(picture)
        sizes.add((values.shape[0], values.shape[1]))
        scale = 255 if values.dtype == np.uint8 else 1
        yield values.reshape(-1, channels).astype(np.float64) / scale
