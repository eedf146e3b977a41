"""One model while it is being analysed: the network, its pictures and where results go."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from io import BytesIO
from itertools import accumulate, pairwise
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.errors import ImageError, ModelError, StoreError
from mkdocs_lurk.images.sources import ImageSet
from mkdocs_lurk.images.transforms import Transform
from mkdocs_lurk.models.loading.network import Network
from mkdocs_lurk.models.receptive_field.field import ReceptiveField
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.run.progress import Progress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.store.keys import digest
from mkdocs_lurk.store.store import Store, StoredUnit

Pixels = NDArray[Any]
Item = TypeVar("Item")

_REMEMBERED_PICTURES = 256
_DECODERS = 2
_SMALLEST = 64

log = logging.getLogger("mkdocs.plugins.lurk")


class Pictures:
    """The model's pictures as the network sees them, decoded ahead of need.

    Args:
        images: Where they come from.
        transform: What is done to them.
    """

    def __init__(self, images: ImageSet, transform: Transform) -> None:
        self.images = images
        self.transform = transform
        self._pixels = lru_cache(_REMEMBERED_PICTURES)(self._decode)
        self._pool = ThreadPoolExecutor(_DECODERS)

    def pixels(self, image: int) -> Pixels:
        """One picture, ``(h, w, c)``, at the network's input size and not normalised.

        Raises:
            ImageError: It cannot be read.
        """
        return self._pixels(image)

    def tensor(self, images: Sequence[int]) -> Tensor:
        """Several pictures, normalised, ``(n, c, h, w)`` float32."""
        return torch.stack([self.transform.tensor(pixels) for pixels in self._pool.map(self.pixels, images)])

    def batches(self, images: Sequence[int], size: int) -> Iterator[tuple[list[int], Tensor, dict[int, str]]]:
        """Go through pictures in batches, the next being decoded while one is in use.

        Yields:
            The ids that could be read, the pictures ``(n, c, h, w)``, and why others could not be.
        """
        groups = [list(images[start : start + size]) for start in range(0, len(images), size)]
        with ThreadPoolExecutor(1) as ahead:
            coming = [ahead.submit(self._readable, group) for group in groups[:1]]
            for after in [*groups[1:], []]:
                ready = coming.pop(0)
                if after:
                    coming.append(ahead.submit(self._readable, after))
                yield ready.result()

    def _readable(self, images: Sequence[int]) -> tuple[list[int], Tensor, dict[int, str]]:
        good: dict[int, Pixels] = {}
        bad: dict[int, str] = {}
        for image, pixels in zip(images, self._pool.map(self._try, images), strict=True):
            if isinstance(pixels, ImageError):
                bad[image] = str(pixels)
            else:
                good[image] = pixels
        tensors = [self.transform.tensor(pixels) for pixels in good.values()]
        size = (self.transform.channels, self.transform.height, self.transform.width)
        return list(good), torch.stack(tensors) if tensors else torch.empty(0, *size), bad

    def _try(self, image: int) -> Pixels | ImageError:
        try:
            return self.pixels(image)
        except ImageError as error:
            return error

    def _decode(self, image: int) -> Pixels:
        return self.transform.pixels(self.images.open(image))


@dataclass
class Session:
    """What every stage of an analysis works with.

    Attributes:
        base: Digest of the weights, the architecture and the transform: a part of every key.
        dtype: The number format of scores: float32.
        fast: The probe for gradients and syntheses, in the number format that ``precision`` allows.
        fast_dtype: That number format.
        spans: For each layer its columns among all filters of all layers.
        depths: For each layer the multiply-adds of one picture's pass as far as it.
        shrink: What batches are divided by, since memory was short.
    """

    config: ModelConfig
    store: Store
    network: Network
    probe: Probe
    fast: Probe
    pictures: Pictures
    layers: tuple[Layer, ...]
    fields: Mapping[str, ReceptiveField]
    base: str
    device: torch.device
    dtype: torch.dtype
    fast_dtype: torch.dtype
    ranks: Ranks
    progress: Progress
    shrink: int = 1
    spans: Mapping[str, slice] = field(init=False)
    depths: Mapping[str, float] = field(init=False)

    def __post_init__(self) -> None:
        ends = np.cumsum([0, *(layer.filters for layer in self.layers)])
        columns = [slice(int(start), int(end)) for start, end in pairwise(ends)]
        self.spans = {layer.name: span for layer, span in zip(self.layers, columns, strict=True)}
        depths = accumulate(float(layer.macs) for layer in self.layers)
        self.depths = {layer.name: depth for layer, depth in zip(self.layers, depths, strict=True)}

    @cached_property
    def probed_network(self) -> ProbedNetwork:
        """The network with all that is known of its layers."""
        transform = self.pictures.transform
        size = transform.channels, transform.height, transform.width
        return ProbedNetwork(self.probe, self.fast, self.fast_dtype, self.layers, self.fields, size)

    @property
    def images(self) -> ImageSet:
        """The model's pictures on disk."""
        return self.pictures.images

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input in px."""
        return self.pictures.transform.height, self.pictures.transform.width

    def placed(self, x: Tensor, dtype: torch.dtype | None = None) -> Tensor:
        """Bring pictures ``(n, c, h, w)`` to where the network runs; in float32 unless said otherwise."""
        return x.to(self.device, dtype or self.dtype)

    def picture_digests(self, images: Iterable[int]) -> list[str]:
        """What the contents of pictures are known by."""
        return [self.images.entries[image].digest for image in images]

    def key(self, stage: str, algorithm: int, *parts: object) -> str:
        """The key of a unit of work: what it is, and all that its bytes depend on."""
        return digest(stage, algorithm, self.base, *parts)

    def run_units(self, stage: str, units: Sequence[WorkUnit], make: Callable[[Session, WorkUnit], None]) -> None:
        """Make those of the units that are missing and fall to this process, and wait for the others'.

        Args:
            stage: What the progress calls this work.
            units: All units of the stage, in the same order in every process.
            make: Computes a unit and stores it.
        """
        missing = [unit for unit in units if not self.store.has(unit.key)]
        for unit in (missing[place] for place in self.ranks.share([unit.cost for unit in missing])):
            began = perf_counter()
            self._make(unit, make)
            self.progress.advance(stage, unit.cost * self.ranks.world, perf_counter() - began)
        self.ranks.wait()

    def batch(self, pictures: int) -> int:
        """How many pictures go through the network at once, where so many would if memory allowed."""
        return max(1, pictures // self.shrink)

    def _make(self, unit: WorkUnit, make: Callable[[Session, WorkUnit], None]) -> None:
        """Make a unit; where the device's memory does not suffice, again and from now on in batches half as large.

        Raises:
            ModelError: Not even one picture fits.
        """
        while True:
            try:
                return make(self, unit)
            except torch.OutOfMemoryError as error:
                if self.shrink >= _SMALLEST:
                    raise ModelError(
                        f"{self.device}: out of memory with a single picture; use another device"
                    ) from error
                self.shrink *= 2
                log.warning("%s: out of memory; going on with batches 1/%d as large", self.device, self.shrink)
            if self.device.type == "cuda":
                torch.cuda.empty_cache()

    def fetch(self, unit: WorkUnit, make: Callable[[Session, WorkUnit], None]) -> StoredUnit:
        """Read a unit from the store; one that was damaged since it was made is made again.

        Raises:
            StoreError: It does not stay in the store.
        """
        stored = self.store.get(unit.key)
        if stored is None:
            self._make(unit, make)
            stored = self.store.get(unit.key)
        if stored is None:
            raise StoreError(f"{self.store.root}: the unit {unit.key} was written and is gone; is the disk sound?")
        return stored


@dataclass(frozen=True, slots=True)
class WorkUnit:
    """A piece of work that is stored when it is done.

    Attributes:
        key: Where the result goes.
        cost: Multiply-adds, roughly.
        layer: The layer it is about; empty where it is about pictures.
        items: Pictures or filters.
    """

    key: str
    cost: float
    layer: str
    items: tuple[int, ...]


def runs(items: Sequence[Item], length: int) -> list[tuple[Item, ...]]:
    """Cut a sequence into runs of a length that does not depend on who does them."""
    return [tuple(items[start : start + length]) for start in range(0, len(items), length)]


def array_bytes(array: NDArray[Any]) -> bytes:
    """Write an array in NumPy's own format."""
    buffer = BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def array_from(data: bytes) -> NDArray[Any]:
    """Read back what ``array_bytes`` wrote."""
    array: NDArray[Any] = np.load(BytesIO(data), allow_pickle=False)
    return array
