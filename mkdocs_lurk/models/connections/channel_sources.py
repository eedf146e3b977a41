"""Channel sources: which filter each element of a value carries, and how its output was scaled and shifted.

A value is the sum of its channel sources. In each of them an element carries at most one filter's output, as
``factor * activation(scale * output + shift)``: ``scale`` and ``shift`` are what happens before the first activation,
``factor`` is what scales it afterwards. Constants that are added after an activation belong to no filter, and later
activations are left out. As in the bounds tensors of receptive fields, an axis along which nothing changes has size 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mkdocs_lurk.models.receptive_field.intervals import EMPTY, Intervals, compact

NO_FILTER = EMPTY
"""Stands for an element that carries no filter. Rules that move intervals fill in the same where they move nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class ChannelSource:
    """One summand of a value: the filter that each element carries.

    Attributes:
        stacked: ``(4, *compact shape)`` float32: source filters, scales, shifts and factors. A source filter is
            numbered among the filters of all layers. It is ``NO_FILTER`` where there is none, and negative where it is
            unknown: -1 for the first reason, -2 for the second, and so on. A factor is 0 as long as there was no
            activation.
    """

    stacked: Tensor

    @classmethod
    def of(cls, filters: Tensor, scale: Tensor, shift: Tensor, factor: Tensor) -> ChannelSource:
        """Return the channel source of four tensors of equal rank, which are broadcast against each other."""
        shape = np.broadcast_shapes(filters.shape, scale.shape, shift.shape, factor.shape)
        filters = filters.expand(shape)
        none = filters == NO_FILTER
        numbers = (number.expand(shape).masked_fill(none, 0) for number in (scale, shift, factor))
        return cls(compact(torch.stack((filters, *numbers))))

    @classmethod
    def of_layer(cls, first: int, shape: Sequence[int], axis: int) -> ChannelSource:
        """Return the channel source of a layer's output: a filter for each index along ``axis``, from ``first`` on."""
        view = [1] * len(shape)
        view[axis] = shape[axis]
        filters = torch.arange(first, first + shape[axis], dtype=torch.float32).view(view)
        return cls.of(filters, torch.ones(view), torch.zeros(view), torch.zeros(view))

    @classmethod
    def unknown(cls, reason: int, rank: int) -> ChannelSource:
        """Return a channel source whose filters are unknown for the reason of that number."""
        one = torch.ones([1] * rank)
        return cls.of(one * (-1 - reason), one, one * 0, one * 0)

    @classmethod
    def from_intervals(cls, moved: Intervals) -> ChannelSource:
        """Return what a rule made of ``as_intervals``; elements that were constants carry no filter."""
        return cls.of(*moved.rows)

    def as_intervals(self, shape: Sequence[int]) -> Intervals:
        """Return the channel source in the form that rules for moving operations take."""
        return Intervals(tuple(shape), self.stacked, torch.zeros(4, *[1] * len(shape)))

    @property
    def filters(self) -> Tensor:
        """Numbers of the source filters."""
        return self.stacked[0]

    @property
    def scale(self) -> Tensor:
        """Factor of the filter's output before the first activation."""
        return self.stacked[1]

    @property
    def shift(self) -> Tensor:
        """Constant that is added to the scaled output before the first activation."""
        return self.stacked[2]

    @property
    def factor(self) -> Tensor:
        """Factor of what the first activation gives; 0 as long as there was none."""
        return self.stacked[3]

    def activated(self) -> ChannelSource:
        """Return the channel source of an activation of the value; only the first one counts."""
        factor = torch.where(self.factor == 0, 1.0, self.factor)
        return ChannelSource.of(self.filters, self.scale, self.shift, factor)

    def scaled(self, factor: Tensor, term: Tensor) -> ChannelSource:
        """Return the channel source of ``factor * value + term``.

        After an activation the term is left out. A product with 0 leaves nothing of the filter, ever after.
        """
        is_activated, vanishes = self.factor != 0, factor == 0
        scale = torch.where(is_activated, self.scale * ~vanishes, self.scale * factor)
        shift = torch.where(is_activated, self.shift * ~vanishes, self.shift * factor + term)
        return ChannelSource.of(self.filters, scale, shift, self.factor * factor)

    @property
    def direction(self) -> Tensor:
        """1 where the value grows with the filter's output, -1 where it falls, 0 where nothing of it is left."""
        return self.scale.sign() * torch.where(self.factor == 0, 1.0, self.factor.sign())

    def opposes(self, other: ChannelSource) -> bool:
        """Whether one value grows and the other falls with the output of a filter that both carry."""
        same = (self.filters == other.filters) & self.carries_filter
        return bool((same & (self.direction * other.direction < 0)).any())

    def cancels(self, other: ChannelSource) -> bool:
        """Whether the sum of two channel sources that can be merged leaves nothing of a filter that both carry."""
        was_there = (self.factor != 0) | (self.scale != 0)
        left = torch.where(self.factor != 0, self.factor + other.factor, self.scale + other.scale)
        return bool((self.carries_filter & was_there & (left == 0)).any())

    def can_merge(self, other: ChannelSource) -> bool:
        """Whether the sum of two channel sources is one: they carry the same filters, activated alike or not at all."""
        if not torch.equal(self.filters, other.filters) or not torch.equal(self.factor != 0, other.factor != 0):
            return False
        same = (self.scale == other.scale) & (self.shift == other.shift)
        return bool((same | (self.factor == 0)).all())

    def merged(self, other: ChannelSource) -> ChannelSource:
        """Return the sum of two channel sources that can be merged."""
        is_activated = self.factor != 0
        scale = torch.where(is_activated, self.scale, self.scale + other.scale)
        shift = torch.where(is_activated, self.shift, self.shift + other.shift)
        return ChannelSource.of(self.filters, scale, shift, self.factor + other.factor)

    @property
    def carries_filter(self) -> Tensor:
        """Whether each element carries a filter, known or unknown."""
        return self.filters != NO_FILTER

    def varies_along(self, axis: int) -> bool:
        """Whether elements differ along ``axis``."""
        return self.filters.shape[axis] > 1

    def with_rank(self, rank: int) -> ChannelSource:
        """Return the same channel source with as many leading axes of size 1 as ``rank`` needs."""
        missing = rank + 1 - self.stacked.dim()
        if not missing:
            return self
        return ChannelSource(self.stacked.view(4, *[1] * missing, *self.stacked.shape[1:]))

    def mean(self, axes: Iterable[int]) -> ChannelSource | None:
        """Return the mean over ``axes``, which keep size 1.

        None if source filters change along them, are activated in some places only, or turned around in some.
        """
        axes = [axis % self.filters.dim() for axis in axes]
        kinds = torch.stack((self.filters, (self.factor != 0).float()))
        if any(self.varies_along(axis) and bool((kinds != kinds.narrow(axis + 1, 0, 1)).any()) for axis in axes):
            return None
        if not axes:
            return self
        if bool((self.direction.amax(axes) * self.direction.amin(axes) < 0).any()):
            return None
        return ChannelSource(self.stacked.double().mean([axis + 1 for axis in axes], keepdim=True).float())


