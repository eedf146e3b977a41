"""The model's pictures as the network's input, decoded ahead of need.

Files are decoded by a pool of threads. An author's Dataset or transform runs in one thread of its own, in the order in
which the analysis asks: all requests are queued by the thread that analyses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache

import torch
from torch import Tensor

from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.author_thread import submit_to_author
from mkdocs_lurk.images.image_set import ImageSet
from mkdocs_lurk.images.transforms import Transform
from mkdocs_lurk.images.values import Pixels

_CACHED_PICTURES = 256
_DECODER_THREADS = 2

Batch = tuple[list[int], Tensor, dict[int, str]]
"""The ids that could be read, the pictures ``(n, c, h, w)``, and why others could not be, without their names."""


class Pictures:
    """Reads pictures, keeps the last ones, and decodes the next batch while one is in use.

    Args:
        images: Where they come from.
        transform: What brings them to the network's input.
    """

    def __init__(self, images: ImageSet, transform: Transform) -> None:
        self.images = images
        self.transform = transform
        self._cached_pixels = lru_cache(_CACHED_PICTURES)(self.read_anew)
        is_authored = images.dataset is not None or transform.is_authored
        self._queue = submit_to_author if is_authored else ThreadPoolExecutor(_DECODER_THREADS).submit

    def pixels(self, image: int) -> Pixels:
        """Return one picture, ``(h, w, c)``, at the network's input size and not normalised.

        Raises:
            ImageError: It cannot be read.
            DatasetError: The author's Dataset does not repeat itself.
        """
        return self._cached_pixels(image)

    def read_anew(self, image: int) -> Pixels:
        """Return one picture like ``pixels``, always from its source."""
        return self.transform.pixels(self.images.open(image))

    def read_all_anew(self, images: Sequence[int]) -> None:
        """Read pictures from their source, in the threads that do so, and forget them: to see what that takes."""
        for future in [self._queue(self.read_anew, image) for image in images]:
            future.result()

    def tensor(self, images: Sequence[int]) -> Tensor:
        """Return several pictures, normalised, ``(n, c, h, w)`` float32."""
        read = [self._submit(image) for image in images]
        return torch.stack([self.transform.tensor(_pixels_or_raise(pixels.result())) for pixels in read])

    def batches(self, images: Sequence[int], size: int) -> Iterator[Batch]:
        """Go through pictures in batches."""
        batches = [list(images[start : start + size]) for start in range(0, len(images), size)]
        with ThreadPoolExecutor(1) as collator:
            pending = [self._submit_batch(collator, batch) for batch in batches[:1]]
            for following in [*batches[1:], []]:
                current = pending.pop(0)
                if following:
                    pending.append(self._submit_batch(collator, following))
                yield current.result()

    def _submit_batch(self, collator: ThreadPoolExecutor, images: Sequence[int]) -> Future[Batch]:
        """Queue the pictures of a batch, and then their normalisation in another thread."""
        read = {image: self._submit(image) for image in images}
        return collator.submit(self._collate, read)

    def _submit(self, image: int) -> Future[Pixels | ImageError]:
        return self._queue(self._pixels_or_error, image)

    def _collate(self, read: dict[int, Future[Pixels | ImageError]]) -> Batch:
        readable: dict[int, Pixels] = {}
        unreadable: dict[int, str] = {}
        for image, pixels in ((image, future.result()) for image, future in read.items()):
            if isinstance(pixels, ImageError):
                unreadable[image] = pixels.reason
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


def _pixels_or_raise(pixels: Pixels | ImageError) -> Pixels:
    if isinstance(pixels, ImageError):
        raise pixels
    return pixels
