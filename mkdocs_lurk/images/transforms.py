"""Transform a picture to the network's input, by way of the pixels that are stored and shown."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from mkdocs_lurk.config.author_code import collect_reading
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.references import import_reference
from mkdocs_lurk.config.transform import IMAGENET_MEAN, IMAGENET_STD, TransformSpec
from mkdocs_lurk.errors import ConfigError, DatasetError, ImageError, is_users_interrupt, name_error
from mkdocs_lurk.images.author_thread import call_author
from mkdocs_lurk.images.framing import convert_channels, resize_and_crop
from mkdocs_lurk.images.image_set import ImageSet
from mkdocs_lurk.images.reading import Picture
from mkdocs_lurk.images.values import Pixels, ValueScale, restore_8_bits
from mkdocs_lurk.text import published_reference

log = logging.getLogger("mkdocs.plugins.lurk.images")

IMAGENET = TransformSpec(256, (224, 224), IMAGENET_MEAN, IMAGENET_STD, 3)
_REPEATS = 8  # transforms of one picture, to see whether it stays the same: a random step may be left out at times
_RANGE_SAMPLES = 64  # pictures from which the range of an unknown normalisation is taken


@dataclass(frozen=True)
class Transform:
    """What turns a model's pictures into its input; the same numbers as torchvision's own steps.

    Attributes:
        channels: Channels of the input.
        height: Rows of the input, in pixels.
        width: Columns of the input, in pixels.
        mean: One value per channel, on the scale 0..1; subtracted from the pixels.
        std: One value per channel; the difference is divided by it.
        notes: Sentences about what was assumed.
    """

    channels: int
    height: int
    width: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_authored(self) -> bool:
        """Whether the author's own code transforms the pictures; it runs in the author's thread only."""
        return False

    @property
    def identity(self) -> list[object]:
        """Everything that the result depends on but the picture: a part of every key."""
        return [self.channels, self.height, self.width, list(self.mean), list(self.std)]

    def pixels(self, image: Picture) -> Pixels:
        """Return a picture at the network's input size, not normalised: ``(h, w, c)``, uint8, or float32 in 0..1.

        Raises:
            ImageError: The picture does not fit; the message continues after the picture's name.
        """
        raise NotImplementedError

    def tensor(self, pixels: Pixels) -> Tensor:
        """Return pixels ``(h, w, c)`` normalised, as the network's input ``(c, h, w)``, float32."""
        values = torch.from_numpy(np.moveaxis(pixels, -1, 0).copy()).to(torch.float32)
        if pixels.dtype == np.uint8:
            values = values.div(255)
        mean = torch.tensor(self.mean, dtype=torch.float32)[:, None, None]
        std = torch.tensor(self.std, dtype=torch.float32)[:, None, None]
        return values.sub_(mean).div_(std)


@dataclass(frozen=True)
class ResizeAndCrop(Transform):
    """Resize, crop from the centre, and normalise.

    Attributes:
        resize: Pixels of the short side, or ``(h, w)``; None to keep the size.
        crop: ``(h, w)`` pixels from the centre; None if all pictures have the same size without it.
        interpolation: The filter of the resize.
        scale: What the pictures' values mean, where that is declared; applied when a picture is read.
    """

    resize: int | tuple[int, int] | None = None
    crop: tuple[int, int] | None = None
    interpolation: Image.Resampling = Image.Resampling.BILINEAR
    scale: ValueScale | None = None

    @property
    def identity(self) -> list[object]:
        """Everything that the result depends on but the picture."""
        scale = [] if self.scale is None else [self.scale.identity]
        return [*super().identity, self.resize, self.crop, self.interpolation.name, *scale]

    def pixels(self, image: Picture) -> Pixels:
        """Return a picture at the network's input size, not normalised."""
        pixels = resize_and_crop(convert_channels(image, self.channels), self.resize, self.crop, self.interpolation)
        height, width = pixels.shape[:2]
        if self.crop is None and self.height and (height, width) != (self.height, self.width):
            raise ImageError(
                f"is {height}x{width} px where the first picture is {self.height}x{self.width}; "
                "give 'crop' in the model's transform"
            )
        return pixels


