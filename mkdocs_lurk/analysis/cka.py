"""Centred kernel alignment (CKA) of layers: how alike two layers order the same pictures.

Linear CKA (Kornblith et al. 2019, arXiv:1905.00414) with the unbiased estimate of HSIC, as Nguyen et al. 2020,
arXiv:2010.15327, use it: with the biased one, layers of more filters than there are pictures look alike whatever they
respond to. No torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FEWEST = 8
"""Pictures that it takes at least: the estimate divides by n - 3, and says little of so few."""


def cka_map(first: Sequence[NDArray[np.float32]], second: Sequence[NDArray[np.float32]]) -> list[list[float | None]]:
    """Return the linear CKA of every layer of one network with every layer of another.

    Args:
        first: Of each layer ``(n_pictures, n_filters)``, the responses.
        second: Of each layer of the other network, to the same pictures; 4 pictures at least.

    Returns:
        A row for each layer of the first, -1 to 1: a layer with itself, or with its filters in another order, has 1.
        None where a layer's responses are the same to all pictures.
    """
    a, b = (np.stack([_unit_kernel(layer) for layer in layers]) for layers in (first, second))
    values = np.clip(a @ b.T, -1.0, 1.0)
    return [[None if np.isnan(value) else float(value) for value in row] for row in values]


def _unit_kernel(responses: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return a layer's linear kernel, centred so that products of two are n (n - 3) times unbiased HSIC; of length 1.

    U-centring: Székely and Rizzo 2014, whose inner product is the estimate of Song et al. 2012. NaN for responses that
    are the same to all pictures.
    """
    x = responses.astype(np.float64)
    x = x - x.mean(0)
    scale = np.abs(responses).max(initial=0.0)
    kernel = x @ x.T
    n = len(kernel)
    np.fill_diagonal(kernel, 0.0)
    sums = kernel.sum(0)
    centred = kernel - (sums[:, None] + sums[None, :]) / (n - 2) + sums.sum() / ((n - 1) * (n - 2))
    np.fill_diagonal(centred, 0.0)
    length = np.linalg.norm(centred)
    if length <= 1e-10 * n * scale * scale:
        return np.full(n * n, np.nan)
    unit: NDArray[np.float64] = (centred / length).ravel()
    return unit
