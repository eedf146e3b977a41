"""The model's pictures as the network's input, decoded ahead of need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.sources import ImageSet
from mkdocs_lurk.images.transforms import Transform

Pixels = NDArray[Any]
"""``(h, w, c)`` at the network's input size, not normalised: uint8, or float32 in 0..1."""

_CACHED_PICTURES = 256
_DECODER_THREADS = 2


class Pictures:
    """Reads pictures, keeps the last ones, and decodes the next batch while one is in use.

    Args:
        images: Where they come from.
        transform: What brings them to the network's input.
    """

    def __init__(self, images: ImageSet, transform: Transform) -> None:
        self.images = images
        self.transform = transform
        self._cached_pixels = lru_cache(_CACHED_PICTURES)(self._decode)
        self._decoders = ThreadPoolExecutor(_DECODER_THREADS)

    def pixels(self, image: int) -> Pixels:
        """Return one picture, ``(h, w, c)``, at the network's input size and not normalised.

        Raises:
            ImageError: It cannot be read.
        """
        return self._cached_pixels(image)

    def tensor(self, images: Sequence[int]) -> Tensor:
        """Return several pictures, normalised, ``(n, c, h, w)`` float32."""
        return torch.stack([self.transform.tensor(pixels) for pixels in self._decoders.map(self.pixels, images)])

    def batches(self, images: Sequence[int], size: int) -> Iterator[tuple[list[int], Tensor, dict[int, str]]]:
        """Go through pictures in batches.

        Yields:
            The ids that could be read, the pictures ``(n, c, h, w)``, and why others could not be.
        """
        batches = [list(images[start : start + size]) for start in range(0, len(images), size)]
        with ThreadPoolExecutor(1) as prefetcher:
            pending = [prefetcher.submit(self._read_batch, batch) for batch in batches[:1]]
            for following in [*batches[1:], []]:
                current = pending.pop(0)
                if following:
                    pending.append(prefetcher.submit(self._read_batch, following))
                yield current.result()

    def _read_batch(self, images: Sequence[int]) -> tuple[list[int], Tensor, dict[int, str]]:
        readable: dict[int, Pixels] = {}
        unreadable: dict[int, str] = {}
        for image, pixels in zip(images, self._decoders.map(self._pixels_or_error, images), strict=True):
            if isinstance(pixels, ImageError):
                unreadable[image] = str(pixels)
            else:
                readable[image] = pixels
        tensors = [self.transform.tensor(pixels) for pixels in readable.values()]
        size = (self.transform.channels, self.transform.height, self.transform.width)
        return list(readable), torch.stack(tensors) if tensors else torch.empty(0, *size), unreadable

    def _pixels_or_error(self, image: int) -> Pixels | ImageError:
        try:
            return self.pixels(image)
        except ImageError as error:
            return error

    def _decode(self, image: int) -> Pixels:
        return self.transform.pixels(self.images.open(image))