ChannelSources = tuple[ChannelSource, ...]


def mean(sources: ChannelSources, axes: Iterable[int]) -> ChannelSources | None:
    """Return the mean of a value over ``axes``, which keep size 1; None if source filters change along them."""
    axes = list(axes)
    means = [source.mean(axes) for source in sources]
    return None if None in means else tuple(source for source in means if source is not None)


def affine(sources: ChannelSources, factor: Tensor | float, term: Tensor | float, rank: int) -> ChannelSources:
    """Return the channel sources of ``factor * value + term``.

    A term that is added to a sum of several filters belongs to none of them and is left out.

    Args:
        sources: Channel sources of the value.
        factor: Constant, broadcast from the right.
        term: Constant, broadcast from the right.
        rank: Rank of the result.
    """
    factor, term = (_with_rank(torch.as_tensor(constant, dtype=torch.float32), rank) for constant in (factor, term))
    sources = tuple(source.with_rank(rank) for source in sources)
    if not sources:
        return ()
    alone = sum((source.carries_filter.float() for source in sources), torch.zeros([1] * rank)) == 1
    return tuple(source.scaled(factor, term * alone) for source in sources)


def activated(sources: ChannelSources) -> ChannelSources:
    """Return the channel sources of an activation of a value."""
    return tuple(source.activated() for source in sources)


def add(left: ChannelSources, right: ChannelSources, rank: int) -> ChannelSources | None:
    """Return the sum of two values; channel sources that carry the same filters in the same way become one.

    None where a filter is subtracted from itself, pooled or otherwise activated perhaps: what is left is not known, nor
    whether it grows with the filter's output.
    """
    total = [source.with_rank(rank) for source in left]
    for source in (each.with_rank(rank) for each in right):
        place = next((index for index, other in enumerate(total) if other.can_merge(source)), len(total))
        if place == len(total):
            total.append(source)
        elif total[place].cancels(source):
            return None
        else:
            total[place] = total[place].merged(source)
        if any(other.opposes(total[place]) for other in total):
            return None
    return tuple(total)


def carry_same_filters(left: ChannelSources, right: ChannelSources) -> bool:
    """Whether two values carry the same filters at the same positions."""
    pairs = zip(left, right, strict=False)
    return len(left) == len(right) > 0 and all(torch.equal(a.filters, b.filters) for a, b in pairs)


def _with_rank(constant: Tensor, rank: int) -> Tensor:
    return constant.view([1] * (rank - constant.dim()) + list(constant.shape))