@dataclass(frozen=True)
class CustomTransform(Transform):
    """The author's own function, whose normalisation is undone so that the picture can be shown.

    Attributes:
        function: Turns a PIL picture, or a dataset's array, into a float tensor ``(c, h, w)``.
        name: The reference that the author declared, for messages.
        code: Digest of the modules and the data files that the function was made from.
        tells_normalisation: Whether ``mean`` and ``std`` are the function's own; else its range of values stands in.
    """

    function: Callable[[Picture], object] = torch.as_tensor
    name: str = ""
    code: str = ""
    tells_normalisation: bool = True

    @property
    def is_authored(self) -> bool:
        """Whether the author's own code transforms the pictures."""
        return True

    @property
    def identity(self) -> list[object]:
        """Everything that the result depends on but the picture: the author's code and the files that it opened."""
        return [*super().identity, self.code]

    def pixels(self, image: Picture) -> Pixels:
        """Return a picture at the network's input size, the function's normalisation undone."""
        values = call_author(_apply, self.function, image, self.name)
        if tuple(values.shape) != (self.channels, self.height, self.width):
            expected = f"({self.channels}, {self.height}, {self.width})"
            raise ImageError(f"comes out of {self.name} as {tuple(values.shape)} where the first picture is {expected}")
        std, mean = np.array(self.std, np.float32), np.array(self.mean, np.float32)
        pixels = np.moveaxis(values.numpy(), 0, -1) * std + mean
        return restore_8_bits(pixels)


def make_transform(config: ModelConfig, images: ImageSet | None = None) -> Transform:
    """Make a model's transform from its declaration.

    Args:
        config: The model; its ``transform`` is used.
        images: The model's pictures; the first readable one determines the size of the input if the declaration does
            not.

    Raises:
        ConfigError: The declared weights have no transform.
        ImageError: The author's own transform fails, or no picture can be read where one is needed.
    """
    declared = config.transform
    images = ImageSet(config.root, ()) if images is None else images
    if declared == "imagenet":
        return _from_spec(IMAGENET, images)
    if isinstance(declared, TransformSpec):
        return _from_spec(declared, images)
    if declared == "weights":
        return _from_weights(config)
    return call_author(_from_factory, declared, config, images)


def _from_spec(spec: TransformSpec, images: ImageSet) -> ResizeAndCrop:
    height, width = spec.crop or (0, 0)
    if spec.crop is None:
        probe = ResizeAndCrop(spec.channels, 0, 0, spec.mean, spec.std, (), spec.resize)
        height, width = probe.pixels(images.open_first()).shape[:2]
    scale = ValueScale.of(spec)
    return ResizeAndCrop(spec.channels, height, width, spec.mean, spec.std, (), spec.resize, spec.crop, scale=scale)


def _from_weights(config: ModelConfig) -> ResizeAndCrop:
    """Make the transform that torchvision recommends for its weights: the named ones, else the default ones."""
    import torchvision.models as zoo

    from mkdocs_lurk.models.loading.sources import weights_entry

    subject, name = f"model {config.name!r}", config.torchvision_name or ""
    chosen = config.weights if config.weights is not None and config.weights_path is None else "DEFAULT"
    if name not in zoo.list_models():
        raise ConfigError(
            f"{config.place}.transform: torchvision has no network {name!r}; give another source, or numbers"
        )
    preset = weights_entry(name, chosen, subject).transforms()
    if not hasattr(preset, "crop_size"):
        raise ConfigError(
            f"{config.place}.transform: the weights of {name!r} have no transform for classification; give "
            "transform: {resize, crop, mean, std}"
        )
    resize, crop = preset.resize_size, preset.crop_size
    return ResizeAndCrop(
        len(preset.mean),
        crop[0],
        crop[-1],
        tuple(preset.mean),
        tuple(preset.std),
        (),
        resize[0] if len(resize) == 1 else (resize[0], resize[1]),
        (crop[0], crop[-1]),
        Image.Resampling[preset.interpolation.name],
    )


