"""Resize and crop pictures as torchvision does with PIL pictures, without torch.

The short side is resized by an antialiased filter; the crop's corner is rounded as Python rounds; what a crop lacks is
filled with zeros, the odd pixel on the right and at the bottom.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.reading import Picture

_WHITE = (255, 255, 255, 255)


def with_channels(picture: Picture, channels: int) -> Picture:
    """Bring a picture to a number of channels.

    A PIL picture becomes ``L`` (grey by ITU-R 601), ``RGB``, or stays ``RGBA`` or ``CMYK`` where four are wanted;
    what is transparent lies on white. An array keeps its own channels, or is grey for all three.

    Raises:
        ImageError: The picture has another number of channels; the message goes on after its name.
    """
    if isinstance(picture, Image.Image):
        if channels in (1, 3):
            return _opaque(picture).convert("L" if channels == 1 else "RGB")
        if channels == 4 and picture.mode in ("RGBA", "CMYK"):
            return picture
        raise ImageError(f"has mode {picture.mode}, not {channels} channels; give arrays (h, w, {channels})")
    if picture.dtype == np.uint8 and channels in (1, 3) and picture.shape[2] in (1, 3, 4):
        return with_channels(Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture), channels)
    if picture.shape[2] == 1 and channels == 3:
        return np.repeat(picture, 3, axis=2)
    if picture.shape[2] == 3 and channels == 1:
        grey = picture.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        return np.ascontiguousarray(grey[:, :, None])
    if picture.shape[2] != channels:
        raise ImageError(f"has {picture.shape[2]} channels; the network takes {channels}")
    return picture


def _opaque(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture
    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, _WHITE), picture).convert("RGB")


def framed(
    picture: Picture,
    resize: int | tuple[int, int] | None,
    crop: tuple[int, int] | None,
    interpolation: Image.Resampling = Image.Resampling.BILINEAR,
) -> NDArray[Any]:
    """Resize and crop.

    Args:
        picture: PIL, or ``(h, w, c)``.
        resize: Pixels of the short side, or ``(h, w)``.
        crop: ``(h, w)`` pixels from the centre.
        interpolation: The filter of the resize.

    Returns:
        ``(h, w, c)``, uint8 or float32 as the picture was.
    """
    if isinstance(picture, Image.Image):
        if resize is not None:
            picture = _resized(picture, resize, interpolation)
        values = np.asarray(picture)
        values = values[:, :, None] if values.ndim == 2 else values
    else:
        values = picture
        if resize is not None:
            planes = [_resized(Image.fromarray(values[:, :, c]), resize, interpolation) for c in range(values.shape[2])]
            values = np.stack([np.asarray(plane) for plane in planes], axis=2)
    return np.ascontiguousarray(values if crop is None else _cropped(values, crop))


def _resized(picture: Image.Image, resize: int | tuple[int, int], interpolation: Image.Resampling) -> Image.Image:
    width, height = picture.size
    if isinstance(resize, tuple):
        height, width = resize
    elif width <= height:
        width, height = resize, int(resize * height / width)
    else:
        width, height = int(resize * width / height), resize
    return picture if picture.size == (width, height) else picture.resize((width, height), interpolation)


def _cropped(values: NDArray[Any], crop: tuple[int, int]) -> NDArray[Any]:
    pads = []
    for have, want in zip(values.shape[:2], crop, strict=True):
        lack = max(0, want - have)
        pads.append((lack // 2, (lack + 1) // 2))
    values = np.pad(values, [*pads, (0, 0)])
    top, left = (round((have - want) / 2.0) for have, want in zip(values.shape[:2], crop, strict=True))
    return values[top : top + crop[0], left : left + crop[1]]
