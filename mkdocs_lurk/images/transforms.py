"""From a picture to the network's input, by way of the pixels that are stored and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.references import code_digest, found
from mkdocs_lurk.config.transform import TransformSpec
from mkdocs_lurk.errors import ConfigError, ImageError
from mkdocs_lurk.images.framing import framed, with_channels
from mkdocs_lurk.images.reading import Picture
from mkdocs_lurk.images.sources import ImageSet
from mkdocs_lurk.names import ImageId

IMAGENET = TransformSpec(256, (224, 224), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 3)
_LOOKED_AT = 64  # pictures that the range of an unknown normalisation is taken from


@dataclass(frozen=True)
class Transform:
    """What brings a model's pictures to its input, with the numbers of torchvision's own steps.

    Attributes:
        channels: Channels of the input.
        height: Rows of the input, in pixels.
        width: Columns of the input, in pixels.
        mean: A value a channel, on the scale 0..1; taken from the pixels.
        std: A value a channel; what is left is divided by it.
        notes: Sentences about what was assumed.
    """

    channels: int
    height: int
    width: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    notes: tuple[str, ...] = ()

    @property
    def identity(self) -> list[Any]:
        """All that its outcome depends on, beside the picture: a part of every key."""
        return [self.channels, self.height, self.width, list(self.mean), list(self.std)]

    def pixels(self, image: Picture) -> NDArray[Any]:
        """The picture at the network's input size, not normalised: ``(h, w, c)``, uint8, or float32 in 0..1.

        Raises:
            ImageError: The picture does not fit; the message goes on after the picture's name.
        """
        raise NotImplementedError

    def tensor(self, pixels: NDArray[Any]) -> Tensor:
        """Normalise pixels ``(h, w, c)`` to the input ``(c, h, w)``, float32."""
        values = torch.from_numpy(np.moveaxis(pixels, -1, 0).copy()).to(torch.float32)
        if pixels.dtype == np.uint8:
            values = values.div(255)
        mean = torch.tensor(self.mean, dtype=torch.float32)[:, None, None]
        std = torch.tensor(self.std, dtype=torch.float32)[:, None, None]
        return values.sub_(mean).div_(std)


def load_pixels(images: ImageSet, image: ImageId, transform: Transform) -> NDArray[Any]:
    """Read a picture and bring it to the network's input size, not normalised.

    Raises:
        ImageError: The picture cannot be read or does not fit; the message names it.
    """
    picture = images.open(image)
    try:
        return transform.pixels(picture)
    except ImageError as reason:
        raise ImageError(f"{images.entries[image].path} {reason}") from reason


@dataclass(frozen=True)
class FramingTransform(Transform):
    """Resize, crop from the centre, and normalise.

    Attributes:
        resize: Pixels of the short side, ``(h, w)``, or none.
        crop: ``(h, w)`` pixels from the centre, or none: then every picture must come out at the one size.
        interpolation: The filter of the resize.
    """

    resize: int | tuple[int, int] | None = None
    crop: tuple[int, int] | None = None
    interpolation: Image.Resampling = Image.Resampling.BILINEAR

    @property
    def identity(self) -> list[Any]:
        """All that its outcome depends on, beside the picture."""
        return [*super().identity, self.resize, self.crop, self.interpolation.name]

    def pixels(self, image: Picture) -> NDArray[Any]:
        """The picture at the network's input size, not normalised."""
        values = framed(with_channels(image, self.channels), self.resize, self.crop, self.interpolation)
        height, width = values.shape[:2]
        if self.crop is None and self.height and (height, width) != (self.height, self.width):
            raise ImageError(
                f"is {height}x{width} px where the first picture is {self.height}x{self.width}; "
                "give 'crop' in the model's transform"
            )
        return values


@dataclass(frozen=True)
class CustomTransform(Transform):
    """The author's own function, undone by its mean and std so that the picture can be shown.

    Attributes:
        function: Takes a PIL picture, or a dataset's array, to a float tensor ``(c, h, w)``.
        name: The reference that named it, for messages.
        code: Digest of the code that defines it.
    """

    function: Callable[[Any], Any] = torch.as_tensor
    name: str = ""
    code: str = ""

    @property
    def identity(self) -> list[Any]:
        """All that its outcome depends on, beside the picture, as far as the file that defines it tells."""
        return [*super().identity, self.code]

    def pixels(self, image: Picture) -> NDArray[Any]:
        """The picture at the network's input size, its normalisation undone."""
        values = _input_of(self.function, image, self.name)
        if tuple(values.shape) != (self.channels, self.height, self.width):
            expected = f"({self.channels}, {self.height}, {self.width})"
            raise ImageError(f"comes out of {self.name} as {tuple(values.shape)} where the first picture is {expected}")
        std, mean = np.array(self.std, np.float32), np.array(self.mean, np.float32)
        pixels = np.moveaxis(values.numpy(), 0, -1) * std + mean
        eight = np.rint(pixels * 255)
        if eight.min() >= 0 and eight.max() <= 255 and np.abs(pixels * 255 - eight).max() < 1e-3:
            return np.ascontiguousarray(eight.astype(np.uint8))
        return np.ascontiguousarray(pixels.astype(np.float32))


