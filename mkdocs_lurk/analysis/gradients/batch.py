"""One batch of a replay: which recorded picture each row is of, and what was recorded for the part that the row needs.

Rows may be whole pictures, or parts of pictures that all have one size. Of a part, the recorded outputs, masks and
indices are cut out of those of the whole picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mkdocs_lurk.analysis.gradients.backward_ops import SwitchableRule
from mkdocs_lurk.analysis.gradients.placeholders import as_placeholder
from mkdocs_lurk.analysis.gradients.recording import RecordedOperation, Recording
from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule
from mkdocs_lurk.errors import LayerError
from mkdocs_lurk.names import Box

Position = tuple[int, int]
Size = tuple[int, int]
Jumps = tuple[Size, ...]
"""For every recorded operation up to a layer: pixels of the picture between neighbours of its output, ``(y, x)``."""

_ANOTHER_WAY = "the network took another way than it did a moment ago"


@dataclass(frozen=True, slots=True)
class BatchRow:
    """The score whose gradient is one row of a batch.

    Attributes:
        picture: The picture's number in the recording.
        filter: The filter.
        position: The unit's ``(y, x)`` in the map of the whole picture; None for the map's spatial mean.
    """

    picture: int
    filter: int
    position: Position | None = None


class ReplayBatch:
    """Hands out the recorded operations in order, for the rows of one batch.

    Args:
        recording: The recorded pictures.
        rows: The rows.
        boxes: The part of the picture that each row needs, all of one size; None for whole pictures.
        jumps: With ``boxes``: as ``find_jumps`` returns them.
        rule: The rule that ReLUs of a recording of masks follow first.

    Attributes:
        rule: That rule, which may be switched.
        masks_only: Whether the recording holds no outputs, so that placeholders stand for them.
    """

    def __init__(
        self, recording: Recording, rows: Sequence[BatchRow], boxes: Sequence[Box] | None, jumps: Jumps, rule: ReluRule
    ) -> None:
        self.rule = SwitchableRule(rule)
        self.masks_only = recording.masks_only
        self._recording, self._boxes, self._jumps = recording, boxes, jumps
        self._pictures = [row.picture for row in rows]
        self._index = -1

    def pictures(self) -> Tensor:
        """Return the rows' pictures or parts of pictures, ``(n, c, h, w)``; a placeholder in a recording of masks."""
        pictures = self._recording.pictures
        size = (self._boxes[0].height, self._boxes[0].width) if self._boxes else None
        if self.masks_only:
            return self._placeholder((pictures.shape[0], pictures.shape[1], *(size or pictures.shape[2:])))
        return _joined(self._rows_of(pictures, (1, 1), size), pictures)

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self._pictures)

    def next(self, name: str) -> RecordedOperation:
        """Return the next recorded operation.

        Args:
            name: The name of the operation that the network runs now.

        Raises:
            LayerError: Another operation was recorded here.
        """
        self._index += 1
        operations = self._recording.operations
        operation = operations[self._index] if self._index < len(operations) else None
        if operation is None or operation.name != name:
            raise LayerError(f"{name}: {_ANOTHER_WAY}")
        return operation

    def output(
        self, operation: RecordedOperation, size: Callable[[], Size], filters: Sequence[int] | None = None
    ) -> Tensor:
        """Return the current operation's output for every row, or a placeholder if it was not recorded.

        Args:
            operation: The operation.
            size: Computes the size of the maps of a part; asked only if rows are parts.
            filters: One filter for each row, of which alone the maps are wanted; None for all filters.
        """
        part = None if self._boxes is None else size()
        if operation.output is not None:
            rows = self._rows_of(operation.output, self._jump, part, operation.channels_last, filters)
            return _joined(rows, operation.output)
        shape = list(operation.shape)
        y, x, channel = (1, 2, -1) if operation.channels_last else (2, 3, 1)
        if part is not None:
            shape[y], shape[x] = part
        if filters is not None:
            shape[channel] = 1
        return self._placeholder(shape)

    def relu_masks(self, operation: RecordedOperation, size: Size) -> list[Tensor]:
        """Return the current ReLU's mask for every row, ``(1, ...)`` each, views; ``size`` is that of the maps."""
        return self._masks(operation.relu_mask, size)

    def pool_masks(self, operation: RecordedOperation, size: Size) -> list[list[Tensor]]:
        """Return the current pooling's masks: for each pixel of a window, for every row ``(1, c, h, w)``."""
        return [self._masks(mask, size) for mask in operation.pool_masks]

    def pool_indices(
        self, operation: RecordedOperation, input_size: Size, size: Size, stride: Sequence[int]
    ) -> list[Tensor]:
        """Return which pixels the current pooling took, for every row ``(1, c, h, w)``, counted in the row's input.

        Args:
            operation: The operation.
            input_size: Of the pooling's input for a row.
            size: Of its output for a row.
            stride: Of the pooling.
        """
        rows = self._masks(operation.pool_indices, size)
        if self._boxes is None:
            return rows
        jump_y, jump_x = (jump // by for jump, by in zip(self._jump, stride, strict=True))
        moved = []
        for indices, box in zip(rows, self._boxes, strict=True):
            y = indices.div(operation.pool_input_size[1], rounding_mode="floor")
            x = indices - y * operation.pool_input_size[1]
            y = y.sub_(box.top // jump_y).clamp_(0, input_size[0] - 1)
            x = x.sub_(box.left // jump_x).clamp_(0, input_size[1] - 1)
            moved.append(y.mul_(input_size[1]).add_(x))
        return moved

    @property
    def _jump(self) -> Size:
        return self._jumps[self._index] if self._boxes is not None else (1, 1)

    def _masks(self, recorded: Tensor | None, size: Size) -> list[Tensor]:
        if recorded is None:
            raise LayerError(_ANOTHER_WAY)
        return self._rows_of(recorded, self._jump, size if self._boxes is not None else None)

    def _placeholder(self, shape: Sequence[int]) -> Tensor:
        like = self._recording.pictures
        memory_format = self._recording.memory_format if len(shape) == 4 else torch.contiguous_format
        shape = (len(self._pictures), *shape[1:])
        return as_placeholder(torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=memory_format))

    def _rows_of(
        self,
        recorded: Tensor,
        jump: Size,
        size: Size | None,
        channels_last: bool = False,
        filters: Sequence[int] | None = None,
    ) -> list[Tensor]:
        """Return what belongs to each row of something recorded, ``(1, ...)`` each: views."""
        rows = [recorded[picture : picture + 1] for picture in self._pictures]
        if filters is not None:
            channel = -1 if channels_last else 1
            rows = [row.narrow(channel, index, 1) for row, index in zip(rows, filters, strict=True)]
        if size is not None and self._boxes is not None:
            y, x = (1, 2) if channels_last else (2, 3)
            rows = [
                row.narrow(y, box.top // jump[0], size[0]).narrow(x, box.left // jump[1], size[1])
                for row, box in zip(rows, self._boxes, strict=True)
            ]
        return rows


def find_jumps(whole: Recording, corner: Recording, removed: Size) -> Jumps | None:
    """Find how far apart in the picture neighbours of every recorded output are, by recording a smaller picture.

    An output whose neighbours are ``jump`` px apart is ``removed / jump`` smaller if the picture is ``removed`` px
    smaller. One that is not, such as a map that is scaled to a fixed size, cannot be cut out of the whole picture's.

    Args:
        whole: A recorded picture.
        corner: Its top left corner, recorded up to the layer.
        removed: By how much the corner is smaller, ``(y, x)`` in px, a multiple of the layer's jump and above 0.

    Returns:
        The jumps; None if some output cannot be cut.
    """
    found = []
    for small, large in zip(corner.operations, whole.operations, strict=False):
        if small.name != large.name or small.map_size is None or large.map_size is None:
            return None
        differences = [b - a for a, b in zip(small.map_size, large.map_size, strict=True)]
        if any(by < 1 or total % by for by, total in zip(differences, removed, strict=True)):
            return None
        found.append((removed[0] // differences[0], removed[1] // differences[1]))
    return tuple(found)


def _joined(rows: Sequence[Tensor], like: Tensor) -> Tensor:
    """Join rows in the memory format of what they were cut from."""
    channels_last = like.dim() == 4 and like.is_contiguous(memory_format=torch.channels_last)
    return torch.cat(list(rows)).contiguous(
        memory_format=torch.channels_last if channels_last else torch.contiguous_format
    )
