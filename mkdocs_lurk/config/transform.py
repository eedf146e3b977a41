"""A transform that is declared by its numbers: resize, crop, mean, std, and what the values of a picture mean."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mkdocs_lurk.config.validation import Section, quoted, read_int
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.limits import LONGEST_SIDE, MOST_CHANNELS

TRANSFORM_KEYS = ("resize", "crop", "mean", "std", "channels", "normalised", "value_range")
_SIDES = f"1 to {LONGEST_SIDE}"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True)
class TransformSpec:
    """How a picture becomes the network's input.

    Attributes:
        resize: Pixels of the short side; None to keep the size.
        crop: ``(h, w)`` pixels cut from the centre; None for the whole picture.
        mean: One value per channel, subtracted from pixels in 0..1.
        std: One value per channel; the difference is divided by it.
        channels: 1 for grey, 3 for RGB, or as many as the pictures have.
        normalised: Whether the pictures' values are normalised by ``mean`` and ``std`` already.
        value_range: The values that are black and white, which become 0 and 1; of normalised pictures, those before
            their normalisation. None for the usual ranges.
    """

    resize: int | None
    crop: tuple[int, int] | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    channels: int
    normalised: bool = False
    value_range: tuple[float, float] | None = None


def read_transform(value: Mapping[str, object], path: str) -> TransformSpec:
    """Return a transform that is declared by its numbers.

    Raises:
        ConfigError: A key is unknown or lacks another one, or a number is of the wrong kind, too small, or not one per
            channel.
    """
    section = Section(value, path, TRANSFORM_KEYS)
    resize, resize_path = section.get("resize")
    normalised = section.switch("normalised", default=False)
    value_range = _read_range(section)
    mean, std, channels = _read_normalisation(section, normalised)
    if normalised and value_range is not None:  # mean and std are on the scale of the values; ours is 0..1
        low, span = value_range[0], value_range[1] - value_range[0]
        mean, std = tuple((each - low) / span for each in mean), tuple(each / span for each in std)
    return TransformSpec(
        resize=None
        if resize is None
        else read_int(resize, resize_path, 1, f"pixels of the short side, {_SIDES}", LONGEST_SIDE),
        crop=_read_crop(section),
        mean=mean,
        std=std,
        channels=channels,
        normalised=normalised,
        value_range=value_range,
    )


def _read_normalisation(section: Section, normalised: bool) -> tuple[tuple[float, ...], tuple[float, ...], int]:
    """Return mean and std, one value per channel each, and the number of channels."""
    mean, std = _read_numbers(section, "mean"), _read_numbers(section, "std")
    lists = [key for key in ("mean", "std") if isinstance(section.get(key)[0], (list, tuple))]
    channels = section.integer(
        "channels",
        3,
        1,
        f"1 for grey, 3 for RGB, or as many as the pictures have, up to {MOST_CHANNELS}",
        MOST_CHANNELS,
    )
    if "channels" not in section and lists:  # a number stands for any count of channels, a list for its own
        channels = max(len(mean) if key == "mean" else len(std) for key in lists)
    for key, values in (("mean", mean), ("std", std)):
        if values and len(values) not in (1, channels):
            raise ConfigError(f"{section.path}.{key}: {len(values)} values for {channels} channels; give one a channel")
    if std and min(std) <= 0:
        raise ConfigError(f"{section.path}.std: {min(std):g} cannot divide; give values above 0")
    if mean and max(mean) > 1 and not normalised:
        raise ConfigError(
            f"{section.path}.mean: {max(mean):g} is no mean of pixels from 0 to 1; divide mean and std by the largest "
            "value of a picture (255 for those of 8 bits)"
        )
    if mean and std:
        return mean * (channels // len(mean)), std * (channels // len(std)), channels
    if mean or std:
        given, lacking, none = ("mean", "std", 1) if mean else ("std", "mean", 0)
        raise ConfigError(f"{section.path}: {given!r} without {lacking!r}; give both ({lacking}: {none} for none)")
    if normalised:
        raise ConfigError(
            f"{section.path}: 'normalised' without mean and std; give those that the values were normalised with"
        )
    if channels != 3:
        raise ConfigError(
            f"{section.path}: no usual mean and std for {channels} channel{'s' if channels > 1 else ''}; give those "
            "that the network was trained with, or mean: 0, std: 1 for values from 0 to 1"
        )
    return IMAGENET_MEAN, IMAGENET_STD, channels


def _read_numbers(section: Section, key: str) -> tuple[float, ...]:
    """Return a number or a list of numbers; an empty tuple if the key is left out."""
    value, path = section.get(key)
    if value is None:
        return ()
    items = value if isinstance(value, (list, tuple)) else [value]
    numbers = tuple(float(item) for item in items if _is_number(item))  # type: ignore[arg-type]
    if not items or len(numbers) < len(items):
        raise ConfigError(f"{path}: {quoted(value)} is no list of numbers; give one a channel, for pixels from 0 to 1")
    return numbers


def _read_range(section: Section) -> tuple[float, float] | None:
    value, path = section.get("value_range")
    if value is None:
        return None
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(_is_number(item) for item in value):
        raise ConfigError(f"{path}: {quoted(value)} is no range; give [lowest, highest], the values of black and white")
    low, high = float(value[0]), float(value[1])
    if low >= high:
        raise ConfigError(
            f"{path}: {low:g} is not below {high:g}; give [lowest, highest], the values of black and white"
        )
    return low, high


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _read_crop(section: Section) -> tuple[int, int] | None:
    crop, path = section.get("crop")
    if crop is None:
        return None
    if not isinstance(crop, (list, tuple)):
        side = read_int(crop, path, 1, f"pixels, {_SIDES}, or [height, width]", LONGEST_SIDE)
        return side, side
    if len(crop) != 2:
        raise ConfigError(f"{path}: {quoted(crop)} has {len(crop)} numbers; give [height, width] in pixels")
    height, width = (
        read_int(side, f"{path}[{i}]", 1, f"pixels, {_SIDES}", LONGEST_SIDE) for i, side in enumerate(crop)
    )
    return height, width
