"""Find where a network's own code stops gradients or registers hooks that may change them.

``x - (x - x.relu()).detach()`` has the values of a ReLU and the gradient of the identity. What ``detach``, ``.data`` or
``no_grad`` return passes no gradient, and so does all that is computed from it alone.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from mkdocs_lurk.models.tracing.choices import COMPARISONS
from mkdocs_lurk.models.tracing.derived_values import tensors_in
from mkdocs_lurk.models.tracing.rectifier_calls import Call

_READ_NO_VALUES = frozenset(
    {"zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "expand_as", "view_as", "type_as"}
    | {"reshape_as", "convert", "new_zeros", "new_ones", "new_full", "new_empty", "new_tensor", "size", "get"}
)
"""Functions that take a tensor, or a second one, for its shape and type alone."""


class StoppedGradients:
    """What is known of stopped gradients in one forward pass that autograd records.

    Attributes:
        places: The functions in which a value without its gradient meets one that has it; one entry for each place.
        hooks: How many hooks on tensors the network registered.
    """

    def __init__(self) -> None:
        self.places: list[str] = []
        self.hooks = 0
        self._stopped: MutableMapping[Tensor, bool] = WeakTensorKeyDictionary()
        self._shared: MutableMapping[Tensor, bool] = WeakTensorKeyDictionary()

    def meet(self, call: Call, result: object) -> None:
        """Take note of a call that ran."""
        if call.name == "register_hook":
            self.hooks += 1
        arguments = list(tensors_in((call.args, list(call.kwargs.values()))))
        read = arguments[:1] if call.name in _READ_NO_VALUES else arguments
        recorded = any(tensor.requires_grad for tensor in read)
        stopped = any(tensor in self._stopped and not tensor.requires_grad for tensor in read)
        written = call.in_place and any(tensor in self._shared for tensor in arguments[:1])
        if (stopped and recorded) or written:
            self.places.append(call.name)
        if not (recorded or stopped) or call.name in COMPARISONS or call.name in _READ_NO_VALUES - {"convert"}:
            return
        for tensor in tensors_in(result):
            if not tensor.requires_grad and tensor.is_floating_point():
                self._stopped[tensor] = True
                if call.name == "copy" and recorded and tensor.data_ptr() == arguments[0].data_ptr():
                    self._shared[tensor] = True
