"""A picture's way into the network, given by its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mkdocs_lurk.config.validation import Section, shown, whole
from mkdocs_lurk.errors import ConfigError


@dataclass(frozen=True, slots=True)
class TransformSpec:
    """How a picture becomes the network's input.

    Attributes:
        resize: Pixels of the short side, or none to keep the size.
        crop: ``(h, w)`` pixels cut from the centre, or none.
        mean: A value a channel, taken from 0..1.
        std: A value a channel; what is left is divided by it.
        channels: 1 for grey, 3 for RGB, or as many as the pictures have.
    """

    resize: int | None
    crop: tuple[int, int] | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    channels: int


def read_spec(value: Mapping[str, Any], path: str) -> TransformSpec:
    """Check a transform given by its numbers."""
    section = Section(value, path, ("resize", "crop", "mean", "std", "channels"))
    resize, resize_path = section.get("resize")
    mean, std = _numbers(section, "mean"), _numbers(section, "std")
    if "channels" in section:
        channels = section.whole("channels", 3, 1, "1 for grey, 3 for RGB, or as many as the pictures have")
    else:
        channels = len(mean or std or (0.0,) * 3)
    for key, values in (("mean", mean), ("std", std)):
        if values and len(values) not in (1, channels):
            raise ConfigError(f"{path}.{key}: {len(values)} values for {channels} channels; give one a channel")
    if std and min(std) <= 0:
        raise ConfigError(f"{path}.std: {min(std):g} cannot divide; give values above 0")
    return TransformSpec(
        resize=None if resize is None else whole(resize, resize_path, 1, "pixels of the short side, 1 or more"),
        crop=_crop(section),
        mean=(mean or (0.0,)) * (1 if len(mean) == channels else channels),
        std=(std or (1.0,)) * (1 if len(std) == channels else channels),
        channels=channels,
    )


def _numbers(section: Section, key: str) -> tuple[float, ...]:
    value, path = section.get(key)
    if value is None:
        return ()
    items = value if isinstance(value, (list, tuple)) else [value]
    if not items or not all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in items):
        raise ConfigError(f"{path}: {shown(value)} is no list of numbers; give one a channel, for pixels from 0 to 1")
    return tuple(float(item) for item in items)


def _crop(section: Section) -> tuple[int, int] | None:
    crop, path = section.get("crop")
    if crop is None:
        return None
    if not isinstance(crop, (list, tuple)):
        side = whole(crop, path, 1, "pixels, 1 or more, or [height, width]")
        return side, side
    if len(crop) != 2:
        raise ConfigError(f"{path}: {shown(crop)} has {len(crop)} numbers; give [height, width] in pixels")
    return whole(crop[0], f"{path}[0]", 1, "pixels, 1 or more"), whole(crop[1], f"{path}[1]", 1, "pixels, 1 or more")
