"""Average colours of a model's own pictures."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mkdocs_lurk.errors import ShapeError

_LOGIT_MARGIN = 1 / 64
"""Pixel values are kept this far from 0 and 1, where the logit is infinite."""

_LEAST_VARIANCE_SHARE = 1e-4
"""The variance that every principal colour has at least, as a share of the largest one: data may be grey."""


@dataclass(frozen=True)
class ImageStatistics:
    """Averages over a model's own pictures, all in logits of the pixel values 0..1.

    Attributes:
        mean: The mean colour, ``(c,)``.
        colours: The principal colours in columns, ``(c, c)``, each as long as its standard deviation over the pixels.
    """

    mean: Tensor
    colours: Tensor

    @classmethod
    def of(cls, pictures: Tensor) -> ImageStatistics:
        """Measure the statistics of pictures.

        Args:
            pictures: ``(n, c, h, w)``, values 0..1, at the network's input size; a few hundred are enough.

        Raises:
            ShapeError: There are no pictures, or they do not have that shape.
        """
        if pictures.dim() != 4 or not len(pictures):
            raise ShapeError(f"expected pictures of shape (n, c, h, w), got {tuple(pictures.shape)}")
        mean = torch.stack([_logits(picture).mean((1, 2)) for picture in pictures]).mean(0)
        offsets = mean[:, None, None]
        centred = ((_logits(picture) - offsets).flatten(1) for picture in pictures)
        covariance = torch.stack([one @ one.T / one.shape[1] for one in centred]).mean(0)
        variances, directions = torch.linalg.eigh(covariance)
        least_variance = max(float(variances[-1]) * _LEAST_VARIANCE_SHARE, 1e-6)
        largest = directions.gather(0, directions.abs().argmax(0, keepdim=True))
        directions = directions * largest.sign()
        colours = directions * variances.clamp(min=least_variance).sqrt()
        return cls(*(_to_four_decimals(part) for part in (mean, colours)))


def _logits(picture: Tensor) -> Tensor:
    return picture.detach().cpu().double().clamp(_LOGIT_MARGIN, 1 - _LOGIT_MARGIN).logit()


def _to_four_decimals(values: Tensor) -> Tensor:
    """Round to four decimals: further ones have no effect and differ between machines."""
    return (values * 1e4).round().div(1e4).float()
