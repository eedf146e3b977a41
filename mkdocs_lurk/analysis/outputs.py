"""What is kept of a classifying network's outputs: enough of each picture's row for every figure of the evaluation.

The rows come from the forward pass that scores the pictures, and take about 200 bytes each, whatever the number of
outputs is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.models.loading.label_map import NO_OUTPUT

MOST_PREDICTIONS = 5
"""The likeliest outputs that are kept."""
TEMPERATURES: NDArray[np.float64] = np.geomspace(0.1, 10, 25)
"""The temperatures at which each row's softmax is known; 1 is one of them."""
_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class OutputRows:
    """The outputs for some pictures, one row for each.

    A row that holds NaN or infinity has -1 in ``best`` and ``rank``, and 0 in all numbers.

    Attributes:
        images: ``(n,)`` int64, the pictures' ids.
        targets: ``(n,)`` int64, the output that is right; -1 where none is known to be.
        best: ``(n, k)`` int64, the k largest outputs, the largest first; of equal ones the first.
        probabilities: ``(n, k)`` float32, their probabilities, 0 to 1.
        rank: ``(n,)`` int64, how many outputs come before the right one in that order; -1 where none is known.
        gap: ``(n,)`` float32, the largest output minus the right one; 0 where none is known.
        log_sums: ``(n, len(TEMPERATURES))`` float32, at each temperature the logarithm of the sum of the exponentials
            of all outputs after the largest was subtracted: minus the logarithm of the largest probability.
        squares: ``(n,)`` float32, the sum of all squared probabilities.
        target_probability: ``(n,)`` float32, the probability of the right output; 0 where none is known.
        are_shares: ``(n,)`` bool, whether all outputs lie from 0 to 1.
    """

    images: NDArray[np.int64]
    targets: NDArray[np.int64]
    best: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    rank: NDArray[np.int64]
    gap: NDArray[np.float32]
    log_sums: NDArray[np.float32]
    squares: NDArray[np.float32]
    target_probability: NDArray[np.float32]
    are_shares: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.images)

    @property
    def is_finite(self) -> NDArray[np.bool_]:
        """Which rows hold numbers alone, ``(n,)``."""
        return np.asarray(self.best[:, 0] != NO_OUTPUT)

    @classmethod
    def empty(cls, n: int, n_outputs: int) -> OutputRows:
        """Return rows of zeros: of ``n`` pictures that are not known, for their shapes and types."""
        k = min(MOST_PREDICTIONS, n_outputs)
        whole, number, truth = np.zeros(n, np.int64), np.zeros(n, np.float32), np.zeros(n, np.bool_)
        best, shares = np.zeros((n, k), np.int64), np.zeros((n, k), np.float32)
        log_sums = np.zeros((n, len(TEMPERATURES)), np.float32)
        return cls(whole, whole, best, shares, whole, number, log_sums, number, number, truth)

    @classmethod
    def join(cls, parts: Iterable[OutputRows]) -> OutputRows:
        """Return the rows of all parts, one after the other; there is at least one part."""
        columns = zip(*(part.to_arrays().values() for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the columns as named arrays, for the store."""
        return {column.name: getattr(self, column.name) for column in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> OutputRows:
        """Return the rows that ``to_arrays`` gave as named arrays."""
        return cls(**{column.name: np.asarray(arrays[column.name]) for column in fields(cls)})

    def select(self, rows: NDArray[np.bool_]) -> OutputRows:
        """Return some of the rows."""
        return OutputRows.from_arrays({name: column[rows] for name, column in self.to_arrays().items()})


def are_probabilities(outputs: Tensor) -> bool:
    """Return whether every row of outputs ``(n, n_outputs)`` holds probabilities: none below 0, with the sum 1."""
    return bool((outputs >= 0).all() and ((outputs.sum(1) - 1).abs() <= _SUM_TOLERANCE).all())


def reduce_outputs(
    outputs: Tensor, images: Sequence[int], targets: Sequence[int], *, probabilities: bool = False
) -> OutputRows:
    """Reduce a batch of outputs.

    Args:
        outputs: ``(n, n_outputs)`` float32: logits, log-probabilities or probabilities; 2 outputs or more.
        images: The pictures' ids.
        targets: For each of them the output that is right, or -1.
        probabilities: Whether the outputs are probabilities; otherwise the softmax of them is.
    """
    is_finite = torch.isfinite(outputs).all(1)
    z = torch.where(is_finite[:, None], outputs, 0.0)
    are_shares = ((z >= 0) & (z <= 1)).all(1)
    z = z.clamp_min(torch.finfo(z.dtype).tiny).log() if probabilities else z
    z, order = z - z.amax(1, keepdim=True), torch.sort(z, dim=1, descending=True, stable=True).indices
    log_sums = torch.stack([(z / temperature).exp_().sum(1) for temperature in TEMPERATURES.tolist()], 1).log_()
    shares = z.softmax(1)
    best = order[:, :MOST_PREDICTIONS]
    right = torch.tensor(list(targets), dtype=torch.int64)
    is_known = (right != NO_OUTPUT) & is_finite
    column = right.clamp_min(0)[:, None]
    rank = (order == column).to(torch.uint8).argmax(1)
    return OutputRows(
        images=np.array(images, np.int64),
        targets=right.numpy(),
        best=torch.where(is_finite[:, None], best, NO_OUTPUT).numpy(),
        probabilities=(shares.gather(1, best) * is_finite[:, None]).numpy(),
        rank=torch.where(is_known, rank, NO_OUTPUT).numpy(),
        gap=(-z.gather(1, column)[:, 0] * is_known).numpy(),
        log_sums=(log_sums * is_finite[:, None]).numpy(),
        squares=(shares.square().sum(1) * is_finite).numpy(),
        target_probability=(shares.gather(1, column)[:, 0] * is_known).numpy(),
        are_shares=(are_shares & is_finite).numpy(),
    )
