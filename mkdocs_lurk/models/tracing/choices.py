"""Find where a network chooses among values by comparing them, in a way that is none of the rectifiers known here.

What a comparison, a sign or a step function returns is a choice, and so is all that is computed from choices alone:
``(x > 0).float().view(-1) * 2``. Where a choice meets a value that was computed from the picture, the network uses an
activation, whatever functions it is written out of.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping

from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from mkdocs_lurk.models.tracing.compared_constants import ComparedConstants
from mkdocs_lurk.models.tracing.derived_values import tensors_in
from mkdocs_lurk.models.tracing.discrete_values import DiscreteValues
from mkdocs_lurk.models.tracing.outside_values import OutsideValues
from mkdocs_lurk.models.tracing.rectifier_calls import Call

COMPARISONS = frozenset({"gt", "ge", "lt", "le", "eq", "ne", "sign", "sgn", "signbit", "heaviside"})
_SHAPES = frozenset({"convert", "copy", "expand_as", "view_as", "reshape_as"})
"""Functions that take another tensor for its shape or type alone; what they return is made of the first one."""
_LOGICAL = frozenset({"logical_not", "logical_and", "logical_or", "logical_xor", "isnan", "isinf", "isfinite"})


class Choices:
    """What is known of choices in one forward pass.

    Args:
        outside: Told of every call, to find what is made outside PyTorch.

    Attributes:
        places: The functions in which choices meet values of the picture; one entry for each place.
    """

    def __init__(self, outside: OutsideValues) -> None:
        self.places: list[str] = []
        self._outside = outside
        self._choices: MutableMapping[Tensor, bool] = WeakTensorKeyDictionary()
        self._compared = ComparedConstants()
        self._discrete = DiscreteValues(outside)

    def meet(self, call: Call) -> None:
        """Take note of a call, before it runs, that amounts to no rectifier."""
        if self._outside.writes():
            self.places.append("memory shared with Python")
        compares_constants, has_discrete = self._compared.meet(call), self._discrete.meet(call)
        if call.name in COMPARISONS | _SHAPES | _LOGICAL:
            return
        has_discrete |= self._discrete.reads_at_places(call) and self._compared.joins_both
        has_choice = has_discrete or any(tensor in self._choices for tensor in _arguments(call))
        if compares_constants or (has_choice and next(self._values(call), None) is not None):
            self.places.append(call.name)

    def follow(self, call: Call, result: object) -> None:
        """Learn from what a call returned."""
        arguments, values = list(_arguments(call)), list(self._values(call))
        if call.name in _SHAPES:
            arguments = arguments[:1]
            values = [value for value in values if value is arguments[0]]
        has_choice = any(tensor in self._choices for tensor in arguments)
        compared = any(tensor.is_floating_point() for tensor in self._discrete.depends(arguments, call))
        is_choice = compared or has_choice if call.name in COMPARISONS else has_choice and not values
        written = call.args[:1] if call.name == "setitem" else result
        for tensor in tensors_in(written):
            if is_choice:
                self._choices[tensor] = True
            else:
                self._choices.pop(tensor, None)
        self._compared.follow(call, result)
        self._discrete.follow(call, result, arguments)

    def _values(self, call: Call) -> Iterator[Tensor]:
        """Yield the arguments that were computed from the picture and are no choices."""
        for tensor in _arguments(call):
            if tensor.is_floating_point() and not call.known.is_constant(tensor) and not self._is_choice(tensor):
                yield tensor

    def _is_choice(self, tensor: Tensor) -> bool:
        return tensor in self._choices or tensor in self._discrete


def _arguments(call: Call) -> Iterator[Tensor]:
    return tensors_in((call.args, list(call.kwargs.values())))
