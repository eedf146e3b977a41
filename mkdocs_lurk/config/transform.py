"""A transform that is declared by its numbers: resize, crop, mean, std."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mkdocs_lurk.config.validation import Section, quoted, read_int
from mkdocs_lurk.errors import ConfigError


@dataclass(frozen=True, slots=True)
class TransformSpec:
    """How a picture becomes the network's input.

    Attributes:
        resize: Pixels of the short side; None to keep the size.
        crop: ``(h, w)`` pixels cut from the centre; None for the whole picture.
        mean: One value per channel, subtracted from pixels in 0..1.
        std: One value per channel; the difference is divided by it.
        channels: 1 for grey, 3 for RGB, or as many as the pictures have.
    """

    resize: int | None
    crop: tuple[int, int] | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    channels: int


def read_transform(value: Mapping[str, object], path: str) -> TransformSpec:
    """Return a transform that is declared by its numbers.

    Raises:
        ConfigError: A key is unknown, or a number is of the wrong kind, too small, or not one per channel.
    """
    section = Section(value, path, ("resize", "crop", "mean", "std", "channels"))
    resize, resize_path = section.get("resize")
    mean, std = _read_numbers(section, "mean"), _read_numbers(section, "std")
    if "channels" in section:
        channels = section.integer("channels", 3, 1, "1 for grey, 3 for RGB, or as many as the pictures have")
    else:
        channels = len(mean or std or (0.0,) * 3)
    for key, values in (("mean", mean), ("std", std)):
        if values and len(values) not in (1, channels):
            raise ConfigError(f"{path}.{key}: {len(values)} values for {channels} channels; give one a channel")
    if std and min(std) <= 0:
        raise ConfigError(f"{path}.std: {min(std):g} cannot divide; give values above 0")
    return TransformSpec(
        resize=None if resize is None else read_int(resize, resize_path, 1, "pixels of the short side, 1 or more"),
        crop=_read_crop(section),
        mean=(mean or (0.0,)) * (1 if len(mean) == channels else channels),
        std=(std or (1.0,)) * (1 if len(std) == channels else channels),
        channels=channels,
    )


def _read_numbers(section: Section, key: str) -> tuple[float, ...]:
    """Return a number or a list of numbers; an empty tuple if the key is left out."""
    value, path = section.get(key)
    if value is None:
        return ()
    items = value if isinstance(value, (list, tuple)) else [value]
    numbers = tuple(float(item) for item in items if isinstance(item, (int, float)) and not isinstance(item, bool))
    if not items or len(numbers) < len(items):
        raise ConfigError(f"{path}: {quoted(value)} is no list of numbers; give one a channel, for pixels from 0 to 1")
    return numbers


def _read_crop(section: Section) -> tuple[int, int] | None:
    crop, path = section.get("crop")
    if crop is None:
        return None
    if not isinstance(crop, (list, tuple)):
        side = read_int(crop, path, 1, "pixels, 1 or more, or [height, width]")
        return side, side
    if len(crop) != 2:
        raise ConfigError(f"{path}: {quoted(crop)} has {len(crop)} numbers; give [height, width] in pixels")
    height, width = (read_int(side, f"{path}[{i}]", 1, "pixels, 1 or more") for i, side in enumerate(crop))
    return height, width