def _from_factory(reference: str, config: ModelConfig, images: ImageSet) -> CustomTransform:
    with (
        collect_reading() as reading,
        import_reference(reference, config.root, ImageError, "transform") as factory,
    ):
        function = factory()
        if not callable(function):
            raise ImageError(f"transform: {reference} gave a {type(function).__name__}; it must return a function")
        first = _apply_repeatedly(function, images.open_first(), reference)
        mean, std = _normalisation(function)
    channels, height, width = first.shape
    notes: tuple[str, ...] = ()
    tells = mean is not None and std is not None
    if mean is None or std is None:
        low, high = _value_range(function, images, reference)
        span = (high - low) or 1.0
        mean, std = (-low / span,) * channels, (1 / span,) * channels
        notes = (
            f"The transform {published_reference(reference)} does not tell its mean and std: pictures are shown with "
            "its smallest value as black and its largest as white.",
        )
    code = f"{reference.rpartition(':')[2]} {reading.contents_digest()}"
    return CustomTransform(channels, height, width, mean, std, notes, function, reference, code, tells)


def _apply_repeatedly(function: Callable[[Picture], object], picture: Picture, name: str) -> Tensor:
    """Return what a function makes of the first picture; a ``DatasetError`` if it does not do so every time."""
    try:
        first, *others = [_apply(function, picture, name) for _ in range(_REPEATS)]
    except ImageError as reason:
        remedy = "" if "; " in str(reason) else "; mend the transform, or replace the picture"
        raise ImageError(f"transform: the first picture {reason}{remedy}") from reason
    if not all(torch.equal(first, other) for other in others):
        raise DatasetError(
            f"transform: {name} makes other values of the same picture the second time; leave out random augmentation"
        )
    return first


def _apply(function: Callable[[Picture], object], image: Picture, name: str) -> Tensor:
    """Return what the author's function makes of a picture: ``(c, h, w)``, float32, on the CPU.

    Raises:
        ImageError: The function fails or returns something else; the message continues after the picture's name.
    """
    name = published_reference(name)
    try:
        values = function(image)
    except BaseException as reason:  # the author's own code, which may end itself
        if is_users_interrupt(reason):
            raise
        raise ImageError(f"makes the transform {name} raise {name_error(reason)}") from reason
    if not isinstance(values, Tensor) or values.dim() != 3 or not values.is_floating_point():
        what = f"{values.dtype} {tuple(values.shape)}" if isinstance(values, Tensor) else type(values).__name__
        raise ImageError(f"comes out of {name} as {what}; a transform must give a float tensor (c, h, w)")
    if not bool(torch.isfinite(values).all()):
        raise ImageError(f"comes out of {name} with values that are not finite")
    return values.detach().to(device="cpu", dtype=torch.float32)


def _normalisation(function: object) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Return the attributes ``mean`` and ``std`` of a function, or of the last step of a composition that has them."""
    steps = [function, *reversed(getattr(function, "transforms", None) or ())]
    for step in steps:
        mean, std = getattr(step, "mean", None), getattr(step, "std", None)
        if isinstance(mean, (list, tuple, Tensor, np.ndarray)) and isinstance(std, (list, tuple, Tensor, np.ndarray)):
            return tuple(float(value) for value in mean), tuple(float(value) for value in std)
    return None, None


def _value_range(function: Callable[[Picture], object], images: ImageSet, name: str) -> tuple[float, float]:
    """Return the smallest and largest input value over pictures spread evenly through the set."""
    low, high = float("inf"), float("-inf")
    for image in range(0, len(images), max(1, len(images) // _RANGE_SAMPLES)):
        try:
            values = _apply(function, images.open(image), name)
        except ImageError as reason:
            log.debug("a picture is left out of the range of values: %s", reason)
            continue
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    return low, high
