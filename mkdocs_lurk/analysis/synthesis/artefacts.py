"""Syntheses that win by the border or by a constant, and so show nothing that the filter looks for.

A filter whose weights add up to zero, such as an edge detector, can have any mean at all inside a flat picture but the
bias; what is left to gain is the edge between the picture and its padding. Gradient ascent finds it. And a filter whose
weights are nearly zero answers the same to everything: whatever ascent gains there is lost in the layer's scale.
"""

from __future__ import annotations

from torch import Tensor

from mkdocs_lurk.records.model_record import WonBy

_BORDER_GAIN, _BORDER_SHARE = 0.05, 0.5
_FLAT_SHARE, _FLAT_SHARE_OF_LAYER = 0.1, 0.001


def won_by(maps: Tensor, flat_maps: Tensor, inside: Tensor, layer_scale: float = 0.0) -> WonBy | None:
    """Return what a synthesis wins by, if not by what the filter looks for.

    Args:
        maps: ``(h, w)``, the filter's output for the synthesis, before any activation.
        flat_maps: ``(h, w)``, the same for a flat picture of the synthesis's mean colour.
        inside: ``(h, w)``, whether a unit's receptive field lies inside the picture. If none does, nothing is known
            about the border.
        layer_scale: The highest response of the layer to a photo; 0 if none is above 0.

    Returns:
        ``border``: without the units whose fields leave the picture, less than half is left of what the synthesis gains
        over the flat picture's response inside. ``flat``: the flat picture's mean is below that of the synthesis by a
        tenth of it at most, or by a thousandth of the layer's scale at most. None: neither.
    """
    score, flat = float(maps.mean()), float(flat_maps.mean())
    if inside.any() and not inside.all():
        score_inside, constant = float(maps[inside].mean()), float(flat_maps[inside].mean())
        gain = score - constant
        if gain > _BORDER_GAIN * abs(score) and score_inside - constant < _BORDER_SHARE * gain:
            return "border"
    return "flat" if score - flat <= max(_FLAT_SHARE * abs(score), _FLAT_SHARE_OF_LAYER * layer_scale) else None


def flat_pictures(pixels: Tensor) -> Tensor:
    """Return flat pictures of the mean colours of pictures, ``(n, c, h, w)``."""
    return pixels.mean((2, 3), keepdim=True).expand_as(pixels).contiguous()
