"""ChannelSources: which filter each element of a value carries, and how it was scaled on the way.

A value is a sum of strands. In each of them an element carries at most one filter's output, ``scale * output + shift``,
as it would be without the activations in between. Companion tensors keep an axis along which nothing changes at size 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mkdocs_lurk.models.receptive_field import intervals as iv
from mkdocs_lurk.models.receptive_field.intervals import Intervals

NOTHING = float("inf")
"""The source of an element that carries no filter in a strand; the same as that of a constant among intervals."""


@dataclass(frozen=True, slots=True, eq=False)
class ChannelSource:
    """One summand of a value.

    Attributes:
        parts: ``(4, *compact shape)`` float32: source, scale, shift and a zero. The source is a filter's number among
            those of all layers, ``NOTHING``, or below 0 where it is not known: -1 for the first reason, and so on.
    """

    parts: Tensor

    @classmethod
    def of(cls, source: Tensor, scale: Tensor, shift: Tensor) -> ChannelSource:
        """Put three tensors of equal rank together, broadcast against each other."""
        shape = np.broadcast_shapes(source.shape, scale.shape, shift.shape)
        source, scale, shift = source.expand(shape), scale.expand(shape), shift.expand(shape)
        none = source == NOTHING
        kept = (source, scale.masked_fill(none, 0), shift.masked_fill(none, 0), torch.zeros(1).expand(shape))
        return cls(iv.compact(torch.stack(kept)))

    @classmethod
    def numbered(cls, first: int, shape: Sequence[int], axis: int) -> ChannelSource:
        """Each element along ``axis`` carries a filter of its own, ``first`` and on."""
        view = [1] * len(shape)
        view[axis] = shape[axis]
        source = torch.arange(first, first + shape[axis], dtype=torch.float32).view(view)
        return cls.of(source, torch.ones(view), torch.zeros(view))

    @classmethod
    def unknown(cls, reason: int, dims: int) -> ChannelSource:
        """What no element's source is known of, for the reason of that number."""
        one = torch.ones([1] * dims)
        return cls.of(one * (-1 - reason), one, one * 0)

    @property
    def source(self) -> Tensor:
        """The filters' numbers."""
        return self.parts[0]

    @property
    def scale(self) -> Tensor:
        """What a filter's output was multiplied by."""
        return self.parts[1]

    @property
    def shift(self) -> Tensor:
        """What was added to it."""
        return self.parts[2]

    @property
    def carries(self) -> Tensor:
        """Where there is anything at all."""
        return self.source != NOTHING

    def aligned(self, dims: int) -> ChannelSource:
        """The same strand with leading axes of size 1, up to ``dims`` of them in all."""
        missing = dims + 1 - self.parts.dim()
        return ChannelSource(self.parts.view(4, *[1] * missing, *self.parts.shape[1:])) if missing else self

    def averaged(self, axes: Iterable[int]) -> ChannelSource | None:
        """The strand with size 1 along ``axes``, scales and shifts on average; none where sources change along them."""
        axes = [axis % self.source.dim() for axis in axes]
        if any(
            self.source.shape[axis] > 1 and bool((self.source != self.source.narrow(axis, 0, 1)).any()) for axis in axes
        ):
            return None
        return (
            ChannelSource(self.parts.double().mean([axis + 1 for axis in axes], keepdim=True).float()) if axes else self
        )

    def varies(self, axis: int) -> bool:
        """Whether elements differ along ``axis``."""
        return self.source.shape[axis] > 1

    def packed(self, shape: Sequence[int]) -> Intervals:
        """The strand in the form that the rules of moving operations take."""
        return Intervals(tuple(shape), self.parts, torch.zeros(4, *[1] * len(shape)))

    @classmethod
    def unpacked(cls, moved: Intervals) -> ChannelSource:
        """What such a rule has made of it; elements that came in as constants carry nothing."""
        return cls.of(*moved.rows[:3])


ChannelSources = tuple[ChannelSource, ...]


def averaged(strands: ChannelSources, axes: Iterable[int]) -> ChannelSources | None:
    """All strands averaged along ``axes``; none where one of them cannot be."""
    axes = list(axes)
    found = [strand.averaged(axes) for strand in strands]
    return None if None in found else tuple(strand for strand in found if strand is not None)


def affine(strands: ChannelSources, factor: Tensor | float, term: Tensor | float, dims: int) -> ChannelSources:
    """Multiply and add constants, broadcast from the right.

    A constant that is added to a sum of several filters belongs to none of them and is left out.

    Args:
        strands: Of the value.
        factor: What each element is multiplied by.
        term: What is then added to it.
        dims: Rank of the result.
    """
    by, plus = (_aligned(torch.as_tensor(one, dtype=torch.float32), dims) for one in (factor, term))
    strands = tuple(strand.aligned(dims) for strand in strands)
    if not strands:
        return ()
    alone = sum((strand.carries.float() for strand in strands), torch.zeros([1] * dims)) == 1
    return tuple(ChannelSource.of(one.source, one.scale * by, one.shift * by + plus * alone) for one in strands)


def add(strands: Iterable[ChannelSource], dims: int) -> ChannelSources:
    """Add strands up; those that carry the same filters become one."""
    found: list[ChannelSource] = []
    for strand in (one.aligned(dims) for one in strands):
        for place, other in enumerate(found):
            if torch.equal(other.source, strand.source):
                found[place] = ChannelSource.of(other.source, other.scale + strand.scale, other.shift + strand.shift)
                break
        else:
            found.append(strand)
    return tuple(found)


def same_sources(one: ChannelSources, other: ChannelSources) -> bool:
    """Whether two values carry the same filters in the same places."""
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) > 0 and all(torch.equal(a.source, b.source) for a, b in pairs)


def _aligned(constant: Tensor, dims: int) -> Tensor:
    return constant.view(*[1] * (dims - constant.dim()), *constant.shape)
