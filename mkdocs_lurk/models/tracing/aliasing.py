"""Follow tensors that share a storage: what is written through one of them is read through the others."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from mkdocs_lurk.models.tracing.operations import Constant, Geometry, OperationLog, Ref


@dataclass(slots=True)
class _Storage:
    """A storage that tensors share.

    Attributes:
        geometry: Of the tensor that came first; the contents are described as this tensor shows them.
        value: Id of the contents; None while they do not depend on the network's input.
        constant: The tensor that came first, while the contents do not depend on the network's input.
        version: Number of in-place writes.
    """

    geometry: Geometry
    value: int | None
    constant: Tensor | None
    version: int = 0


@dataclass(slots=True)
class _View:
    """A tensor's view of its storage.

    Attributes:
        storage: What the tensor shares with others.
        value: Id of the tensor's contents at ``version``; None if they do not depend on the network's input.
        version: Of the storage, when ``value`` was right.
    """

    storage: _Storage
    value: int | None
    version: int


class AliasTracker:
    """Keep track of the value that each tensor of a forward pass holds, also after in-place writes to its aliases.

    Args:
        log: Receives a ``"write"`` operation where a part of a storage is written, and a ``"read"`` operation where a
            part is read thereafter.
    """

    def __init__(self, log: OperationLog) -> None:
        self._log = log
        self._views: MutableMapping[Tensor, _View] = WeakTensorKeyDictionary()

    def __contains__(self, tensor: Tensor) -> bool:
        return tensor in self._views

    def add(self, tensor: Tensor, value: int | None, inputs: Iterable[Tensor] = ()) -> None:
        """Take in a new tensor.

        Args:
            tensor: The output of an operation.
            value: Id of its contents; None if they do not depend on the network's input.
            inputs: The tensors that the operation read, one of which may share its storage.
        """
        storage_key = _storage_key(tensor)
        for other in inputs:
            if storage_key is not None and _storage_key(other) == storage_key:
                storage = self._view_of(other).storage
                self._views[tensor] = _View(storage, value, storage.version)
                return
        constant = tensor if value is None else None
        self._views[tensor] = _View(_Storage(Geometry.of(tensor), value, constant), value, 0)

    def value_of(self, tensor: Tensor) -> int | None:
        """Return the value that ``tensor`` holds now; None if it does not depend on the network's input."""
        view = self._views.get(tensor)
        if view is None:
            return None
        storage = view.storage
        if view.version != storage.version:
            geometry = Geometry.of(tensor)
            if geometry == storage.geometry or storage.value is None:
                view.value = storage.value
            else:
                arguments = (Ref(storage.value), storage.geometry, geometry)
                (view.value,) = self._log.add("read", arguments, {}, [geometry.shape])
            view.version = storage.version
        return view.value

    def write(self, tensor: Tensor, value: int) -> None:
        """Give ``tensor`` new contents, as an in-place operation does, and with it the storage that it shares."""
        view = self._view_of(tensor)
        storage, geometry = view.storage, Geometry.of(tensor)
        if geometry == storage.geometry:
            storage.value = value
        else:
            before = Constant(storage.constant) if storage.constant is not None else Ref(storage.value or 0)
            arguments = (before, Ref(value), storage.geometry, geometry)
            (storage.value,) = self._log.add("write", arguments, {}, [storage.geometry.shape])
        storage.constant = None
        storage.version += 1
        view.value, view.version = value, storage.version

    def _view_of(self, tensor: Tensor) -> _View:
        """Return a tensor's view; a tensor that is new here is a constant."""
        view = self._views.get(tensor)
        if view is None:
            view = self._views[tensor] = _View(_Storage(Geometry.of(tensor), None, tensor), None, 0)
        return view


def _storage_key(tensor: Tensor) -> int | None:
    """Return what is the same for tensors that share a storage; None for a sparse one, say, which has none."""
    return int(tensor.untyped_storage()._cdata) if tensor.layout == torch.strided else None
