"""What a shard of pictures stores of the network's outputs: rows from the forward pass that scores the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.analysis.outputs import OutputRows, reduce_outputs
from mkdocs_lurk.models.loading.label_map import NO_OUTPUT
from mkdocs_lurk.run.rehearsal import Rehearsed
from mkdocs_lurk.run.unit_check import check_same
from mkdocs_lurk.run.work import array_from_bytes, array_to_bytes
from mkdocs_lurk.store.store import StoredUnit

_BLOBS = "outputs/"


def rows_of_batch(rehearsed: Rehearsed, ids: Sequence[int], outputs: Tensor | None) -> list[OutputRows]:
    """Reduce the outputs for a batch; nothing of a network that gives no row of two numbers or more to a picture."""
    if outputs is None or rehearsed.n_outputs < 2:
        return []
    targets = [rehearsed.targets[image] for image in ids]
    return [reduce_outputs(outputs, ids, targets, probabilities=rehearsed.are_probabilities)]


def rows_to_blobs(parts: Sequence[OutputRows]) -> dict[str, bytes]:
    """Return the rows of a shard's batches as the bytes of arrays, by name."""
    if not parts:
        return {}
    return {_BLOBS + name: array_to_bytes(array) for name, array in OutputRows.join(parts).to_arrays().items()}


def rows_of_unit(stored: StoredUnit) -> list[OutputRows]:
    """Read a stored shard's rows; nothing if it has none."""
    names = [name for name in stored.names if name.startswith(_BLOBS)]
    arrays = {name.removeprefix(_BLOBS): array_from_bytes(stored.blob(name)) for name in names}
    return [OutputRows.from_arrays(arrays)] if arrays else []


def expected_arrays(rehearsed: Rehearsed, n: int) -> dict[str, NDArray[np.generic]]:
    """Return arrays of the shapes and types that a shard with ``n`` rows stores."""
    rows = OutputRows.empty(n, rehearsed.n_outputs).to_arrays() if n else {}
    return {_BLOBS + name: array for name, array in rows.items()}


def check_rows(rehearsed: Rehearsed, read: Sequence[int], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Check that stored rows are those of the pictures ``read``, with outputs that there are.

    Raises:
        StoreError: They are not.
    """
    if not read:
        return
    best, targets = arrays[f"{_BLOBS}best"], [rehearsed.targets[image] for image in read]
    check_same("its rows of outputs", arrays[f"{_BLOBS}images"].tolist(), list(read))
    check_same("its right outputs", arrays[f"{_BLOBS}targets"].tolist(), targets)
    check_same("its best outputs", best.min() >= NO_OUTPUT and best.max() < rehearsed.n_outputs, True)
    check_same("its outputs", all(np.isfinite(array).all() for array in arrays.values()), True)