def make_transform(config: ModelConfig, images: ImageSet | None = None) -> Transform:
    """Make a model's transform.

    Args:
        config: Its ``transform`` says how.
        images: The model's pictures; the first readable one tells the size of the input where the declaration does
            not.

    Raises:
        ConfigError: The declaration needs pictures to tell the size, and there are none.
        ImageError: The author's own transform fails.
    """
    declared = config.transform
    if declared == "imagenet":
        return _framing(IMAGENET, images)
    if isinstance(declared, TransformSpec):
        return _framing(declared, images)
    if declared == "weights":
        return _of_weights(config)
    return _custom(declared, config, images)


def _framing(spec: TransformSpec, images: ImageSet | None) -> FramingTransform:
    height, width = spec.crop or (0, 0)
    if spec.crop is None:
        probe = FramingTransform(spec.channels, 0, 0, spec.mean, spec.std, (), spec.resize)
        height, width = probe.pixels(_first(images)).shape[:2]
    return FramingTransform(spec.channels, height, width, spec.mean, spec.std, (), spec.resize, spec.crop)


def _of_weights(config: ModelConfig) -> FramingTransform:
    """The transform that torchvision recommends with its own weights, where a file is given with the default ones."""
    import torchvision.models as zoo

    from mkdocs_lurk.models.loading.sources import weights_entry

    subject, name = f"model {config.name!r}", config.torchvision_name or ""
    chosen = config.weights if config.weights is not None and config.weights_path is None else "DEFAULT"
    if name not in zoo.list_models():
        raise ConfigError(f"{config.place}.transform: torchvision has no network {name!r}")
    preset = weights_entry(name, chosen, subject).transforms()
    if not hasattr(preset, "crop_size"):
        raise ConfigError(f"{config.place}.transform: the weights of {name!r} have no transform for classification")
    resize, crop = preset.resize_size, preset.crop_size
    return FramingTransform(
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


def _custom(reference: str, config: ModelConfig, images: ImageSet | None) -> CustomTransform:
    with found(reference, config.root, ImageError, "transform") as factory:
        function = factory()
        if not callable(function):
            raise ImageError(f"transform: {reference} gave a {type(function).__name__}; it must return a function")
        first = _input_of(function, _first(images), reference)
    channels, height, width = first.shape
    mean, std = _normalisation(function)
    notes: tuple[str, ...] = ()
    if mean is None or std is None:
        low, high = _range(function, images, reference)
        span = (high - low) or 1.0
        mean, std = (-low / span,) * channels, (1 / span,) * channels
        notes = (
            f"The transform {reference} does not tell its mean and std: pictures are shown with its smallest value "
            "as black and its largest as white.",
        )
    code = code_digest(reference, config.root)
    return CustomTransform(channels, height, width, mean, std, notes, function, reference, code)


def _input_of(function: Callable[[Any], Any], image: Picture, name: str) -> Tensor:
    try:
        values = function(image)
    except Exception as reason:  # the author's own code
        said = " ".join(str(reason).split())
        raise ImageError(f"makes the transform {name} raise {type(reason).__name__}: {said}") from reason
    if not isinstance(values, Tensor) or values.dim() != 3 or not values.is_floating_point():
        what = f"{values.dtype} {tuple(values.shape)}" if isinstance(values, Tensor) else type(values).__name__
        raise ImageError(f"comes out of {name} as {what}; a transform must give a float tensor (c, h, w)")
    if not bool(torch.isfinite(values).all()):
        raise ImageError(f"comes out of {name} with values that are not finite")
    return values.detach().to(device="cpu", dtype=torch.float32)


def _normalisation(function: Any) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """The mean and std that a function carries itself, or that the last step of a composition carries."""
    steps = [function, *reversed(getattr(function, "transforms", None) or ())]
    for step in steps:
        mean, std = getattr(step, "mean", None), getattr(step, "std", None)
        if isinstance(mean, (list, tuple, Tensor, np.ndarray)) and isinstance(std, (list, tuple, Tensor, np.ndarray)):
            return tuple(float(value) for value in mean), tuple(float(value) for value in std)
    return None, None


def _first(images: ImageSet | None) -> Picture:
    for image in range(len(images) if images is not None else 0):
        try:
            return images.open(image)  # type: ignore[union-attr] # none has no pictures to come here with
        except ImageError:
            continue
    raise ImageError("transform: no picture can be read, so that the size of the input is not known")


def _range(function: Callable[[Any], Any], images: ImageSet | None, name: str) -> tuple[float, float]:
    """The smallest and largest value over pictures spread evenly through the set."""
    count = len(images) if images is not None else 0
    low, high = float("inf"), float("-inf")
    for image in range(0, count, max(1, count // _LOOKED_AT)):
        try:
            values = _input_of(function, images.open(image), name)  # type: ignore[union-attr]
        except ImageError:
            continue
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    return low, high
