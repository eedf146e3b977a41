"""What the gradient engine is asked for, what it returns, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.analysis.crops import effective_box
from mkdocs_lurk.names import Box, ImageId

Position = tuple[int, int]


@dataclass(frozen=True, slots=True)
class GradientRequest:
    """A filter's score on a picture, whose gradient with respect to the picture is wanted.

    Attributes:
        image: The picture's id.
        layer: The layer's name.
        filter: The filter.
        position: The unit ``(y, x)`` whose value is the score; None for the spatial mean of the filter's map.
    """

    image: ImageId
    layer: str
    filter: int
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class GradientResult:
    """A gradient, and the part of the picture that the unit depends on.

    Attributes:
        gradient: ``(c, h, w)`` float32, per unit of the normalised input: of ``grad_box`` or, if that is None, of the
            whole picture. None if the unit depends on padding alone.
        box: The unit's receptive field, clipped to the picture, or its effective box; None for a mean.
        field_box: The exact receptive field, not clipped.
        grad_box: The part that ``gradient`` is of; the gradient is exactly zero outside.
        field: Whether ``box`` is exact or effective; None for a mean.
        energy: The share of the plain gradient's energy in an effective box, rounded.
        dtype: The number format of the backward pass.
    """

    gradient: NDArray[np.float32] | None
    box: Box | None = None
    field_box: Box | None = None
    grad_box: Box | None = None
    field: Literal["exact", "effective"] | None = None
    energy: float | None = None
    dtype: torch.dtype = torch.float32

    @classmethod
    def of_mean(cls, gradient: Tensor) -> GradientResult:
        """The result for a mean, from the gradient of the whole picture, ``(c, h, w)``."""
        return cls(gradient.cpu().numpy())

    @classmethod
    def of_unit_with_energy(cls, gradient: Tensor, energy: Tensor) -> GradientResult:
        """The result for a unit that needs an effective box, from its gradient and energy ``(h, w)``."""
        box, share = effective_box(energy.cpu().numpy())
        return cls(gradient.cpu().numpy(), box, field="effective", energy=round(share, 3))

    @classmethod
    def of_unit(
        cls, gradient: NDArray[np.float32], part: Box, field_box: Box, picture_size: tuple[int, int]
    ) -> GradientResult:
        """The result for a unit with an exact receptive field.

        Args:
            gradient: ``(c, h, w)`` of ``part``.
            part: A part of the picture that holds all of the field that lies in the picture.
            field_box: The field, not clipped.
            picture_size: ``(h, w)`` in px.
        """
        box = field_box.clip(*picture_size)
        if not box.height or not box.width:
            return cls(None, box, field_box, field="exact")
        inside = box.shift(-part.top, -part.left)
        cropped = gradient[:, inside.top : inside.bottom, inside.left : inside.right]
        return cls(cropped, box, field_box, grad_box=box, field="exact")


@dataclass(frozen=True, slots=True)
class GradientSettings:
    """Sizes and tolerances of the gradient engine.

    Attributes:
        most_recordings: How many pictures' recordings are held at once, at most.
        most_recorded_bytes: How much memory they may take, about.
        cpu_batch: Whole pictures per backward pass on a CPU, by number format; its caches hold no more.
        plain_batch_px: About how many px of pictures go through the network at once on a CPU where nothing is replayed.
        least_plain_batch: From how many on nothing is replayed on a CPU: small pictures of many layers in one pass
            cost less than passes of one layer each, which is all that a recording serves.
        batch: Whole pictures per backward pass elsewhere.
        largest_batch: Parts of pictures per backward pass, at most.
        tried_layers: About how many layers a method is tried on.
        least_cosine: What a method's gradients must reach against those of single passes, by number format.
        largest_window: The largest share of the picture that is worth cutting out.
        tried_filters: Filters with which a layer's windows are tried, until one has a gradient.
        window_tolerance: By how much the largest number of a window's gradient may be off, as a share.
    """

    most_recordings: int = 8
    most_recorded_bytes: int = 1 << 29
    cpu_batch: Mapping[torch.dtype, int] = field(default_factory=lambda: {torch.float32: 2, torch.bfloat16: 4})
    plain_batch_px: int = 224 * 224
    least_plain_batch: int = 8
    batch: int = 16
    largest_batch: int = 64
    tried_layers: int = 8
    least_cosine: Mapping[torch.dtype, float] = field(
        default_factory=lambda: {torch.float32: 0.9999, torch.bfloat16: 0.995}
    )
    largest_window: float = 0.8
    tried_filters: int = 4
    window_tolerance: float = 1e-3

    def pictures_at_once(self, picture_size: tuple[int, int], on_cpu: bool) -> int:
        """Return how many pictures ``(h, w)`` go through at once in plain passes: the fewer, the larger they are."""
        height, width = picture_size
        n = self.plain_batch_px // (height * width) if on_cpu else self.batch
        return max(1, min(self.largest_batch, n))
