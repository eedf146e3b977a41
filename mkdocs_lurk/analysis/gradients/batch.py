"""The rows of a batch, and what a recording has noted for each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mkdocs_lurk.analysis.gradients.backward_ops import ActiveRule
from mkdocs_lurk.analysis.gradients.placeholders import mark
from mkdocs_lurk.analysis.gradients.recording import Note, Recording
from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule
from mkdocs_lurk.errors import LayerError
from mkdocs_lurk.names import Box

Position = tuple[int, int]
Size = tuple[int, int]
Steps = tuple[Size, ...]
"""For every note as far as a layer, the pixels of the picture between neighbours of its maps, ``(y, x)``."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a batch.

    Attributes:
        picture: Its number in the recording.
        filter: The filter.
        position: The unit's ``(y, x)`` in the whole picture's map; none for the map's mean.
    """

    picture: int
    filter: int
    position: Position | None = None


class Batch:
    """Gives out the notes of a recording in order, as the rows of a batch see them.

    Attributes:
        rule: How rectifiers of a short recording pass gradients now.
    """

    def __init__(
        self, recording: Recording, rows: Sequence[Row], boxes: Sequence[Box] | None, steps: Steps, rule: ReluRule
    ) -> None:
        self.rule = ActiveRule(rule)
        self.short = recording.short
        self._recording, self._boxes, self._steps = recording, boxes, steps
        self._pictures = [row.picture for row in rows]
        self._at = -1

    def pictures(self) -> Tensor:
        """The pictures, or their parts, ``(n, c, h, w)``."""
        whole = self._recording.pictures
        size = (self._boxes[0].height, self._boxes[0].width) if self._boxes else None
        if self.short:
            return self._empty((whole.shape[0], whole.shape[1], *(size or whole.shape[2:])))
        return self._dense(torch.cat(self._pieces(whole, (1, 1), size)), whole)

    def next(self, name: str) -> Note:
        """Go on to the next note.

        Raises:
            LayerError: It is about another step.
        """
        self._at += 1
        note = self._recording.notes[self._at] if self._at < len(self._recording.notes) else None
        if note is None or note.name != name:
            raise LayerError(f"{name}: the network took another way than it did a moment ago")
        return note

    def value(self, note: Note, size: Callable[[], Size], filters: Sequence[int] | None = None) -> Tensor:
        """The note's result for every row, or of each row one filter's; ``size`` tells that of a part's maps."""
        cut = None if self._boxes is None else size()
        if note.value is not None:
            pieces = self._pieces(note.value, self._step, cut, note.channels_last, filters)
            return self._dense(torch.cat(pieces), note.value)
        shape = list(note.shape)
        down, across, channel = (1, 2, -1) if note.channels_last else (2, 3, 1)
        if cut is not None:
            shape[down], shape[across] = cut
        if filters is not None:
            shape[channel] = 1
        return self._empty(shape)

    def rows(self, value: Tensor | None, size: Size | None) -> list[Tensor]:
        """What was noted for every row, or for its part; each ``(1, ...)``, a view of the recording."""
        if value is None:
            raise LayerError("the network took another way than it did a moment ago")
        return self._pieces(value, self._step, size if self._boxes is not None else None)

    def taken(self, note: Note, size: Size) -> list[list[Tensor]]:
        """For each pixel of a pooling's windows, for every row, where it was the one; the maps are of ``size``."""
        return [self.rows(one, size) for one in note.taken]

    def places(self, note: Note, part: Size, size: Size, stride: Sequence[int]) -> list[Tensor]:
        """Which pixels a pooling step took, of inputs of the size ``part`` that give maps of ``size``."""
        found = self.rows(note.places, size)
        if self._boxes is None:
            return found
        down, across = (step // by for step, by in zip(self._step, stride, strict=True))
        moved = []
        for own, box in zip(found, self._boxes, strict=True):
            rows = own.div(note.plane[1], rounding_mode="floor")
            columns = own - rows * note.plane[1]
            rows = rows.sub_(box.top // down).clamp_(0, part[0] - 1)
            columns = columns.sub_(box.left // across).clamp_(0, part[1] - 1)
            moved.append(rows.mul_(part[1]).add_(columns))
        return moved

    @property
    def _step(self) -> Size:
        return self._steps[self._at] if self._boxes is not None else (1, 1)

    def _empty(self, shape: Sequence[int]) -> Tensor:
        like = self._recording.pictures
        layout = self._recording.memory_format if len(shape) == 4 else torch.contiguous_format
        made = torch.empty(
            (len(self._pictures), *shape[1:]), dtype=like.dtype, device=like.device, memory_format=layout
        )
        return mark(made)

    @staticmethod
    def _dense(joined: Tensor, like: Tensor) -> Tensor:
        last = like.dim() == 4 and like.is_contiguous(memory_format=torch.channels_last)
        return joined.contiguous(memory_format=torch.channels_last if last else torch.contiguous_format)

    def _pieces(
        self,
        value: Tensor,
        step: Size,
        size: Size | None,
        channels_last: bool = False,
        filters: Sequence[int] | None = None,
    ) -> list[Tensor]:
        pieces = [value[picture : picture + 1] for picture in self._pictures]
        if filters is not None:
            axis = -1 if channels_last else 1
            pieces = [piece.narrow(axis, index, 1) for piece, index in zip(pieces, filters, strict=True)]
        if size is not None and self._boxes is not None:
            down, across = (1, 2) if channels_last else (2, 3)
            pieces = [
                piece.narrow(down, box.top // step[0], size[0]).narrow(across, box.left // step[1], size[1])
                for piece, box in zip(pieces, self._boxes, strict=True)
            ]
        return pieces


def steps_before(whole: Recording, part: Recording, less: Size) -> Steps | None:
    """Find how results lie in the picture, from a picture and a part that ends at a layer.

    A result whose neighbours are ``step`` pixels apart is ``less / step`` shorter where the picture is ``less``
    shorter; what is not, such as a map that is scaled to a fixed size, cannot be cut from that of the whole picture.

    Args:
        whole: A picture.
        part: Its top left corner, as far as the layer.
        less: By how much the part is smaller, ``(y, x)`` in px, a multiple of the layer's jump and above 0.

    Returns:
        The steps; none where some result cannot be cut.
    """
    found = []
    for ours, theirs in zip(part.notes, whole.notes, strict=False):
        if ours.name != theirs.name or ours.maps is None or theirs.maps is None:
            return None
        shorter = [b - a for a, b in zip(ours.maps, theirs.maps, strict=True)]
        if any(by < 1 or all_ % by for by, all_ in zip(shorter, less, strict=True)):
            return None
        found.append((less[0] // shorter[0], less[1] // shorter[1]))
    return tuple(found)
