"""Resize and crop pictures exactly as torchvision does with PIL pictures, without torch.

The short side is resized by an antialiased filter; the crop's corner is rounded as Python rounds; where a picture is
smaller than the crop, the rest is filled with zeros, the odd pixel on the right and at the bottom.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.reading import Picture
from mkdocs_lurk.images.values import Pixels

_MOST_RESIZED_PX = 2**28  # four times the largest input: a picture of 1 x 100,000 pixels would fill any memory
_WHITE = (255, 255, 255, 255)
_LUMA_WEIGHTS = (0.299, 0.587, 0.114)  # ITU-R 601, as Pillow's mode L


def convert_channels(picture: Picture, channels: int) -> Picture:
    """Convert a picture to a number of channels.

    A PIL picture becomes ``L`` (grey by ITU-R 601) or ``RGB``; for four channels, ``RGBA`` and ``CMYK`` stay as they
    are. Transparent pixels lie on white. An array keeps its channels, except between grey and RGB.

    Raises:
        ImageError: The picture cannot be converted; the message continues after the picture's name.
    """
    if isinstance(picture, Image.Image):
        if channels in (1, 3):
            return _on_white(picture).convert("L" if channels == 1 else "RGB")
        if channels == 4 and picture.mode in ("RGBA", "CMYK"):
            return picture
        raise ImageError(f"has mode {picture.mode}, not {channels} channels; give arrays (h, w, {channels})")
    if picture.dtype == np.uint8 and channels in (1, 3) and picture.shape[2] in (1, 3, 4):
        return convert_channels(Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture), channels)
    if picture.shape[2] == 1 and channels == 3:
        return np.repeat(picture, 3, axis=2)
    if picture.shape[2] == 3 and channels == 1:
        grey = picture.astype(np.float32) @ np.array(_LUMA_WEIGHTS, np.float32)
        return np.ascontiguousarray(grey[:, :, None])
    if picture.shape[2] != channels:
        height, width, found = picture.shape
        order = "; an array is (h, w, c), so move its channels to the end: array.transpose(1, 2, 0)"
        hint = order if height == channels else ""
        raise ImageError(f"is {height} x {width} px with {found} channels; the network takes {channels}{hint}")
    return picture


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture
    picture = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, _WHITE), picture).convert("RGB")


def resize_and_crop(
    picture: Picture,
    resize: int | tuple[int, int] | None,
    crop: tuple[int, int] | None,
    interpolation: Image.Resampling = Image.Resampling.BILINEAR,
) -> Pixels:
    """Resize a picture and crop it from the centre.

    Args:
        picture: A PIL picture, or an array ``(h, w, c)``.
        resize: Pixels of the short side, or ``(h, w)``; None to keep the size.
        crop: ``(h, w)`` pixels; None for the whole picture.
        interpolation: The filter of the resize.

    Returns:
        ``(h, w, c)``, uint8 or float32 like the picture.
    """
    if isinstance(picture, Image.Image):
        if resize is not None:
            picture = _resize(picture, resize, interpolation)
        pixels = np.asarray(picture)
        pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    else:
        pixels = picture
        if resize is not None:
            planes = [_resize(Image.fromarray(pixels[:, :, c]), resize, interpolation) for c in range(pixels.shape[2])]
            pixels = np.stack([np.asarray(plane) for plane in planes], axis=2)
    return np.ascontiguousarray(pixels if crop is None else _crop_centre(pixels, crop))


def _resize(picture: Image.Image, resize: int | tuple[int, int], interpolation: Image.Resampling) -> Image.Image:
    width, height = picture.size
    if isinstance(resize, tuple):
        height, width = resize
    elif width <= height:
        width, height = resize, int(resize * height / width)
    else:
        width, height = int(resize * width / height), resize
    if width * height > _MOST_RESIZED_PX:
        raise ImageError(f"would have {width:,} x {height:,} pixels after the resize; cut the long, thin picture")
    return picture if picture.size == (width, height) else picture.resize((width, height), interpolation)


def _crop_centre(pixels: Pixels, crop: tuple[int, int]) -> Pixels:
    padding = []
    for length, wanted in zip(pixels.shape[:2], crop, strict=True):
        lack = max(0, wanted - length)
        padding.append((lack // 2, (lack + 1) // 2))
    pixels = np.pad(pixels, [*padding, (0, 0)])
    top, left = (round((length - wanted) / 2.0) for length, wanted in zip(pixels.shape[:2], crop, strict=True))
    return pixels[top : top + crop[0], left : left + crop[1]]
