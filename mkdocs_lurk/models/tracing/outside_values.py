"""Find what a network computes from the picture outside PyTorch: in NumPy, in lists, in another array library.

A tensor that is made of such values looks like a constant. Two passes of different pictures tell: what is made of the
picture differs. And what is written into the memory of a tensor leaves no trace but its contents.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from mkdocs_lurk.models.tracing.derived_values import tensors_in
from mkdocs_lurk.models.tracing.rectifier_calls import Call

_TO_PYTHON = frozenset({"numpy", "array", "tolist", "dlpack", "untyped_storage", "storage", "data_ptr"})
_FROM_PYTHON = frozenset({"tensor", "as_tensor", "asarray", "new_tensor", "array_wrap"})


class OutsideValues:
    """What is known of values outside PyTorch in one forward pass.

    Args:
        constants: The network's parameters and buffers.
        of_another: What was made outside PyTorch in the pass of another picture; None if there was none.

    Attributes:
        made: Copies of the tensors that were made outside PyTorch after values were handed out, in order.
    """

    def __init__(self, constants: Iterable[Tensor] = (), of_another: Sequence[Tensor] | None = None) -> None:
        self.made: list[Tensor] = []
        self._of_another = of_another
        self._sizes: set[int] = set()  # of what was handed out
        self._numbers = False  # whether single numbers were
        self._handed: list[tuple[Tensor, Tensor]] = []  # with a copy of its contents
        self._seen: MutableMapping[Tensor, bool] = WeakTensorKeyDictionary()
        for tensor in constants:
            self._seen[tensor] = True

    def writes(self) -> bool:
        """Return whether memory that was handed out has been written to since the last call of a torch function."""
        return self._refresh()

    def is_of_picture(self, tensor: Tensor) -> bool:
        """Return whether a tensor that a call reads was made outside PyTorch, from values of the picture."""
        after_all = self._sizes or (self._numbers and tensor.numel() > 1)
        if not after_all or tensor in self._seen or tensor.requires_grad:
            return False
        self._seen[tensor] = True
        self.made.append(tensor.detach().clone())
        if self._of_another is None:
            return tensor.numel() in self._sizes
        other = self._of_another[len(self.made) - 1 : len(self.made)]
        return not other or other[0].shape != tensor.shape or not torch.equal(other[0], tensor)

    def follow(self, call: Call, result: object, of_picture: Iterable[Tensor]) -> None:
        """Learn from what a call returned; ``of_picture`` are those of its arguments that depend on the picture."""
        of_picture = list(of_picture)
        self._numbers |= bool(of_picture) and isinstance(result, (bool, int, float))
        if call.name in _TO_PYTHON:
            for tensor in of_picture:
                self._sizes |= {tensor.numel()} - {1}
                if not tensor.is_meta and tensor.layout == torch.strided:
                    self._handed.append((tensor.detach(), tensor.detach().clone()))
        if call.name not in _FROM_PYTHON:
            for tensor in tensors_in(call.args[:1] if call.name == "setitem" else result):
                self._seen[tensor] = True
        self._refresh()

    def _refresh(self) -> bool:
        """Copy what was handed out anew where it changed; return whether it did."""
        changed = False
        for number, (tensor, before) in enumerate(self._handed):
            if not torch.equal(tensor, before):
                changed = True
                self._handed[number] = tensor, tensor.clone()
        return changed
